package unixd

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Notifier reports the server's state to systemd (sd_notify(3)). All methods do
// nothing on nil, as in a process that systemd did not start. It is safe for
// concurrent use.
type Notifier struct {
	conn     *net.UnixConn // connected early: a chroot hides the path
	watchdog time.Duration
}

// NotifyFromEnv connects to NOTIFY_SOCKET and removes the variables, so that
// child processes do not report in its place. pid is this process's: the
// watchdog names it.
func NotifyFromEnv(getenv func(string) string, unset func(string) error, pid int) (*Notifier, error) {
	path := getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	if path[0] != '/' && path[0] != '@' {
		return nil, fmt.Errorf("NOTIFY_SOCKET: unsupported address %q", path)
	}
	// A leading '@' is the zero byte of an abstract address, for systemd and
	// package net alike.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	n := &Notifier{conn: conn}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if whose := getenv("WATCHDOG_PID"); err == nil && usec > 0 && (whose == "" || whose == strconv.Itoa(pid)) {
		n.watchdog = time.Duration(min(usec, 1<<40)) * time.Microsecond
	}
	for _, name := range [...]string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if err := unset(name); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return n, nil
}

// Ready reports that the process serves, at first or again after a reload.
func (n *Notifier) Ready(status string) error { return n.send("READY=1", statusLine(status)) }

// Reloading reports that a reload has begun; Ready ends it. systemd needs the
// monotonic time to tell this reload from an earlier one.
func (n *Notifier) Reloading() error {
	if n == nil {
		return nil
	}
	return n.send("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", monotonic()/time.Microsecond))
}

// Stopping reports that the process is about to end.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

// Status sets the line that systemctl status shows.
func (n *Notifier) Status(text string) error { return n.send(statusLine(text)) }

// MainPID reports that another process replaces this one.
func (n *Notifier) MainPID(pid int) error { return n.send(fmt.Sprintf("MAINPID=%d", pid)) }

// Alive resets systemd's watchdog.
func (n *Notifier) Alive() error { return n.send("WATCHDOG=1") }

// Watchdog returns the period of systemd's watchdog. Call Alive at least twice
// in each; 0 if there is no watchdog.
func (n *Notifier) Watchdog() time.Duration {
	if n == nil {
		return 0
	}
	return n.watchdog
}

// Close closes the connection.
func (n *Notifier) Close() error {
	if n == nil {
		return nil
	}
	return n.conn.Close()
}

func statusLine(text string) string {
	if text == "" {
		return ""
	}
	return "STATUS=" + strings.NewReplacer("\n", " ", "\r", " ").Replace(text)
}

// notifyPatience is how long a send may wait for the service manager when its
// queue is full; then the message is lost.
const notifyPatience = time.Second

func (n *Notifier) send(lines ...string) error {
	if n == nil {
		return nil
	}
	// A service manager that does not read must not stop a reload.
	_ = n.conn.SetWriteDeadline(time.Now().Add(notifyPatience))
	_, err := n.conn.Write([]byte(strings.TrimSuffix(strings.Join(lines, "\n"), "\n")))
	return err
}
