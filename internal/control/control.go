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

// Response answers a request.
type Response struct {
	OK     bool            `json:"ok"`
	Error  string          `json:"error,omitempty"` // where OK is false
	Result json.RawMessage `json:"result,omitempty"`
}

// maxLine bounds a request; responses have no bound, for they come from the
// side that is trusted.
const maxLine = 64 << 10

// SocketPath returns where the control socket of the server with a pid file is:
// beside it, "httpd.ctl" for "httpd.pid".
func SocketPath(pidFile string) string { return strings.TrimSuffix(pidFile, ".pid") + ".ctl" }

// maxPath is the longest path every system takes for a socket.
const maxPath = 100

// short runs use with a path of a socket that is short enough. On Linux a
// descriptor of its folder stands for a long one.
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

// listen makes the socket. What a server that was killed left behind is
// replaced; the caller has made sure that no other server runs here.
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
	l.SetUnlinkOnClose(false) // by its full name, by Close
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		_ = os.Remove(path)
		return nil, err
	}
	return l, nil
}
