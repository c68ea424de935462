package privsep

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Env names the descriptor of the helper's end of the socket pair. A process
// with this variable in its environment is a helper.
const Env = "HEADGATE_HELPER_FD"

// helperFD is the descriptor of the first of exec.Cmd's ExtraFiles.
const helperFD = 3

// Setup is the first message. The server sends it while it is still root, so
// the helper trusts it. Later messages hold nothing that has to be trusted.
type Setup struct {
	Config  Config
	PID     int    // of the server
	PidFile string // removed at the end while it holds PID; "" for none
	Socket  string // the control socket, removed with the pid file; "" for none

	UID    int   // the user that the server becomes
	Groups []int // and its groups

	Keys []string // what Grant.Keys is until the configuration is read for the first time
	More bool     // another message with Keys follows
}

// parts returns the messages of a setup: the keys of many virtual hosts do not
// fit one.
func (s Setup) parts() (list []Setup) {
	for rest := s.Keys; ; {
		n, size := 0, 0
		for n < len(rest) && size < itemsBytes {
			size += len(rest[n])
			n++
		}
		s.Keys, rest = rest[:n], rest[n:]
		s.More = len(rest) > 0
		list = append(list, s)
		if !s.More {
			return list
		}
		s = Setup{}
	}
}

// Config says how the configuration is read: the options of the command line.
type Config struct {
	File               string // absolute, as the next two
	Root               string // an explicit -d
	Found              string // the initial ServerRoot without it
	Defines, Pre, Post []string
	Blind              bool // -T
}

// The requests. item and count have a meaning for some of them only.
const (
	opReload = iota + 1 // read and check the configuration; the reply has the items
	opOpen              // open an item: a log, a rotated log, a key, or count sockets for an address
	opFinish            // the server ends: remove the pid file
)

// request is the only message a server can send. It has a fixed size.
type request struct {
	Seq, Op, Item, Count uint32
	At                   int64 // of a rotated log: when it begins, which decides its name
}

const requestSize = 24

// The count of a request for a rotated log is its number, with this bit if it is
// not the first one.
const furtherLog = 1 << 31

// maxCount limits the sockets for one address.
const maxCount = 1024

// item is something that the helper may open.
type item struct {
	Kind kind   `json:"kind"`
	Name string `json:"name"` // an absolute path, IP:PORT, or a rotation's command
}

type kind string

const (
	kindLog     kind = "log"
	kindRotated kind = "rotated log"
	kindListen  kind = "listen"
	kindKey     kind = "key"
)

// reply is the reply to a request. A long one has several parts.
type reply struct {
	Seq   uint32 `json:"seq"`
	Errno int    `json:"errno,omitempty"` // the system's reason, if there is one
	Error string `json:"error,omitempty"`
	Items []item `json:"items,omitempty"`
	More  bool   `json:"more,omitempty"` // another part follows
}

// maxMessage limits a message. The default buffer of a socket has room for it.
const maxMessage = 128 << 10

// itemsBytes is about how many bytes of names one part of a reply holds.
const itemsBytes = 32 << 10

// maxFDs is how many descriptors one message carries; the system allows 253.
const maxFDs = 128

func (r request) bytes() []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, r) // a buffer takes everything
	return b.Bytes()
}

func parseRequest(b []byte) (r request, err error) {
	if len(b) != requestSize {
		return r, fmt.Errorf("a request of %d bytes", len(b))
	}
	return r, binary.Read(bytes.NewReader(b), binary.LittleEndian, &r)
}

// send writes one message with descriptors, which still belong to the caller.
func send(c *net.UnixConn, b []byte, fds []int) error {
	var oob []byte
	if len(fds) > 0 {
		oob = unix.UnixRights(fds...)
	}
	_, _, err := c.WriteMsgUnix(b, oob, nil)
	return err
}

// sendReply writes one part of a reply.
func sendReply(c *net.UnixConn, r reply, fds []int) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return send(c, b, fds)
}

// receive reads one message into buf. The files belong to the caller, even
// after an error; none of them is inherited by a child.
func receive(c *net.UnixConn, buf []byte) (msg []byte, files []*os.File, err error) {
	oob := make([]byte, unix.CmsgSpace(4*maxFDs))
	n, oobn, flags, _, err := c.ReadMsgUnix(buf, oob)
	if err != nil {
		return nil, nil, err
	}
	controls, err := unix.ParseSocketControlMessage(oob[:oobn])
	for _, m := range controls {
		fds, _ := unix.ParseUnixRights(&m)
		for _, fd := range fds {
			unix.CloseOnExec(fd) // if the system did not do it at once
			files = append(files, os.NewFile(uintptr(fd), "from the other process"))
		}
	}
	switch {
	case err != nil:
	case n == 0:
		err = errClosed
	case flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0:
		err = errTooLong
	}
	return buf[:n], files, err
}

// errClosed says that the other process has ended, or has closed its end.
var errClosed = errors.New("the other end is closed")

// errTooLong says that the other process sent an invalid message.
var errTooLong = errors.New("message too long")

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
