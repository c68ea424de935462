package rewrite

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/record"
)

// program is a prg: map: a child process that reads one key per line and answers
// each with one line. One request at a time uses it. If it does not answer in
// time it is killed. If it has ended, the next request starts it again, at most
// once a second.
type program struct {
	argv  []string
	owner string        // user[:group] to run as; "" for the server's
	turn  chan struct{} // holds one token; only its owner uses the fields below

	child   *child
	began   time.Time
	ended   bool
	started bool // start was called, because RewriteEngine is on
}

// child is a running program.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// answerTime limits the time for one answer, with the wait for other requests.
// restartPause is the minimum time between two starts.
const (
	answerTime   = 10 * time.Second
	restartPause = time.Second
)

func newProgram(argv []string, owner string) *program {
	p := &program{argv: argv, owner: owner, turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p
}

// start starts the child. httpd: if a program cannot be started, neither can the
// server.
func (p *program) start() error {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	p.started = true
	if p.child != nil {
		return nil
	}
	if err := p.launch(); err != nil {
		return fmt.Errorf("AH00654: mod_rewrite: could not start RewriteMap program %s: %w", p.argv[0], err)
	}
	return nil
}

// launch starts a child process. The caller must have the turn.
func (p *program) launch() error {
	cmd := exec.Command(p.argv[0], p.argv[1:]...) //nolint:gosec // the configuration names it
	cmd.Dir = filepath.Dir(p.argv[0])
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if p.owner != "" {
		cred, err := credential(p.owner)
		if err != nil {
			return err
		}
		cmd.SysProcAttr.Credential = cred
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.began = time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	p.child = &child{cmd, in, bufio.NewReader(out)}
	return nil
}

// credential looks up the user[:group] argument of RewriteMap.
func credential(owner string) (*syscall.Credential, error) {
	name, group, _ := strings.Cut(owner, ":")
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	gid := u.Gid
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return nil, err
		}
		gid = g.Gid
	}
	id, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	groupID, err := strconv.ParseUint(gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(id), Gid: uint32(groupID)}, nil
}

// stop kills the child. The caller must have the turn.
func (p *program) stop() {
	if p.child == nil {
		return
	}
	_ = p.child.in.Close()
	_ = p.child.cmd.Process.Kill()
	_ = p.child.cmd.Wait()
	p.child = nil
}

// close kills the child, which is not started again.
func (p *program) close() {
	<-p.turn
	p.ended = true
	p.stop()
	p.turn <- struct{}{}
}

var errPause = errors.New("it has just ended and is not started again yet")

// question is one key for a program.
type question struct {
	p   *program
	key string
}

// ask sends a key and returns the program's line. It blocks, so it must not run
// on a loop.
func ask(ctx context.Context, q question) (answer string, err error) {
	p := q.p
	select {
	case <-p.turn:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { p.turn <- struct{}{} }()
	switch {
	case p.ended || !p.started:
		return "", os.ErrClosed
	case p.child == nil && time.Since(p.began) < restartPause:
		return "", errPause
	case p.child == nil:
		if err := p.launch(); err != nil {
			return "", err
		}
	}
	c := p.child
	// A child that does not answer in time is killed, which ends the read.
	watch := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	defer watch()
	if _, err = io.WriteString(c.in, q.key+"\n"); err == nil {
		answer, err = c.out.ReadString('\n')
	}
	if err != nil {
		p.stop()
		return "", err
	}
	return strings.TrimSuffix(answer, "\n"), nil
}

// find implements mapping. httpd: lookup_map_program. A key with a line break
// would be two keys for the program, so it is not found.
func (p *program) find(u *run, name string, key []byte) ([]byte, bool) {
	if !p.started && u.x.Recorder != nil {
		u.x.Recorder.Record(record.Note{Text: "the program of RewriteMap " + name + " is not started: its value for \"" + string(key) + "\" is unknown"})
	}
	if !p.started || bytes.IndexByte(key, '\n') >= 0 {
		u.traceMissed(name, key)
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	answer, err := reactor.Await(ctx, u.x.Loop, reactor.Files, question{p, string(key)}, ask)
	if err != nil {
		u.x.Logf(logsink.Error, "rewrite", "", "RewriteMap program %s did not answer: %v", p.argv[0], err)
	}
	if err != nil || ascii.EqualFold(answer, "NULL") {
		u.traceMissed(name, key)
		return nil, false
	}
	u.traceFound(name, key, []byte(answer))
	return u.x.Arena.String(answer), true
}
