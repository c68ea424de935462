package logsink

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// tree returns the files below a folder with their contents, one a line.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			list = append(list, name+": "+strings.ReplaceAll(read(t, path), "\n", ","))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, "\n")
}

// plainDir is a folder without a percent sign in its name, which t.TempDir may have.
func plainDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rotated")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// stepClock is a clock that a test sets.
type stepClock struct{ at atomic.Int64 }

func (c *stepClock) now() time.Time         { return time.Unix(0, c.at.Load()) }
func (c *stepClock) set(second float64)     { c.at.Store(int64((1796035100 + second) * 1e9)) }
func (c *stepClock) registry() *Registry    { return NewRegistry(Options{Loops: 1, Now: c.now}) }
func (s *rotatedSink) line(text string)     { _, _ = s.write([]byte(text + "\n")) }
func rotatedOf(a *Appender) *rotatedSink    { return a.sink.(*rotatedSink) }
func lines(s *rotatedSink, texts ...string) { s.line(strings.Join(texts, "\n")) }

func rotated(t *testing.T, c *stepClock, dir, args string) *rotatedSink {
	t.Helper()
	rule, err := ParseRotation("|rotatelogs "+args, dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := openRotated(rule, c.now, func(err error, format string, args ...any) {
		t.Logf("%v "+format, append([]any{err}, args...)...)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

func TestRotates(t *testing.T) {
	for _, row := range []struct {
		name, args string
		do         func(s *rotatedSink, c *stepClock)
		want       []string
	}{
		{"no line, no file", "x 5", func(*rotatedSink, *stepClock) {}, nil},
		{"-f", "-f x 5", func(*rotatedSink, *stepClock) {}, []string{"x.1796035100: "}},
		{"time", "x 5", func(s *rotatedSink, c *stepClock) {
			c.set(2)
			s.line("a")
			s.turn()
			c.set(5)
			s.line("b")
			s.turn()
			c.set(21)
			s.line("c")
		}, []string{"x.1796035100: a,", "x.1796035105: b,", "x.1796035120: c,"}},
		{"an interval without lines", "-c x 5", func(s *rotatedSink, c *stepClock) {
			s.line("a")
			c.set(5)
			s.turn()
			c.set(10)
			s.turn()
			s.line("b")
		}, []string{"x.1796035100: a,", "x.1796035105: ", "x.1796035110: b,"}},
		{"size, within a batch", "-n 3 x 5B", func(s *rotatedSink, _ *stepClock) {
			lines(s, "one", "two", "three", "four", "5", "6")
		}, []string{"x: 6,", "x.1: three,", "x.2: four,5,"}},
		{"size and time: the second file of an interval begins now", "x 60 5B", func(s *rotatedSink, c *stepClock) {
			lines(s, "one", "two")
			c.set(1)
			s.line("three")
		}, []string{"x.1796035080: one,two,", "x.1796035101: three,"}},
		{"a name that does not change", "x.%H 5B", func(s *rotatedSink, c *stepClock) {
			lines(s, "one", "two", "three")
			c.set(2)
			lines(s, "four", "five")
		}, []string{"x.10: one,two,three,four,five,"}},
		{"-t", "-t x 5", func(s *rotatedSink, c *stepClock) {
			s.line("one")
			s.turn()
			c.set(6)
			s.line("two")
		}, []string{"x: two,"}},
		{"-T", "-T x.%S 5", func(s *rotatedSink, c *stepClock) {
			s.line("one")
			s.turn()
			c.set(6)
			s.line("two")
			s.turn()
			c.set(60)
			s.line("three")
		}, []string{"x.20: three,", "x.25: two,"}},
		{"-D -L", "-D -L cur d/%Y/x 5", func(s *rotatedSink, _ *stepClock) { s.line("one") },
			[]string{"cur: one,", "d/2026/x: one,"}},
		{"-L moves on", "-L cur x 5", func(s *rotatedSink, c *stepClock) {
			s.line("one")
			s.turn()
			c.set(6)
			s.line("two")
		}, []string{"cur: two,", "x.1796035100: one,", "x.1796035105: two,"}},
		{"offset", "x 3600 -300", func(s *rotatedSink, _ *stepClock) { s.line("one") }, []string{"x.1796014800: one,"}},
		{"a line in two parts stays in one file", "x 5 3B", func(s *rotatedSink, c *stepClock) {
			s.line("one")
			s.inside = true // as after a write that failed
			s.turn()
			c.set(7)
			s.line("-rest")
			s.line("two")
		}, []string{"x.1796035100: one,-rest,", "x.1796035105: two,"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, c := plainDir(t), &stepClock{}
			c.set(0)
			row.do(rotated(t, c, dir, row.args), c)
			if got := tree(t, dir); row.want == nil && got != "" || len(row.want) > 0 && got != strings.Join(row.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, strings.Join(row.want, "\n"))
			}
		})
	}
}

// TestRotatedInTime: a line belongs to the file of the interval that it was logged
// in, although lines are written up to a second later.
func TestRotatedInTime(t *testing.T) {
	c := &stepClock{}
	c.set(4.99)
	dir := t.TempDir()
	r := c.registry()
	defer r.Close()
	dest := Place("|rotatelogs -c x 5", dir, true)
	a := access(t, r, dest)
	defer a.Release()
	a.line(0, "first")
	a.Flush()
	a.line(0, "late")
	c.set(5)
	testkit.Eventually(t, "the second file", func() bool {
		_, err := os.Stat(filepath.Join(dir, "x.1796035105"))
		return err == nil
	})
	a.line(0, "second")
	a.Flush()
	if got := tree(t, dir); got != "x.1796035100: first,late,\nx.1796035105: second," {
		t.Error(got)
	}
}

// TestRotationFails: lines go to the old file, which is said once, until the new
// one can be opened.
func TestRotationFails(t *testing.T) {
	dir, c := t.TempDir(), &stepClock{}
	c.set(0)
	r := c.registry()
	defer r.Close()
	var errors syncBuffer
	r.ReportTo(NewStartupLog(&errors))
	if err := os.Mkdir(dir+"/38", 0o755); err != nil {
		t.Fatal(err)
	}
	a := access(t, r, "|rotatelogs "+dir+"/%M/x 5")
	defer a.Release()
	a.line(0, "one")
	a.Flush()
	c.set(60)
	for i := range 5 {
		c.set(60 + float64(i)/10)
		a.order(op{do: func() error { rotatedOf(a).over = true; return nil }}, nil)
		a.line(0, "more")
		a.Flush()
	}
	if n := strings.Count(errors.String(), "could not open log file"); n != 1 || !strings.Contains(errors.String(), "No such file") {
		t.Errorf("said %d times:\n%s", n, errors.String())
	}
	if err := os.Mkdir(dir+"/39", 0o755); err != nil {
		t.Fatal(err)
	}
	c.set(62)
	a.line(0, "two")
	a.Flush()
	if got := tree(t, dir); got != "38/x: one,more,more,more,more,more,\n39/x: two," {
		t.Error(got)
	}
}

func TestRotationProgram(t *testing.T) {
	dir, c := t.TempDir(), &stepClock{}
	c.set(0)
	program := filepath.Join(dir, "prog")
	out := filepath.Join(dir, "out")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho $# $1 $2 >> "+out+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := rotated(t, c, dir, "-p "+program+" x 5")
	s.line("one")
	s.programs.Wait()
	s.turn()
	c.set(6)
	s.line("two")
	s.programs.Wait()
	x := filepath.Join(dir, "x")
	if got, want := read(t, out), fmt.Sprintf("1 %s.1796035100\n2 %s.1796035105 %s.1796035100\n", x, x, x); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLikeRotatelogs: rotatelogs itself, fed line by line, has the same files with
// the same contents.
func TestLikeRotatelogs(t *testing.T) {
	program, err := exec.LookPath("rotatelogs")
	if err != nil {
		testkit.SkipPeer(t, "no rotatelogs installed (apache2-utils)")
	}
	for _, args := range []string{
		"x 86400", "x 86400 60", "x 604800 -300", "x.%Y.%m 10M", "-l x.%Y-%m-%d.%z.%a 86400", "-t x 20B", "-t x 86400", "-n 3 x 20B",
		"-n 2 x 1K", "-n 3 -t x 20B", "-n 1 x 20B", "-D d/e/x.%Y 86400", "-L cur x 86400", "-D -L d/cur d/x 86400", "-f x 86400", "-T -n 2 x 18B",
		"-ftD d/x 86400", "-L cur -n 3 x 40B", "x.%b.%%.%j 86400 2G", "-e x 86400",
	} {
		t.Run(args, func(t *testing.T) {
			theirs, ours := plainDir(t), plainDir(t)
			for _, dir := range []string{theirs, ours} {
				for _, name := range []string{"x", "x.1"} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte("from before\n"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			want := feed(t, exec.Command(program, splitArgs(args)...), theirs)
			c := &stepClock{}
			c.at.Store(time.Now().UnixNano())
			s := rotated(t, c, ours, args)
			for i := range fed {
				s.line(fedLine(i))
			}
			if got := tree(t, ours); got != want {
				t.Errorf("got\n%s\nrotatelogs has\n%s", got, want)
			}
		})
	}
}

const fed = 7

func fedLine(i int) string { return fmt.Sprintf("line %d %s", i, strings.Repeat("x", i)) }

// feed runs a program in a folder, and writes a line when the one before is in a
// file.
func feed(t *testing.T, cmd *exec.Cmd, dir string) string {
	t.Helper()
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range fed {
		if _, err := in.Write([]byte(fedLine(i) + "\n")); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the line in a file", func() bool { return strings.Contains(tree(t, dir), fedLine(i)+",") })
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	return tree(t, dir)
}

// TestSameRotation: two ways to write a rule share one destination.
func TestSameRotation(t *testing.T) {
	r := registry(t, 1)
	dir := t.TempDir()
	names := map[string]bool{}
	for _, dest := range []string{"|rotatelogs -lf x 1K", "||/usr/sbin/rotatelogs -f -l " + dir + "/x 1024B", "|$rotatelogs -l -f ./x 1K"} {
		a := access(t, r, Place(dest, dir, true))
		names[a.Name()] = true
		defer a.Release()
	}
	if len(names) != 1 || len(r.open) != 1 {
		t.Error(slices.Collect(maps.Keys(names)))
	}
}
