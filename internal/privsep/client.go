package privsep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/logsink"
	"golang.org/x/sys/unix"
)

// How long the helper may take: to open something, and to read a configuration,
// which may have names to look up.
const (
	openPatience   = 10 * time.Second
	reloadPatience = time.Minute
	finishPatience = 2 * time.Second
)

// ErrGone says that the helper has ended. It cannot be started again: the
// server is not root any more.
var ErrGone = errors.New("the privileged helper has ended; a stop and a start bring it back")

// RefusedError says that the helper refused to open something, and why.
type RefusedError struct {
	Name string
	Why  string
}

// Error returns the helper's words.
func (e *RefusedError) Error() string { return e.Why }

// Is makes it a lack of permission, like the error of the server's own attempt.
func (e *RefusedError) Is(target error) bool { return target == fs.ErrPermission }

// Client is the server's end. It is safe for concurrent use; requests are
// processed one after the other.
type Client struct {
	PID int // of the helper

	cmd   *exec.Cmd
	ended chan struct{} // closed when the helper has ended

	mu     lock.Mutex // guards what follows, and a request with its reply
	conn   *net.UnixConn
	buf    []byte
	seq    uint32
	stale  bool  // the configuration may have changed since items was made
	reread error // why reading it again failed
	items  map[item]uint32
	closed bool
}

// Start starts program as the helper and sends it setup. The caller is still
// root. exited, if not nil, is called when the helper ends before Close.
func Start(program string, setup Setup, exited func(how string)) (*Client, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	defer theirs.Close()
	conn, err := socketOf(ours)
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: program, Args: []string{"headgate: privileged helper"}, Dir: "/",
		Env:        append(os.Environ(), fmt.Sprintf("%s=%d", Env, helperFD)),
		ExtraFiles: []*os.File{theirs},
		// A terminal's signals are for the server.
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err = startConfined(cmd); err != nil {
		_ = conn.Close()
		return nil, err
	}
	c, err := newClient(conn, setup)
	if err != nil {
		_ = conn.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return nil, err
	}
	c.PID, c.cmd = cmd.Process.Pid, cmd
	go c.wait(exited)
	return c, nil
}

// newClient sends the setup.
func newClient(conn *net.UnixConn, setup Setup) (*Client, error) {
	for _, part := range setup.parts() {
		b, err := json.Marshal(part)
		switch {
		case err != nil:
			return nil, err
		case len(b) > maxMessage:
			return nil, errors.New("the command line is too long")
		}
		if err := send(conn, b, nil); err != nil {
			return nil, err
		}
	}
	c := &Client{ended: make(chan struct{}), conn: conn, buf: make([]byte, maxMessage), stale: true}
	c.know(itemsOf(Grant{Keys: setup.Keys}))
	return c, nil
}

// socketPair makes the pair; both ends are closed on exec.
func socketPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET, 0)
	if err != nil {
		return nil, nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	return os.NewFile(uintptr(fds[0]), "helper"), os.NewFile(uintptr(fds[1]), "server"), nil
}

func (c *Client) wait(exited func(how string)) {
	_ = c.cmd.Wait()
	close(c.ended)
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if !closed && exited != nil {
		exited(c.cmd.ProcessState.String())
	}
}

// Stale says that the configuration may have changed: before the next request
// the helper reads it again. A reload that needs nothing from the helper costs
// nothing.
func (c *Client) Stale() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale = true
}

// OpenLog opens a log file for appending. The error is a *RefusedError, the
// system's error, or ErrGone.
func (c *Client) OpenLog(path string) (*os.File, error) {
	files, err := c.open(item{kindLog, path}, request{Count: 1})
	if err != nil {
		return nil, err
	}
	closeFiles(files[1:])
	return files[0], nil
}

// OpenRotated opens the file of a rotation that begins at a time of the rule. The
// error is that of OpenLog.
func (c *Client) OpenRotated(rule *logsink.Rotation, at int64, number int, further bool) (*os.File, error) {
	r := request{At: at, Count: uint32(number)}
	if further {
		r.Count |= furtherLog
	}
	files, err := c.open(item{kindRotated, rule.Command()}, r)
	if err != nil {
		return nil, err
	}
	closeFiles(files[1:])
	return files[0], nil
}

