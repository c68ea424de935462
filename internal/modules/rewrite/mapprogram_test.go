package rewrite

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

func started(t *testing.T, argv ...string) *program {
	t.Helper()
	p := newProgram(argv, "")
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func TestProgram(t *testing.T) {
	p := started(t, "/bin/cat")
	for _, key := range []string{"a", "", "b c"} {
		if got, err := ask(t.Context(), question{p, key}); got != key || err != nil {
			t.Errorf("%q: %q, %v", key, got, err)
		}
	}
	p.close()
	if _, err := ask(t.Context(), question{p, "x"}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestProgramHangs: a program that does not answer is killed, and the next request
// does not wait for it.
func TestProgramHangs(t *testing.T) {
	p := started(t, "/bin/sleep", "1000")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx, question{p, "x"}); err == nil {
		t.Error("an answer")
	}
	if p.child != nil {
		t.Error("it still runs")
	}
	p.began = time.Now()
	if _, err := ask(t.Context(), question{p, "x"}); !errors.Is(err, errPause) {
		t.Errorf("at once: %v", err)
	}
}

// TestProgramEnds: a program that has ended is started again.
func TestProgramEnds(t *testing.T) {
	p := started(t, "/usr/bin/head", "-n", "1")
	if got, err := ask(t.Context(), question{p, "one"}); got != "one" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	p.began = time.Time{}
	for range 2 { // the end may show in the write or in the read
		if got, err := ask(t.Context(), question{p, "two"}); err == nil {
			if got != "two" {
				t.Errorf("%q", got)
			}
			return
		}
		p.began = time.Time{}
	}
	t.Error("it was not started again")
}

func TestProgramMissing(t *testing.T) {
	if err := newProgram([]string{"/nonexistent/program"}, "").start(); err == nil {
		t.Error("started")
	}
}
