package freshfile_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/freshfile"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// loop has a time that the test sets, and runs what is awaited at once.
type loop struct {
	reactor.Loop
	now     time.Time
	awaited int
	during  func() // called while a job is awaited
	err     error
}

func (l *loop) Now() time.Time { return l.now }

func (l *loop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	l.awaited++
	if f := l.during; f != nil {
		l.during = nil
		f()
	}
	if l.err != nil {
		return l.err
	}
	j.Do(ctx)
	return nil
}

func write(t *testing.T, name, text string, changed time.Time) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, changed, changed); err != nil {
		t.Fatal(err)
	}
}

func TestGet(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	parsed := 0
	f := freshfile.New(name, func(text string) string { parsed++; return text })
	l := &loop{now: time.Now()}
	old := time.Now().Add(-time.Hour)
	step := func(after time.Duration, want string, wantErr error, awaited, reads int) {
		t.Helper()
		l.now = l.now.Add(after)
		got, err := f.Get(l)
		if got != want || !errors.Is(err, wantErr) || l.awaited != awaited || parsed != reads {
			t.Errorf("%q, %v; looked %d times, read %d times", got, err, l.awaited, parsed)
		}
	}
	step(0, "", fs.ErrNotExist, 1, 0)
	write(t, name, "one", old)
	step(time.Millisecond, "", fs.ErrNotExist, 1, 0) // for as long as it is believed
	step(time.Second, "one", nil, 2, 1)
	step(time.Second, "one", nil, 3, 1)
	write(t, name, "two", old) // as before in time and size, but read again? it is not
	step(time.Second, "one", nil, 4, 1)
	write(t, name, "three", old)
	step(time.Second-1, "one", nil, 4, 1)
	step(1, "three", nil, 5, 2)
	write(t, name, "four", time.Now())
	step(time.Second, "four", nil, 6, 3)
	step(time.Second, "four", nil, 7, 4) // it may have been written twice at that time
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(time.Second)
	if _, err := f.Get(l); err == nil {
		t.Error("a folder is read")
	}
}

// Others get what is known while one looks; where nothing is known they look too.
func TestMeanwhile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	write(t, name, "one", time.Now().Add(-time.Hour))
	f := freshfile.New(name, func(text string) string { return text })
	l := &loop{now: time.Now()}
	l.during = func() {
		if got, err := f.Get(l); got != "one" || err != nil || l.awaited != 2 {
			t.Errorf("at first: %q, %v", got, err)
		}
	}
	if got, _ := f.Get(l); got != "one" {
		t.Errorf("%q", got)
	}
	write(t, name, "second", time.Now().Add(-time.Hour))
	l.now = l.now.Add(time.Second)
	l.during = func() {
		if got, err := f.Get(l); got != "one" || err != nil || l.awaited != 3 {
			t.Errorf("meanwhile: %q, %v", got, err)
		}
	}
	if got, _ := f.Get(l); got != "second" {
		t.Errorf("%q", got)
	}
	l.now, l.err = l.now.Add(time.Second), reactor.ErrBusy
	if _, err := f.Get(l); !errors.Is(err, reactor.ErrBusy) {
		t.Errorf("%v", err)
	}
	l.err = nil
	if got, err := f.Get(l); got != "second" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	l.now = l.now.Add(time.Millisecond)
	if n := testing.AllocsPerRun(100, func() { _, _ = f.Get(l) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
