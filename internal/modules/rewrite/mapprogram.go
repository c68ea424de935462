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

// program is a prg: map: a child that reads a key on each line and answers with
// a line. It is asked by one request at a time. One that does not answer in time,
// or has ended, is started again by the next request, at most once a second.
type program struct {
	argv  []string
	owner string        // user[:group], "" ours
	turn  chan struct{} // holds one token: who has it may use what follows

	child   *child
	began   time.Time
	ended   bool
	started bool // start was called: the engine is on
}

// child is a running program.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// answerTime is how long a program may take for an answer; restartPause is the
// least time between two starts of one that ends.
const (
	answerTime   = 10 * time.Second
	restartPause = time.Second
)

func newProgram(argv []string, owner string) *program {
	p := &program{argv: argv, owner: owner, turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p
}

// start runs the child. httpd: a program that cannot be started stops the start
// of the server.
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

// launch makes a child. The caller has the turn.
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

// credential reads user[:group] of RewriteMap.
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

// stop ends the child. The caller has the turn.
func (p *program) stop() {
	if p.child == nil {
		return
	}
	_ = p.child.in.Close()
	_ = p.child.cmd.Process.Kill()
	_ = p.child.cmd.Wait()
	p.child = nil
}

// close ends the child for good.
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

// ask sends a key and returns the line that comes back. It runs off the loop.
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
	// A child that says nothing in time is killed, which ends the reading.
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

// find implements mapping. httpd: lookup_map_program; a key with a line break
// would be two questions.
func (p *program) find(u *run, name string, key []byte) ([]byte, bool) {
	if !p.started && u.x.Recorder != nil {
		u.x.Recorder.Record(record.Note{Text: "the program of RewriteMap " + name + " is not started: what it has for \"" + string(key) + "\" is not known"})
	}
	if !p.started || bytes.IndexByte(key, '\n') >= 0 {
		u.traceMissed(name, key)
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	answer, err := reactor.Await(ctx, u.x.Loop, reactor.Files, question{p, string(key)}, ask)
	if err != nil {
		u.x.Logf(logsink.Error, "rewrite", "", "RewriteMap program %s gave no answer: %v", p.argv[0], err)
	}
	if err != nil || ascii.EqualFold(answer, "NULL") {
		u.traceMissed(name, key)
		return nil, false
	}
	u.traceFound(name, key, []byte(answer))
	return u.x.Arena.String(answer), true
}
