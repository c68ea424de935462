//go:build linux

package proc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// Guarded makes a group whose processes end even if this process is killed: the guard, started with args, must call Guard.
// dir is removed at the end.
func Guarded(dir string, args ...string) (*Group, error) {
	g := &Group{}
	p, err := g.Start(Command{Args: append(args, dir), Talk: true, Err: os.Stderr})
	if err != nil {
		return nil, err
	}
	g.running, g.guard = nil, p
	return g, nil
}

// Guard reads from in the numbers of process groups that began, and as negative numbers those that ended, one per line. At
// the end of in it ends the remaining ones.
func Guard(in io.Reader, dir string) error {
	groups := map[int]bool{}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		pid, err := strconv.Atoi(lines.Text())
		switch {
		case err != nil:
			return fmt.Errorf("guard processes: %w", err)
		case pid > 1:
			groups[pid] = true
		default:
			delete(groups, -pid)
		}
	}
	for pid := range groups {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
	return os.RemoveAll(dir)
}
