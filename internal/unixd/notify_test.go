package unixd

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	s, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "77"}
	n, err := NotifyFromEnv(func(k string) string { return env[k] }, func(k string) error { delete(env, k); return nil }, 77)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if len(env) != 0 || n.Watchdog() != 3*time.Second {
		t.Error(env, n.Watchdog())
	}
	for _, tt := range []struct {
		send func() error
		want string
	}{
		{func() error { return n.Ready("serving\n2 vhosts") }, `READY=1\nSTATUS=serving 2 vhosts`},
		{func() error { return n.Ready("") }, `READY=1`},
		{n.Reloading, `RELOADING=1\nMONOTONIC_USEC=\d+`},
		{n.Stopping, `STOPPING=1`},
		{func() error { return n.Status("x") }, `STATUS=x`},
		{func() error { return n.MainPID(12) }, `MAINPID=12`},
		{n.Alive, `WATCHDOG=1`},
	} {
		if err := tt.send(); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 200)
		k, _, err := s.ReadFromUnix(b)
		if err != nil || !regexp.MustCompile(`^`+tt.want+`$`).Match(b[:k]) {
			t.Errorf("%q, want %s (%v)", b[:k], tt.want, err)
		}
	}
}

func TestNotifyNobody(t *testing.T) {
	for value, bad := range map[string]bool{"": false, "vsock:2:1": true, "/no/such/socket": true} {
		env := func(k string) string {
			if k == "NOTIFY_SOCKET" {
				return value
			}
			return ""
		}
		n, err := NotifyFromEnv(env, func(string) error { return nil }, 1)
		if n != nil || (err != nil) != bad {
			t.Errorf("%q: %v %v", value, n, err)
		}
		if n.Ready("x") != nil || n.Reloading() != nil || n.Stopping() != nil || n.Watchdog() != 0 || n.Close() != nil {
			t.Error("nil does something")
		}
	}
}

// TestNotifyUnread: a service manager that reads nothing does not block the
// server for ever.
func TestNotifyUnread(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	env := map[string]string{"NOTIFY_SOCKET": path}
	n, err := NotifyFromEnv(func(k string) string { return env[k] }, func(k string) error { delete(env, k); return nil }, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for range 1 << 16 {
		if err = n.Alive(); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}
