//go:build linux

package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command is a program to start.
type Command struct {
	Args []string
	Env  []string // added to our own
	CPUs []int    // the cores it may run on; none: all
	// Out gets its standard output, Err its standard error. With Talk, Say writes to it and Hear reads from it instead.
	Out, Err *os.File
	Talk     bool
}

// Process is a started program, the head of a new process group.
type Process struct {
	PID int

	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	from io.Closer     // what out reads
	done chan struct{} // closed when it has ended

	guard *Process // is told when it begins and ends; nil for the guard itself
	told  sync.Once
}

// Group owns processes and ends them.
type Group struct {
	mu      sync.Mutex
	running []*Process
	guard   *Process
}

// Start starts c.
func (g *Group) Start(c Command) (*Process, error) {
	args := c.Args
	if len(c.CPUs) > 0 {
		args = append([]string{"taskset", "-c", List(c.CPUs)}, args...)
	}
	p := &Process{name: c.Args[0], done: make(chan struct{})}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.Out != nil { // a nil *os.File in an interface would not be nil
		p.cmd.Stdout = c.Out
	}
	if c.Err != nil {
		p.cmd.Stderr = c.Err
	}
	if c.Talk {
		if err := p.talk(); err != nil {
			return nil, fmt.Errorf("start %s: %w", p.name, err)
		}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	p.PID = p.cmd.Process.Pid
	go func() {
		_, _ = p.cmd.Process.Wait()
		close(p.done)
	}()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running = append(g.running, p)
	if p.guard = g.guard; p.guard == nil {
		return p, nil
	}
	return p, p.guard.Say(strconv.Itoa(p.PID))
}

func (p *Process) talk() error {
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.in, p.out, p.from = in, bufio.NewReader(out), out
	return nil
}

// Say writes one line to the process.
func (p *Process) Say(line string) error {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		return fmt.Errorf("tell %s: %w", p.name, err)
	}
	return nil
}

// Hear returns the next line that the process writes. If ctx ends first, the process is ended.
func (p *Process) Hear(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	line, err := p.out.ReadString('\n')
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("hear %s: %w", p.name, err)
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// Exited reports whether the process has ended.
func (p *Process) Exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stop ends the process and its descendants: by SIGTERM at first, so that it can clean up.
func (p *Process) Stop() {
	_ = syscall.Kill(-p.PID, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(time.Second):
	}
	p.kill() // the rest of the group
	<-p.done
	if p.in != nil {
		_ = p.in.Close()
		_ = p.from.Close()
	}
	if p.guard != nil {
		p.told.Do(func() { _ = p.guard.Say(strconv.Itoa(-p.PID)) })
	}
}

func (p *Process) kill() { _ = syscall.Kill(-p.PID, syscall.SIGKILL) }

// Close ends all processes that were started, the guard last.
func (g *Group) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.running {
		_ = syscall.Kill(-p.PID, syscall.SIGTERM)
	}
	for _, p := range g.running {
		p.Stop()
	}
	g.running = nil
	if g.guard != nil {
		g.guard.Stop()
	}
}

// Run runs c to its end and returns its standard output.
func (g *Group) Run(ctx context.Context, c Command) (string, error) {
	c.Talk = true
	p, err := g.Start(c)
	if err != nil {
		return "", err
	}
	defer g.forget(p)
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	out, err := io.ReadAll(p.out)
	<-p.done
	if err := errors.Join(ctx.Err(), err); err != nil {
		return "", fmt.Errorf("run %s: %w", p.name, err)
	}
	return string(out), nil
}

func (g *Group) forget(p *Process) {
	p.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, q := range g.running {
		if p == q {
			g.running = append(g.running[:i], g.running[i+1:]...)
			return
		}
	}
}

// List writes cores as taskset wants them.
func List(cpus []int) string {
	words := make([]string, len(cpus))
	for i, c := range cpus {
		words[i] = strconv.Itoa(c)
	}
	return strings.Join(words, ",")
}
