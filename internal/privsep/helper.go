package privsep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"

	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/unixd"
	"golang.org/x/sys/unix"
)

// Grant lists what a configuration allows to be opened.
type Grant struct {
	Logs    []string // absolute paths of log files
	Rotated []string // the commands of rotations
	Keys    []string // absolute paths of files that are read: certificates, keys, ticket keys
	Listen  []listen.Addr
	Socket  listen.Options // of the listening sockets
}

// Judge reads and checks a configuration. It is called by one goroutine.
type Judge func(Config) (Grant, error)

// helper is the state of the privileged process.
type helper struct {
	conn  *net.UnixConn
	setup Setup
	judge Judge

	grant Grant
	items []item // of the grant, as itemsOf makes them
}

// Serve runs the helper: it processes the requests of the server that started it
// until that has ended, and then removes the server's pid file. Signals do not
// end it. fd is the value of Env.
func Serve(fd string, judge Judge) error {
	n, err := strconv.Atoi(fd)
	if err != nil || n != helperFD {
		return fmt.Errorf("%s=%q: the privileged helper is started by the server only", Env, fd)
	}
	syscall.CloseOnExec(n)
	closeInherited()
	conn, err := socketOf(os.NewFile(uintptr(n), "server"))
	if err != nil {
		return fmt.Errorf("%s: the privileged helper is started by the server only: %w", Env, err)
	}
	defer conn.Close()
	// It ends with the server, and not before: a service manager and a terminal
	// signal all processes of a group.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE)
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(20)
	return serve(conn, judge)
}

// serve reads the setup and processes requests until the server has ended.
func serve(conn *net.UnixConn, judge Judge) error {
	h := &helper{conn: conn, judge: judge}
	buf := make([]byte, maxMessage)
	if err := h.start(buf); err != nil {
		return err
	}
	return h.loop(make([]byte, requestSize+1))
}

// start reads the setup. All but the first of its messages have keys only.
func (h *helper) start(buf []byte) error {
	var keys []string
	for first, more := true, true; more; first = false {
		msg, files, err := receive(h.conn, buf)
		closeFiles(files)
		if err != nil {
			return err
		}
		var part Setup
		if err := json.Unmarshal(msg, &part); err != nil {
			return err
		}
		keys, more = append(keys, part.Keys...), part.More
		if first {
			h.setup = part
		}
	}
	h.setup.Keys = nil
	h.allow(Grant{Keys: keys})
	return nil
}

// closeInherited closes the descriptors that the server's parent left open for
// every child: the helper lives long and must not keep them. Descriptors of the
// runtime are closed on exec, and so can be told apart.
func closeInherited() {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // they cannot be listed
	}
	for _, e := range list {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// socketOf takes ownership of one end of the socket pair.
func socketOf(f *os.File) (*net.UnixConn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, errors.New("not a unix socket")
	}
	return u, nil
}

// loop processes requests. The server is not trusted: anything that is not a
// valid request ends the helper.
func (h *helper) loop(buf []byte) error {
	debug.FreeOSMemory()
	for {
		msg, files, err := receive(h.conn, buf)
		closeFiles(files)
		if err != nil && !errors.Is(err, errTooLong) { // the server has ended
			h.finish()
			return nil //nolint:nilerr // that is the usual end
		}
		var r request
		if err == nil {
			r, err = parseRequest(msg)
		}
		if err == nil {
			err = h.answer(r)
		}
		if err != nil {
			h.finish()
			return err
		}
	}
}

func (h *helper) answer(r request) error {
	switch r.Op {
	case opReload:
		return h.reload(r)
	case opOpen:
		return h.open(r)
	case opFinish:
		h.finish()
		return sendReply(h.conn, reply{Seq: r.Seq}, nil)
	}
	return fmt.Errorf("unknown request %d", r.Op)
}

