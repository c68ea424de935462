package logsink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func registry(t *testing.T, loops int) *Registry {
	t.Helper()
	r := NewRegistry(Options{Loops: loops})
	t.Cleanup(r.Close)
	return r
}

func access(t *testing.T, r *Registry, path string) *Appender {
	t.Helper()
	a, err := r.Access(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Flush writes everything appended before the call and waits for it, however
// long that takes. It is not for a server that has to stop.
func (a *Appender) Flush() { _ = a.order(op{}, nil) }

// Flush flushes every destination.
func (r *Registry) Flush() {
	for _, a := range r.all() {
		a.Flush()
	}
}

func (a *Appender) line(loop int, s string) { a.Append(loop, []byte(s)) }

// Lines of many loops, and of several goroutines on one loop, arrive whole,
// each once, in order for each goroutine.
func TestLinesAreWhole(t *testing.T) {
	const loops, writers, each = 4, 8, 3000
	r := registry(t, loops)
	path := filepath.Join(t.TempDir(), "log")
	a := access(t, r, path)
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				a.line(w%loops, fmt.Sprintf("%d %d %s", w, i, strings.Repeat("x", i*7%300)))
				if i%100 == 0 {
					a.Flush() // never more than the queue holds, even on a slow disk
				}
			}
		})
	}
	wait.Wait()
	r.Flush()
	next := make([]int, writers)
	for _, l := range strings.Split(strings.TrimSuffix(read(t, path), "\n"), "\n") {
		var w, i int
		var x string
		_, _ = fmt.Sscanf(l, "%d %d %s", &w, &i, &x)
		if next[w] != i || len(x) != i*7%300 || strings.Trim(x, "x") != "" {
			t.Fatalf("writer %d: want line %d, got %q", w, next[w], l)
		}
		next[w]++
	}
	for w, n := range next {
		if n != each {
			t.Errorf("writer %d: %d lines of %d", w, n, each)
		}
	}
}

func TestFlushedEachSecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Options{Loops: 2})
		defer r.Close()
		a := access(t, r, path)
		a.line(0, "one")
		a.line(1, "two")
		synctest.Wait()
		if got := read(t, path); got != "" {
			t.Errorf("written at once: %q", got)
		}
		<-time.After(flushEvery)
		synctest.Wait()
		if got := read(t, path); got != "one\ntwo\n" {
			t.Errorf("after a second: %q", got)
		}
	})
}

func TestFullBatchIsHandedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Options{Loops: 1})
		defer r.Close()
		a := access(t, r, path)
		long := strings.Repeat("y", 5*batchSize)
		a.line(0, "short")
		a.line(0, long)
		synctest.Wait()
		if got := read(t, path); got != "short\n"+long+"\n" {
			t.Errorf("%d bytes written", len(got))
		}
		a.line(0, "after")
		a.Flush()
		if got := read(t, path); !strings.HasSuffix(got, "y\nafter\n") {
			t.Error("the line after a huge one is missing")
		}
	})
}

func TestAppendDoesNotAllocate(t *testing.T) {
	r := registry(t, 1)
	a := access(t, r, filepath.Join(t.TempDir(), "log"))
	line := bytes.Repeat([]byte("z"), 100)
	if n := testing.AllocsPerRun(2000, func() { a.Append(0, line) }); n != 0 {
		t.Errorf("%v allocations per line", n)
	}
}

// fakeSink fails as the test says.
type fakeSink struct {
	denied bool // reopening is not allowed
	mu     sync.Mutex
	got    []byte
	room   int // bytes that still fit
	block  chan struct{}
}

func (s *fakeSink) write(p []byte) (int, error) {
	if s.block != nil {
		<-s.block
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(p), s.room)
	s.got = append(s.got, p[:n]...)
	s.room -= n
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}
func (s *fakeSink) reopen() (bool, error) {
	if s.denied {
		return false, fs.ErrPermission
	}
	return false, nil
}
func (s *fakeSink) hurry()       {}
func (s *fakeSink) force()       {}
func (s *fakeSink) close() error { return nil }

