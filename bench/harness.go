//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/peers"
	"github.com/headgate/headgate/bench/proc"
)

// harness is shared by the tests: the installed peers, the cores, a folder, and every process that runs.
type harness struct {
	options
	group *proc.Group
	root  string // of the repository
	dir   string // removed at the end
	self  string // this program, for roles
	peers []*peers.Peer
	none  []string // peers that are not installed
	cores []int
}

func newHarness(ctx context.Context, o options) (*harness, error) {
	h := &harness{options: o}
	var err error
	if h.cores, err = proc.Cores(); err != nil {
		return nil, err
	}
	if h.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if h.root, err = findRoot(); err != nil {
		return nil, err
	}
	for _, tool := range []string{"taskset", "wrk"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%s is not installed (scripts/install-peers)", tool)
		}
	}
	if h.dir, err = os.MkdirTemp("", "headgate-bench-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if h.group, err = proc.Guarded(h.dir, h.self, "role", roleGuard); err != nil {
		_ = os.RemoveAll(h.dir)
		return nil, err
	}
	if err := errors.Join(os.Chmod(h.dir, 0o755), h.prepare(ctx)); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// prepare builds Headgate, looks for the peers and writes wrk's script.
func (h *harness) prepare(ctx context.Context) error {
	var err error
	if h.headgate == "" {
		h.headgate = filepath.Join(h.dir, "headgate")
		flags := "-s -w -X main.version=" + h.git("describe", "--always", "--dirty")
		c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", flags, "-o", h.headgate, "./cmd/headgate")
		c.Dir, c.Env = h.root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("build headgate: %w\n%s", err, out)
		}
	}
	if h.headgate, err = filepath.Abs(h.headgate); err != nil {
		return err
	}
	all := peers.Find(h.headgate, h.engine)
	for name := range strings.SplitSeq(h.options.peers, ",") {
		if name != "" && !strings.Contains(","+peers.Names(all)+",", ","+name+",") {
			return fmt.Errorf("no peer %q; there are: %s", name, peers.Names(all))
		}
	}
	for _, p := range all {
		switch {
		case h.options.peers != "" && !strings.Contains(","+h.options.peers+",", ","+p.Name+","):
		case p.Program == "":
			h.none = append(h.none, p.Name)
		default:
			h.peers = append(h.peers, p)
		}
	}
	script, err := conf.Script()
	if err != nil {
		return err
	}
	return os.WriteFile(h.script(), script, 0o644)
}

// atMost limits the rounds of tests with steady figures; a quick run has one.
func (h *harness) atMost(rounds int) int {
	if h.quick {
		return 1
	}
	return min(h.rounds, rounds)
}

func (h *harness) script() string { return filepath.Join(h.dir, "wrk.lua") }

func (h *harness) close() {
	h.group.Close()
	_ = os.RemoveAll(h.dir)
}

// findRoot looks for go.mod upwards.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find the repository: no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", fmt.Errorf("find the repository: %w", err)
}

// resultDir returns the folder for the results; those of some of the tests, or of a quick run, are not committed.
func (h *harness) resultDir(all bool) string {
	if h.out != "" {
		return h.out
	}
	dir := filepath.Join("bench", "results")
	if h.quick || !all || h.options.peers != "" {
		dir = filepath.Join(dir, "tmp")
	}
	return filepath.Join(h.root, dir)
}

// shared is the one core for everything.
func (h *harness) shared() []int { return h.cores[:1] }

// talk starts a role of this program that takes commands, and returns its first line.
func (h *harness) talk(ctx context.Context, cpus []int, args ...string) (*proc.Process, string, error) {
	p, err := h.group.Start(proc.Command{
		Args: append([]string{h.self, "role"}, args...), CPUs: cpus, Talk: true, Err: os.Stderr,
	})
	if err != nil {
		return nil, "", err
	}
	line, err := p.Hear(ctx)
	return p, line, err
}

// backend starts the backend, with one loop for each of cpus.
func (h *harness) backend(ctx context.Context, cpus []int) (*proc.Process, string, error) {
	return h.talk(ctx, cpus, load.RoleBackend, strconv.Itoa(len(cpus)))
}

// backends starts a backend that plays many: it is at the port of the address it returns on all of 127.0.0.0/8.
func (h *harness) backends(ctx context.Context, cpus []int) (*proc.Process, string, error) {
	return h.talk(ctx, cpus, load.RoleBackends, strconv.Itoa(len(cpus)))
}

// outcome is the result of a load.
type outcome struct {
	requests, errors, bytes int64
	seconds                 float64
}

// wrk is a closed loop: each connection sends a request as soon as it has the response to the last one.
type wrk struct {
	cpus    []int
	conns   int
	depth   int // requests in one write
	close   bool
	tls     bool
	targets string // file with a Host and a path in every line
	time    time.Duration
}

func (h *harness) wrk(ctx context.Context, addr string, w wrk) (outcome, error) {
	mode := "keep"
	if w.close {
		mode = "close"
	}
	scheme := "http"
	if w.tls {
		scheme = "https"
	}
	args := []string{
		"wrk", "-t", strconv.Itoa(len(w.cpus)), "-c", strconv.Itoa(w.conns), "-d", fmt.Sprintf("%ds", int(w.time.Seconds())),
		"-s", h.script(), scheme + "://" + addr + "/", "--", strconv.Itoa(w.depth), mode, w.targets,
	}
	out, err := h.group.Run(ctx, proc.Command{Args: args, CPUs: w.cpus, Err: os.Stderr})
	if err != nil {
		return outcome{}, err
	}
	var said struct{ Requests, Microseconds, Bytes, Errors int64 }
	if err := json.Unmarshal([]byte(out[max(0, strings.LastIndexByte(out, '{')):]), &said); err != nil {
		return outcome{}, fmt.Errorf("read the output of wrk: %w", err)
	}
	return outcome{said.Requests, said.Errors, said.Bytes, float64(said.Microseconds) / 1e6}, nil
}

// bodies plays clients with bodies.
func (h *harness) bodies(ctx context.Context, cpus []int, addr string, b load.Bodies) (outcome, error) {
	job, err := json.Marshal(load.BodiesJob{Addr: addr, Bodies: b})
	if err != nil {
		return outcome{}, err
	}
	return h.moved(ctx, cpus, load.RoleBodies, string(job))
}

// moved runs a role that writes a line of load.Moved at its end.
func (h *harness) moved(ctx context.Context, cpus []int, role, job string) (outcome, error) {
	args := []string{h.self, "role", role, job}
	out, err := h.group.Run(ctx, proc.Command{Args: args, CPUs: cpus, Err: os.Stderr})
	if err != nil {
		return outcome{}, err
	}
	var m load.Moved
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		return outcome{}, fmt.Errorf("read the output of the clients: %w", err)
	}
	return outcome{m.Requests, m.Errors, m.Bytes, m.Seconds}, nil
}

// targets writes a file of targets for wrk.
func (h *harness) targets(name string, servers []conf.Server) (string, error) {
	var b strings.Builder
	for _, s := range servers {
		for _, p := range s.Paths {
			fmt.Fprintf(&b, "%s %ssmall\n", s.Name, p)
		}
	}
	path := filepath.Join(h.dir, name)
	return path, os.WriteFile(path, []byte(b.String()), 0o644)
}