// OpenKey opens a file of a certificate, a key or ticket keys for reading. The
// error is that of OpenLog.
func (c *Client) OpenKey(path string) (*os.File, error) {
	files, err := c.open(item{kindKey, path}, request{Count: 1})
	if err != nil {
		return nil, err
	}
	closeFiles(files[1:])
	return files[0], nil
}

// Listen opens n sockets for an address, or as many as the helper allows. The
// error is a *listen.BindError if the system refuses.
func (c *Client) Listen(a listen.Addr, n int) ([]*listen.Listener, error) {
	files, err := c.open(listenItem(a), request{Count: uint32(n)})
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return nil, listen.Failed(a, no)
	}
	if err != nil {
		return nil, fmt.Errorf("could not bind to address %s: %w", a, err)
	}
	var group []*listen.Listener
	for i, f := range files {
		l, err := listen.Adopt(a, f)
		if err != nil {
			closeFiles(files[i+1:])
			for _, l := range group {
				_ = l.Close()
			}
			return nil, err
		}
		group = append(group, l)
	}
	return group, nil
}

// Finish has the pid file removed.
func (c *Client) Finish() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _, err := c.ask(request{Op: opFinish}, finishPatience)
	return err
}

// Close ends the helper and waits for it, but not for long.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	_ = c.conn.Close()
	c.mu.Unlock()
	t := time.NewTimer(finishPatience)
	defer t.Stop()
	select {
	case <-c.ended:
	case <-t.C:
		// This process is not root and cannot kill it. It ends when it next
		// reads.
	}
}

// open has the helper open an item. Without an error it returns at least one
// file.
func (c *Client) open(want item, r request) ([]*os.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.items[want]
	// A key that is known is opened without reading the configuration: certificates
	// are renewed while somebody edits it, and are looked at all the time.
	if c.stale && (!ok || want.Kind != kindKey) {
		c.stale = false
		c.reread = c.reload()
		i, ok = c.items[want]
	}
	switch {
	case errors.Is(c.reread, ErrGone):
		return nil, ErrGone
	case !ok && c.reread != nil:
		return nil, &RefusedError{want.Name, fmt.Sprintf("the privileged helper could not read the configuration: %v", c.reread)}
	case !ok:
		return nil, &RefusedError{want.Name, "the privileged helper reads the configuration differently: it does not name " + want.Name}
	}
	r.Op, r.Item = opOpen, i
	_, files, err := c.ask(r, openPatience)
	if err == nil && len(files) == 0 {
		err = errors.New("the privileged helper sent no descriptor")
	}
	if err != nil {
		closeFiles(files)
		return nil, err
	}
	return files, nil
}

// reload has the helper read the configuration.
func (c *Client) reload() error {
	items, files, err := c.ask(request{Op: opReload}, reloadPatience)
	closeFiles(files)
	if err != nil {
		return err
	}
	c.know(items)
	return nil
}

// know notes the numbers of the helper's items.
func (c *Client) know(items []item) {
	c.items = make(map[item]uint32, len(items))
	for i, it := range items {
		c.items[it] = uint32(i)
	}
}

// ask sends a request and gathers the parts of its reply. The files belong to
// the caller. Late parts of an earlier reply are discarded.
func (c *Client) ask(r request, patience time.Duration) (items []item, files []*os.File, err error) {
	c.seq++
	r.Seq = c.seq
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	if err := send(c.conn, r.bytes(), nil); err != nil {
		return nil, nil, gone(err)
	}
	for {
		msg, more, err := receive(c.conn, c.buf)
		if err != nil {
			closeFiles(more)
			return nil, files, gone(err)
		}
		var p reply
		if err := json.Unmarshal(msg, &p); err != nil || p.Seq != r.Seq {
			closeFiles(more)
			if err != nil {
				return nil, files, err
			}
			continue
		}
		files, items = append(files, more...), append(items, p.Items...)
		switch {
		case p.Errno != 0:
			return nil, files, &fs.PathError{Op: "privileged helper", Path: p.Error, Err: syscall.Errno(p.Errno)}
		case p.Error != "":
			return nil, files, &RefusedError{Why: p.Error}
		case !p.More:
			return items, files, nil
		}
	}
}

// gone classifies an error of the connection.
func gone(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("the privileged helper did not answer in time")
	}
	return ErrGone
}