// adopt makes the registry own an appender over s.
func adopt(r *Registry, name string, s sink) *Appender {
	a := newAppender(r, name, s)
	a.refs = 1
	r.mu.Lock()
	defer r.mu.Unlock()
	a.key = name
	r.open[name] = a
	return a
}

func TestFullDiskLosesWholeLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Options{Loops: 1})
		defer r.Close()
		var errors syncBuffer
		r.ReportTo(NewStartupLog(&errors))
		s := &fakeSink{room: 6}
		a := adopt(r, "/var/log/full", s)
		a.line(0, "one")
		a.line(0, "two") // cut after "tw"
		a.line(0, "three")
		a.Flush()
		a.line(0, "four")
		a.Flush()
		<-time.After(flushEvery + time.Millisecond)
		synctest.Wait()
		want := "(28)No space left on device: log lines lost: 2 of /var/log/full\n"
		if got := errors.String(); got != want {
			t.Errorf("reported %q", got)
		}
		errors.Reset()
		a.line(0, "five")
		a.Flush()
		<-time.After(reportEvery / 2)
		synctest.Wait()
		if errors.String() != "" {
			t.Errorf("reported again within the minute: %q", errors.String())
		}
		<-time.After(reportEvery)
		synctest.Wait()
		if !strings.Contains(errors.String(), "lost: 1 of") {
			t.Errorf("after the minute: %q", errors.String())
		}
		s.mu.Lock()
		s.room = 1000
		s.mu.Unlock()
		a.line(0, "six")
		a.Flush()
		if got := string(s.got); got != "one\ntwo\nsix\n" {
			t.Errorf("file has %q", got)
		}
	})
}

// fill appends n bytes in lines of a KiB and returns their number.
func fill(a *Appender, n int) int {
	line := strings.Repeat("l", 1023)
	for range n >> 10 {
		a.line(0, line)
	}
	return n >> 10
}

// A destination that stalls for a while loses no line as long as the queue has
// room; beyond that every lost line is counted. The memory is freed.
func TestStallLosesNothing(t *testing.T) {
	for _, row := range []struct {
		name string
		size int
		all  bool
	}{{"within", queueBytes - batchSize, true}, {"beyond", queueBytes + 4*batchSize, false}} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := NewRegistry(Options{Loops: 1})
				defer r.Close()
				s := &fakeSink{room: 1 << 30, block: make(chan struct{})}
				a := adopt(r, "slow", s)
				sent := fill(a, row.size)
				lost := a.lost.Load()
				if row.all != (lost == 0) {
					t.Errorf("%d of %d lines lost", lost, sent)
				}
				close(s.block)
				a.Flush()
				if got := bytes.Count(s.got, []byte{'\n'}); got+int(lost) != sent {
					t.Errorf("%d written and %d lost of %d lines", got, lost, sent)
				}
				if a.queue.bytes != 0 || r.waiting.Load() != 0 {
					t.Errorf("%d, %d bytes still count as waiting", a.queue.bytes, r.waiting.Load())
				}
				<-time.After(2*flushEvery + time.Millisecond)
				synctest.Wait()
				if n := len(r.spare); n > keptBatches {
					t.Errorf("%d batches kept", n)
				}
			})
		})
	}
}

// The total for all destinations is limited, and each has its minimum.
func TestWaitingIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Options{Loops: 1})
		block := make(chan struct{})
		for i := range sharedBytes/queueBytes + 2 {
			a := adopt(r, fmt.Sprint("slow", i), &fakeSink{room: 1 << 30, block: block})
			fill(a, queueBytes)
			if n := a.queue.bytes; n < queueLeast-2*batchSize {
				t.Errorf("destination %d has %d bytes waiting", i, n)
			}
		}
		if n := r.waiting.Load(); n > sharedBytes+2*queueLeast {
			t.Errorf("%d bytes wait", n)
		}
		close(block)
		r.Close()
		if n := r.waiting.Load(); n != 0 {
			t.Errorf("%d bytes still count as waiting", n)
		}
	})
}

func TestStuckDestinationNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Options{Loops: 1})
		var errors syncBuffer
		r.ReportTo(NewStartupLog(&errors))
		s := &fakeSink{room: 1 << 30, block: make(chan struct{})}
		a := adopt(r, "stuck", s)
		fill(a, queueBytes+4<<20)
		<-time.After(flushEvery + time.Millisecond)
		synctest.Wait()
		if !strings.Contains(errors.String(), "of stuck: the destination cannot keep up") {
			t.Errorf("reported %q", errors.String())
		}
		r.Close() // gives up after its grace
		close(s.block)
	})
}

// Stuck destinations, the error log among them, delay closing for a limited
// time, and only briefly after Force.
func TestCloseIsBounded(t *testing.T) {
	for _, force := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := NewRegistry(Options{Loops: 1})
			block := make(chan struct{})
			for i := range 3 {
				a := adopt(r, fmt.Sprint("stuck", i), &fakeSink{block: block})
				a.line(0, "one")
				r.ReportTo(NewErrorLog(a, nil))
			}
			began, limit := time.Now(), closeGrace+3*forceGrace
			closed := make(chan struct{})
			go func() { r.Close(); close(closed) }()
			synctest.Wait()
			if force {
				r.Force()
				limit = 3 * forceGrace
			}
			<-closed
			if d := time.Since(began); d > limit {
				t.Errorf("closed after %v", d)
			}
			close(block)
		})
	}
}

// A stuck file delays a reload for a limited time, also with several uses and
// files, and is opened again when it continues.
func TestReopenOfStuckFile(t *testing.T) {
	dir := t.TempDir()
	r := registry(t, 1)
	var stuck []string
	var readers []*os.File
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprint("fifo", i))
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0) // reads nothing
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fill(access(t, r, path), 1<<20)
		stuck, readers = append(stuck, path), append(readers, f)
	}
	r.slow.Store(true) // saves the test the wait for the first
	for range 20 {
		for _, path := range stuck {
			access(t, r, path)
		}
	}
	if err := r.Reopen(); err != nil {
		t.Error(err)
	}
	if !r.slow.Load() {
		t.Error("reopened a stuck file")
	}
	for i, path := range stuck {
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, readers[i]) }() // ends when the file is closed
	}
	for _, path := range stuck {
		testkit.Eventually(t, "a file in place of the one that was moved", func() bool {
			info, err := os.Stat(path)
			return err == nil && info.Mode().IsRegular()
		})
	}
}

// Closing the registry waits for released destinations that are still closing,
// and their losses are reported: the error log is closed last.
func TestCloseWaitsForReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(Options{Loops: 1})
		told := &fakeSink{room: 1 << 20}
		r.ReportTo(NewErrorLog(adopt(r, "error", told), nil))
		slow := &fakeSink{room: 1 << 20, block: make(chan struct{})}
		a := adopt(r, "slow", slow)
		a.line(0, "one")
		full := adopt(r, "full", &fakeSink{})
		full.line(0, "two")
		released, closed := make(chan struct{}), make(chan struct{})
		go func() { a.Release(); close(released) }()
		synctest.Wait()
		go func() { r.Close(); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed with lines of a released destination unwritten")
		default:
		}
		close(slow.block)
		<-closed
		<-released
		if got := string(slow.got); got != "one\n" {
			t.Errorf("written: %q", got)
		}
		if got := string(told.got); !strings.Contains(got, "log lines lost: 1 of full") {
			t.Errorf("told: %q", got)
		}
	})
}

