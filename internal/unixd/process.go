package unixd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// procRoot is the folder of Linux's processes. Elsewhere it is absent, and
// unknown facts are assumed to be the safe ones.
const procRoot = "/proc"

// Process is a handle on a running process. On Linux it holds a pidfd, so that
// a signal never reaches another process that got the number later.
type Process struct {
	PID int
	p   *os.Process
}

// FindProcess returns a handle, os.ErrProcessDone if there is no such process.
func FindProcess(pid int) (*Process, error) {
	if pid <= 0 {
		return nil, os.ErrProcessDone // 0 and below are groups to kill(2)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return nil, err
	}
	h := &Process{PID: pid, p: p}
	if !h.Alive() {
		_ = p.Release()
		return nil, os.ErrProcessDone
	}
	return h, nil
}

// Release closes the handle.
func (h *Process) Release() { _ = h.p.Release() }

// Signal sends s.
func (h *Process) Signal(s syscall.Signal) error { return h.p.Signal(s) }

// Alive reports whether the process runs. A zombie does not.
func (h *Process) Alive() bool {
	if err := h.p.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	stat, err := os.ReadFile(filepath.Join(procRoot, strconv.Itoa(h.PID), "stat"))
	if err != nil {
		return true
	}
	after := string(stat[strings.LastIndexByte(string(stat), ')')+1:])
	return !strings.HasPrefix(strings.TrimSpace(after), "Z")
}

// Ours reports whether the process runs the same program as this one: by file
// name, so that it works across an upgrade. If that cannot be determined it
// returns true.
func (h *Process) Ours() bool {
	own, err := os.Executable()
	if err != nil {
		return true
	}
	exe, err := os.Readlink(filepath.Join(procRoot, strconv.Itoa(h.PID), "exe"))
	if err == nil {
		return programName(exe) == programName(own)
	}
	// Another user's exe is not readable, its name is. The kernel keeps 15
	// bytes of it.
	comm, err := os.ReadFile(filepath.Join(procRoot, strconv.Itoa(h.PID), "comm"))
	if err != nil {
		return true
	}
	name := programName(own)
	return strings.TrimSuffix(string(comm), "\n") == name[:min(len(name), 15)]
}

func programName(exe string) string {
	return filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
}

// Pause waits for d or the end of ctx. Tests replace it.
type Pause func(ctx context.Context, d time.Duration) error

// Sleep is the real Pause.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// maxPause is the longest time until the end of a process is noticed.
const maxPause = 100 * time.Millisecond

// Wait returns when the process has ended, or with ctx's error.
func (h *Process) Wait(ctx context.Context, pause Pause) error {
	for d := time.Millisecond; h.Alive(); d = min(2*d, maxPause) {
		if err := pause(ctx, d); err != nil {
			return fmt.Errorf("pid %d still runs: %w", h.PID, err)
		}
	}
	return nil
}