// reload reads the configuration. A faulty one leaves the items unchanged.
func (h *helper) reload(r request) error {
	grant, err := h.judge(h.setup.Config)
	if err != nil {
		return sendReply(h.conn, failed(r, err), nil)
	}
	h.allow(grant)
	defer debug.FreeOSMemory() // the memory of the load is not needed again soon
	return h.sendItems(r.Seq)
}

// allow makes a grant the one that holds.
func (h *helper) allow(g Grant) {
	h.grant, h.items = g, itemsOf(g)
}

// itemsOf lists what a grant allows: its addresses, then its logs, then its keys,
// each once.
func itemsOf(g Grant) (items []item) {
	for _, a := range g.Listen {
		items = append(items, listenItem(a))
	}
	for _, paths := range []struct {
		kind kind
		list []string
	}{{kindLog, g.Logs}, {kindRotated, g.Rotated}, {kindKey, g.Keys}} {
		sorted := slices.Sorted(slices.Values(paths.list))
		for _, path := range slices.Compact(sorted) {
			items = append(items, item{paths.kind, path})
		}
	}
	return items
}

func listenItem(a listen.Addr) item {
	return item{kindListen, fmt.Sprintf("%v:%d", a.IP, a.Port)}
}

// sendItems sends the items in parts.
func (h *helper) sendItems(seq uint32) error {
	rest := h.items
	for {
		n, size := 0, 0
		for n < len(rest) && size < itemsBytes {
			size += len(rest[n].Name) + 32
			n++
		}
		part := reply{Seq: seq, Items: rest[:n], More: n < len(rest)}
		rest = rest[n:]
		if err := sendReply(h.conn, part, nil); err != nil || !part.More {
			return err
		}
	}
}

func failed(r request, err error) reply {
	no, _ := errors.AsType[syscall.Errno](err)
	return reply{Seq: r.Seq, Errno: int(no), Error: err.Error()}
}

// open opens an item and sends its descriptor.
func (h *helper) open(r request) error {
	i := int(r.Item)
	if i >= len(h.items) {
		return sendReply(h.conn, reply{Seq: r.Seq, Error: "no such item"}, nil)
	}
	if i < len(h.grant.Listen) {
		return h.listen(r, h.grant.Listen[i])
	}
	who := identity{h.setup.UID, h.setup.Groups}
	var f *os.File
	var err error
	if it := h.items[i]; it.Kind == kindRotated {
		f, err = openRotated(it.Name, r, who)
	} else {
		f, err = openings[it.Kind].open(it.Name, who)
	}
	if err != nil {
		return sendReply(h.conn, failed(r, err), nil)
	}
	defer f.Close()
	return sendReply(h.conn, reply{Seq: r.Seq}, []int{int(f.Fd())})
}

// listen opens the sockets of an address, as many as the server has loops.
func (h *helper) listen(r request, a listen.Addr) error {
	group, err := listen.OpenGroup(context.Background(), a, h.grant.Socket, int(min(r.Count, maxCount)))
	if err != nil {
		return sendReply(h.conn, failed(r, err), nil)
	}
	defer func() {
		for _, l := range group {
			_ = l.Close()
		}
	}()
	for len(group) > 0 {
		n := min(len(group), maxFDs)
		var fds []int
		for _, l := range group[:n] {
			fds = append(fds, l.FD())
		}
		if err := sendReply(h.conn, reply{Seq: r.Seq, More: n < len(group)}, fds); err != nil {
			return err
		}
		for _, l := range group[:n] {
			_ = l.Close()
		}
		group = group[n:]
	}
	return nil
}

// finish removes the files of a server that ends: it cannot do so itself in a
// folder that only root may write to. Files of a successor stay.
func (h *helper) finish() {
	if h.setup.PidFile == "" {
		return
	}
	pid, err := unixd.ReadPidFile(h.setup.PidFile)
	if err != nil || pid != h.setup.PID {
		return
	}
	if h.setup.Socket != "" {
		_ = os.Remove(h.setup.Socket) // gone already
	}
	_ = unixd.RemovePidFile(h.setup.PidFile, pid) // there is no place left to report an error
}