func TestReopenAfterMove(t *testing.T) {
	r := registry(t, 2)
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	old := access(t, r, path)
	old.line(0, "before")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	fresh := access(t, r, path) // what a reload does
	if fresh != old {
		t.Error("two appenders for one file")
	}
	fresh.line(0, "after")
	old.Release() // the old snapshot retires
	fresh.line(1, "still open")
	fresh.Flush()
	if got := read(t, path+".1"); got != "before\n" {
		t.Errorf("moved file: %q", got)
	}
	if got := read(t, path); got != "after\nstill open\n" {
		t.Errorf("new file: %q", got)
	}
	if err := os.Rename(path, path+".2"); err != nil {
		t.Fatal(err)
	}
	if err := r.Reopen(); err != nil {
		t.Fatal(err)
	}
	fresh.line(0, "third")
	fresh.Release()
	if got := read(t, path); got != "third\n" {
		t.Errorf("after the last release: %q", got)
	}
	if len(r.all()) != 0 {
		t.Error("released but open")
	}
}

func TestReopenFailureKeepsOldFile(t *testing.T) {
	r := registry(t, 1)
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	a := access(t, r, filepath.Join(dir, "log"))
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Access(filepath.Join(dir, "log")); err == nil {
		t.Fatal("opened in a missing directory")
	}
	a.line(0, "kept")
	a.Flush()
	if got := read(t, filepath.Join(dir+"-gone", "log")); got != "kept\n" {
		t.Errorf("old file: %q", got)
	}
}

func TestReopenWithoutPermissionKeepsFile(t *testing.T) {
	r := registry(t, 1)
	f := &fakeSink{denied: true}
	a := adopt(r, "log", f)
	again, err := r.Access("log")
	if err != nil || again != a {
		t.Fatalf("got %v, %v: a log that is open stays open", again, err)
	}
	again.Release()
}

func TestOpenErrors(t *testing.T) {
	r := registry(t, 1)
	dir := t.TempDir()
	tests := []struct {
		open func(string) (*Appender, error)
		dest string
		want string
	}{
		{r.Access, dir + "/no/a.log", "(2)No such file or directory: AH02297: Cannot access directory '" + dir + "/no/' for log file '" + dir + "/no/a.log'"},
		{r.Error, dir + "/no/e.log", "(2)No such file or directory: AH02291: Cannot access directory '" + dir + "/no/' for error log '" + dir + "/no/e.log'"},
		{r.Access, dir, "(21)Is a directory: AH00649: could not open transfer log file " + dir},
		{r.Error, dir, "(21)Is a directory: AH00091: could not open error log file " + dir},
		{r.Access, "|/no/such arg", "(2)No such file or directory: AH00104: unable to start piped log program '/no/such arg'"},
		{r.Error, "|/no/such arg", "(2)No such file or directory: AH00089: Couldn't start ErrorLog process '/no/such arg'"},
		{r.Access, "|", "AH00104: unable to start piped log program '': no program named"},
	}
	for _, c := range tests {
		_, err := c.open(c.dest)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.dest, err, c.want)
		}
		var open *OpenError
		if !errors.As(err, &open) || open.Dest != c.dest {
			t.Errorf("%s: %T", c.dest, err)
		}
	}
	if len(r.all()) != 0 {
		t.Error("a failed destination is registered")
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		dest  string
		files bool
		want  string
	}{
		{"logs/a", true, "/root/logs/a"}, {"/x//y", false, "/x/y"}, {"|prog logs/a", true, "|prog logs/a"},
		{"syslog:local1", false, "syslog:local1"}, {"syslog:local1", true, "/root/syslog:local1"}, {"SYSLOG", false, "SYSLOG"},
	} {
		if got := Place(c.dest, "/root", c.files); got != c.want {
			t.Errorf("Place(%q) = %q, want %q", c.dest, got, c.want)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	r := NewRegistry(Options{Loops: 2})
	defer r.Close()
	a, err := r.Access("/dev/null")
	if err != nil {
		b.Fatal(err)
	}
	line := bytes.Repeat([]byte("z"), 120)
	b.ReportAllocs()
	for b.Loop() {
		a.Append(0, line)
	}
}
