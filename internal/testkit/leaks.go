package testkit

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/headgate/headgate/internal/lock"
)

// Main runs the tests of a package for its TestMain and fails the run when goroutines or descriptors are left over.
func Main(m *testing.M, ignore ...goleak.Option) {
	checkLocks()
	warmUp()
	before := descriptors()
	code := m.Run()
	for _, f := range ends {
		f()
	}
	dropBuild()
	if code == 0 {
		if err := Leaks(before, ignore...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// ends are called by Main when all tests of the package are done.
var ends []func()

// AtEnd has f called when all tests of the package are done: for what they share. It is called by one test at a time.
func AtEnd(f func()) { ends = append(ends, f) }

// checkLocks turns the checks of locks on, in this process and in the servers that tests start, but not for benchmarks.
func checkLocks() {
	flag.Parse()
	if f := flag.Lookup("test.bench"); f == nil || f.Value.String() == "" {
		lock.Check()
		_ = os.Setenv("HEADGATE_CHECK_LOCKS", "1")
	}
}

// Leaks returns an error when goroutines of tests still run or descriptors are open that were not in before.
func Leaks(before map[string]string, ignore ...goleak.Option) error {
	if err := goleak.Find(ignore...); err != nil {
		return fmt.Errorf("leaked goroutines: %w", err)
	}
	var extra []string
	Poll(2*time.Second, func() bool {
		extra = extra[:0]
		for fd, target := range descriptors() {
			if was, ok := before[fd]; !ok || was != target {
				extra = append(extra, fd+" -> "+target)
			}
		}
		return len(extra) == 0
	})
	if len(extra) == 0 {
		return nil
	}
	sort.Strings(extra)
	return fmt.Errorf("leaked descriptors:\n\t%s", strings.Join(extra, "\n\t"))
}

// warmUp makes the runtime open its poller, which it opens once and keeps.
func warmUp() {
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = ln.Close()
	}
}

// descriptors lists the open files of this process; where /proc is absent the list is empty and nothing is checked.
func descriptors() map[string]string {
	open := map[string]string{}
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return open
	}
	self := fmt.Sprint(dir.Fd())
	names, _ := dir.Readdirnames(-1)
	_ = dir.Close()
	for _, fd := range names {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", fd))
		if err != nil || fd == self || strings.HasPrefix(target, "anon_inode:") || strings.HasPrefix(target, "/dev/") {
			continue
		}
		open[fd] = target
	}
	return open
}
