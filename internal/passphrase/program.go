package passphrase

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// argument is httpd's second argument of a program: an old name for the first three
// keys of a server, whatever they are, and the number of further ones.
func (k Key) argument() string {
	if old := [...]string{"RSA", "DSA", "ECC"}; k.Index < len(old) {
		return old[k.Index]
	}
	return strconv.Itoa(k.Index)
}

// run runs the program for a key. As in httpd its environment is empty, its first line
// is the phrase, and how it exits is of no interest if it wrote one.
func (d *Dialog) run(key Key, _ bool) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.patience)
	defer cancel()
	out := &firstLine{whole: func() { time.AfterFunc(exitPatience, cancel) }}
	cmd := exec.CommandContext(ctx, d.source.Program, key.Server, key.argument())
	cmd.Env, cmd.Stdout, cmd.WaitDelay = []string{}, out, exitPatience
	err := cmd.Run()
	switch {
	case len(out.line) > mostPhrase:
		return nil, fmt.Errorf("%s wrote a line of more than %d bytes for key %s", d.source.Program, mostPhrase, key.ID())
	case out.ended || len(out.line) > 0 && err == nil:
		return out.line, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s wrote no pass phrase for key %s within %v", d.source.Program, key.ID(), d.patience)
	case cmd.ProcessState == nil:
		return nil, fmt.Errorf("the program for pass phrases cannot be run: %w", err)
	case err != nil && len(out.line) == 0:
		return nil, fmt.Errorf("%s wrote no pass phrase for key %s: %w", d.source.Program, key.ID(), err)
	case len(out.line) == 0:
		return nil, fmt.Errorf("%s wrote no pass phrase for key %s", d.source.Program, key.ID())
	}
	return out.line, nil
}

// firstLine keeps the first line of what is written to it, without its end.
type firstLine struct {
	line  []byte
	ended bool
	whole func() // called at its end
}

// Write implements io.Writer.
func (w *firstLine) Write(b []byte) (int, error) {
	if w.ended || len(w.line) > mostPhrase {
		return len(b), nil
	}
	part := b
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		part, w.ended = b[:i], true
	}
	w.line = append(w.line, part[:min(len(part), mostPhrase+1)]...)
	if w.ended {
		w.whole()
	}
	return len(b), nil
}

// pipe is a program that is asked by its input.
type pipe struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *os.File
	text *bufio.Reader
}

// say asks the program for the phrase of a key, in httpd's words.
func (d *Dialog) say(key Key, first bool) ([]byte, error) {
	p := d.pipe
	var question bytes.Buffer
	if p == nil {
		var err error
		if p, err = startPipe(d.source.Program); err != nil {
			return nil, fmt.Errorf("the program for pass phrases cannot be run: %w", err)
		}
		d.pipe = p
		question.WriteString(explanation)
	}
	writeQuestion(&question, key, first)
	_ = p.out.SetReadDeadline(time.Now().Add(d.patience))
	go func() { _, _ = p.in.Write(append(question.Bytes(), '\n')) }() // a program that does not read must not stop the start; close ends it
	line, err := p.text.ReadSlice('\n')
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("%s wrote no pass phrase for key %s within %v", d.source.Program, key.ID(), d.patience)
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("%s wrote a line of more than %d bytes for key %s", d.source.Program, mostPhrase, key.ID())
	case err != nil && len(line) == 0:
		return nil, fmt.Errorf("%s wrote no pass phrase for key %s: %w", d.source.Program, key.ID(), err)
	}
	return bytes.Clone(bytes.TrimRight(line, "\r\n")), nil
}

func startPipe(program string) (*pipe, error) {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, w, err := os.Pipe()
	if err != nil {
		_, _ = theirs.Close(), ours.Close()
		return nil, err
	}
	cmd := exec.Command(program)
	cmd.Env, cmd.Stdin, cmd.Stdout = []string{}, theirs, w
	err = cmd.Start()
	_, _ = theirs.Close(), w.Close()
	if err != nil {
		_, _ = ours.Close(), out.Close()
		return nil, err
	}
	return &pipe{cmd: cmd, in: ours, out: out, text: bufio.NewReaderSize(out, mostPhrase+2)}, nil
}

// close ends the program's input, and the program if it runs on.
func (p *pipe) close() {
	_ = p.in.Close()
	kill := time.AfterFunc(exitPatience, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait() // how it ends is of no interest
	kill.Stop()
	_ = p.out.Close()
}
