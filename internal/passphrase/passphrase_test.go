package passphrase

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/certfile"
)

// program writes a shell script.
func program(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// opens is a key that some phrases fit.
func opens(right ...string) func([]byte) error {
	return func(phrase []byte) error {
		for _, r := range right {
			if string(phrase) == r {
				return nil
			}
		}
		return certfile.ErrPhrase
	}
}

func TestExec(t *testing.T) {
	for _, row := range []struct{ name, text, right, says string }{
		{"arguments", `echo "$#,$1,$2"`, "2,a.test:443,RSA", ""},
		{"empty environment", `echo "<$SECRET>"`, "<>", ""},
		{"first line", "echo one; echo two", "one", ""},
		{"no end of line", "printf one", "one", ""},
		{"end of line of Windows", `printf 'one\r\n'`, "one", ""},
		{"exit status", "echo one; exit 3", "one", ""},
		{"spaces", "echo ' one '", " one ", ""},
		{"runs on", "echo one; exec sleep 60", "one", ""},
		{"leaves a child", "sleep 60 & echo one", "one", ""},
		{"wrong", "echo two", "one", "AH02580: Init: Pass phrase incorrect for key a.test:443:0 (from "},
		{"nothing", "exit 0", "one", "wrote no pass phrase for key a.test:443:0"},
		{"nothing and a status", "echo secret >&2; exit 7", "one", "wrote no pass phrase for key a.test:443:0: exit status 7"},
		{"hangs", "printf sec; exec sleep 60", "one", "within 300ms"},
		{"endless", "exec cat /dev/zero", "one", "a line of more than 1024 bytes"},
		{"long", "exec head -c 5000 /dev/zero", "one", "a line of more than 1024 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := NewDialog(new(Ring), Source{Kind: Exec, Program: program(t, row.text)})
			if row.says == "within 300ms" || row.name == "endless" {
				d.patience = 300 * time.Millisecond
			}
			err := d.For(Key{Server: "a.test:443"})("/x.key", opens(row.right))
			if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, want %q", err, row.says)
			}
			if err != nil && strings.Contains(err.Error(), "sec") {
				t.Errorf("the error has what the program wrote: %v", err)
			}
		})
	}
	d := NewDialog(new(Ring), Source{Kind: Exec, Program: "/no/such/program"})
	if err := d.For(Key{})("", opens("x")); err == nil || !strings.Contains(err.Error(), "cannot be run") {
		t.Error(err)
	}
}

// TestKnown: a phrase that fitted is tried before anybody is asked, and after the start
// by itself.
func TestKnown(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	ring := new(Ring)
	d := NewDialog(ring, Source{Kind: Exec, Program: program(t, "echo \"$1 $2\" >> "+log+"; echo \"$2\"")})
	for i, right := range []string{"RSA", "RSA", "ECC", "3"} {
		if err := d.For(Key{Server: "s", Index: i})("", opens(right)); err != nil {
			t.Error(i, err)
		}
	}
	if text, _ := os.ReadFile(log); string(text) != "s RSA\ns ECC\ns 3\n" {
		t.Errorf("%q", text)
	}
	if err := ring.Unlock("", opens("3")); err != nil {
		t.Error(err)
	}
	if err := ring.Unlock("", opens("other")); !errors.Is(err, errForgotten) {
		t.Error(err)
	}
	damaged := errors.New("damaged")
	if err := d.For(Key{})("", func([]byte) error { return damaged }); !errors.Is(err, damaged) {
		t.Error(err)
	}
}

func TestPipe(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	d := NewDialog(new(Ring), Source{Kind: Pipe, Program: program(t, "while read -r l; do echo \"$l\" >> "+log+`; case $l in Enter*) n=$((n+1)); echo "$n";; esac; done`)})
	for i, right := range []string{"1", "1", "3"} {
		if err := d.For(Key{Server: "s:443", Index: i})("/k", opens(right)); err != nil {
			t.Error(i, err)
		}
	}
	if err := d.For(Key{Server: "s:443", Index: 4})("/k", opens("none")); err == nil || !strings.Contains(err.Error(), "incorrect for key s:443:4") {
		t.Error(err)
	}
	d.Close()
	text, _ := os.ReadFile(log)
	if n := strings.Count(string(text), "Enter pass phrase:"); n != 8 || strings.Count(string(text), "Pass Phrase Dialog") != 1 || strings.Count(string(text), "Private key s:443:2 (/k)") != 1 {
		t.Errorf("%d questions:\n%s", n, text)
	}
	for says, text := range map[string]string{
		"wrote no pass phrase for key s:0": "exit 0", "within 300ms": "exec sleep 60", "more than 1024 bytes": "exec tr '\\0' x < /dev/zero",
	} {
		d := NewDialog(new(Ring), Source{Kind: Pipe, Program: program(t, text)})
		d.patience = 300 * time.Millisecond
		if err := d.For(Key{Server: "s"})("/k", opens("x")); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
		d.Close()
	}
}

// screen is a terminal at which somebody types lines.
type screen struct {
	bytes.Buffer
	lines []string
}

func (s *screen) Close() error { return nil }

func (s *screen) read(prompt string) ([]byte, error) {
	s.WriteString(prompt)
	if len(s.lines) == 0 {
		return nil, io.EOF
	}
	line := s.lines[0]
	s.lines = s.lines[1:]
	return []byte(line), nil
}

func TestTerminal(t *testing.T) {
	s := &screen{lines: []string{"no", "one", "two"}}
	ring := new(Ring)
	d := NewDialog(ring, Source{})
	d.terminal = func() (terminal, error) { return s, nil }
	for i, right := range []string{"one", "one", "two"} {
		if err := d.For(Key{Server: "s:443", Index: i})("/k", opens(right)); err != nil {
			t.Error(i, err)
		}
	}
	if err := d.For(Key{Server: "s:443", Index: 3})("/k", opens("x")); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	s.lines = []string{"1", "2", "3", "4", "5", "6"}
	if err := d.For(Key{Server: "s:443", Index: 3})("/k", opens("6")); !errors.Is(err, certfile.ErrPhrase) {
		t.Error(err)
	}
	if strings.Count(s.String(), "Pass Phrase Dialog") != 1 || strings.Count(s.String(), "once more") != 5 {
		t.Error(s.String())
	}
	ring.Serving()
	if err := d.For(Key{})("/k", opens("x")); !errors.Is(err, errServing) {
		t.Error(err)
	}
	d = NewDialog(new(Ring), Source{})
	d.terminal = func() (terminal, error) { return nil, errNoTerminal }
	if err := d.For(Key{})("/k", opens("x")); !errors.Is(err, errNoTerminal) {
		t.Error(err)
	}
}
