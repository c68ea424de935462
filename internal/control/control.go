package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Request is what a client sends: {"do":"status"}.
type Request struct {
	Do   string          `json:"do"`
	Args json.RawMessage `json:"args,omitempty"`
}

// Response is the server's response to a request.
type Response struct {
	OK     bool            `json:"ok"`
	Error  string          `json:"error,omitempty"` // where OK is false
	Result json.RawMessage `json:"result,omitempty"`
}

// maxLine limits a request. Responses have no limit, because the client trusts
// the server.
const maxLine = 64 << 10

// SocketPath returns the path of the control socket of the server with a pid
// file, next to it: "httpd.ctl" for "httpd.pid".
func SocketPath(pidFile string) string { return strings.TrimSuffix(pidFile, ".pid") + ".ctl" }

// maxPath is the longest path of a socket that every system accepts.
const maxPath = 100

// short calls use with a path of a socket that is short enough. On Linux a
// descriptor of its folder replaces a long path.
func short(path string, use func(path string) error) error {
	if len(path) <= maxPath {
		return use(path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	at := fmt.Sprintf("/proc/self/fd/%d", dir.Fd())
	if _, err := os.Stat(at); err != nil {
		return fmt.Errorf("%s: too long for the path of a socket", path)
	}
	return use(filepath.Join(at, filepath.Base(path)))
}

// listen makes the socket. It replaces the socket of a server that was killed;
// the caller has made sure that no other server runs here.
func listen(path string) (l *net.UnixListener, err error) {
	if st, err := os.Lstat(path); err == nil && st.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("%s is in the way: it is no socket", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	err = short(path, func(at string) error {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: at, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // Close removes it by its full name
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		_ = os.Remove(path)
		return nil, err
	}
	return l, nil
}
