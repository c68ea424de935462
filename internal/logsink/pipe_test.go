package logsink

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestPipeToShell(t *testing.T) {
	r := registry(t, 1)
	path := filepath.Join(t.TempDir(), "out")
	a := access(t, r, "|$cat > "+path)
	a.line(0, "through")
	a.line(0, "a shell")
	a.Release() // waits until the program has written and ended
	if got := read(t, path); got != "through\na shell\n" {
		t.Errorf("got %q", got)
	}
}

func TestPipeWithoutShell(t *testing.T) {
	for _, bars := range []string{"|", "||"} {
		r := registry(t, 1)
		path := filepath.Join(t.TempDir(), "out put")
		a := access(t, r, bars+"/bin/cp /dev/stdin '"+path+"'")
		a.line(0, "direct")
		a.Release()
		if got := read(t, path); got != "direct\n" {
			t.Errorf("got %q", got)
		}
	}
}

// A program that dies is started again and reads the input that its predecessor
// has not read.
func TestPipeIsRestarted(t *testing.T) {
	r := registry(t, 1)
	var errors syncBuffer
	r.ReportTo(NewStartupLog(&errors))
	dir := t.TempDir()
	out, pids := filepath.Join(dir, "out"), filepath.Join(dir, "pids")
	a := access(t, r, "|$sh -c 'echo $$ >> "+pids+"; while read l; do echo $l >> "+out+"; done'")
	a.line(0, "first")
	a.Flush()
	has := func(path, what string) func() bool {
		return func() bool {
			b, _ := os.ReadFile(path)
			return strings.Contains(string(b), what)
		}
	}
	testkit.Eventually(t, "first line", has(out, "first\n"))
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, pids)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "report of its death", func() bool {
		return strings.Contains(errors.String(), "AH00106: piped log program '$sh")
	})
	a.line(0, "second")
	a.Flush()
	testkit.Eventually(t, "second line", has(out, "second\n"))
}

// A program that reads nothing and ignores SIGTERM is ended by force.
func TestPipeIsForced(t *testing.T) {
	r := NewRegistry(Options{Loops: 1})
	pids := filepath.Join(t.TempDir(), "pids")
	a := access(t, r, "|$sh -c 'trap \"\" TERM; echo $$ > "+pids+"; exec sleep 60'")
	testkit.Eventually(t, "the program", func() bool {
		b, _ := os.ReadFile(pids)
		return bytes.HasSuffix(b, []byte{'\n'})
	})
	fill(a, 1<<20) // more than a pipe holds
	closed := make(chan struct{})
	go func() { r.Close(); close(closed) }()
	r.Force()
	<-closed
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, pids)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("the program still runs: %v", err)
	}
}

func TestSplitArgs(t *testing.T) {
	for line, want := range map[string][]string{
		"":                               nil,
		"  prog ":                        {"prog"},
		`/bin/rotatelogs -l "a b" 'c"d'`: {"/bin/rotatelogs", "-l", "a b", `c"d`},
		`a\ b c\\d e\f "x\"y" ''`:        {"a b", `c\d`, `e\f`, `x"y`, ""},
		`prog > file`:                    {"prog", ">", "file"},
		`"open`:                          {"open"},
		`end\`:                           {`end\`},
	} {
		if got := splitArgs(line); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func FuzzSplitArgs(f *testing.F) {
	f.Add(`a "b c" 'd' e\ f`)
	f.Fuzz(func(t *testing.T, line string) {
		n := 0
		for _, a := range splitArgs(line) {
			n += len(a)
		}
		if n > len(line) {
			t.Errorf("%d bytes from %d", n, len(line))
		}
	})
}

// syncBuffer lets a test read what another goroutine writes.
type syncBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
