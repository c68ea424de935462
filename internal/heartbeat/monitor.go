package heartbeat

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/logsink"
)

// Monitor hears heartbeats (httpd: mod_heartmonitor).
type Monitor struct {
	Table
	conn *net.UDPConn
	path string // of the file; "": none is written
	log  atomic.Pointer[logsink.ErrorLog]
	done chan struct{} // closed when it has ended
}

// updateEvery is how often the file is written (httpd: HM_UPDATE_SEC).
const updateEvery = 5 * time.Second

// longest is the longest heartbeat in bytes (httpd: MAX_MSG_LEN).
const longest = 1000

// mostServers bounds the table where HeartbeatMaxServers does not.
const mostServers = 4096

// Listen starts a monitor. An address of a multicast group is joined; any other
// one is listened on.
func Listen(at netip.AddrPort, path string, limit int) (*Monitor, error) {
	conn, err := open(at)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = mostServers
	}
	m := &Monitor{conn: conn, path: path, done: make(chan struct{})}
	m.limit = limit
	go m.run()
	return m, nil
}

// open makes the socket. A reload with another configuration opens it while the
// one before is still open.
func open(at netip.AddrPort) (*net.UDPConn, error) {
	if at.Addr().IsMulticast() {
		return net.ListenMulticastUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	}
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		failed := raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
		})
		return errors.Join(failed, err)
	}}
	conn, err := c.ListenPacket(context.Background(), "udp", at.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// Log sets where it says what it met.
func (m *Monitor) Log(l *logsink.ErrorLog) { m.log.Store(l) }

func (m *Monitor) tell(level logsink.Level, id, format string, args ...any) {
	if l := m.log.Load(); l != nil {
		l.Logf(logsink.Record{Module: "heartmonitor", Level: level, ID: id}, format, args...)
	}
}

// Close ends it and waits for that.
func (m *Monitor) Close() {
	_ = m.conn.Close()
	<-m.done
}

// run hears heartbeats and writes the file until the monitor is closed.
func (m *Monitor) run() {
	defer close(m.done)
	buf := make([]byte, longest+1)
	due := time.Now()
	for {
		if now := time.Now(); !now.Before(due) {
			m.update(now)
			due = now.Add(updateEvery)
		}
		_ = m.conn.SetReadDeadline(due)
		n, from, err := m.conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil:
			m.tell(logsink.Crit, "AH02089", "recvfrom failed: %v", err)
			return
		default:
			m.hear(string(buf[:min(n, longest)]), from)
		}
	}
}

// hear takes one datagram.
func (m *Monitor) hear(text string, from netip.AddrPort) {
	b, ok := ParseMessage(text)
	switch {
	case !ok:
		m.tell(logsink.Warn, "AH02087", "malformed message from %v", from)
	case !m.Heard(from.Addr().Unmap().String(), b, time.Now()):
		m.tell(logsink.Warn, "", "a heartbeat from %v is ignored: there are %d servers, no more are counted", from, m.limit)
	default:
		m.tell(logsink.Debug, "AH02086", "%v busy=%d ready=%d", from, b.Busy, b.Ready)
	}
}

// update forgets who was not heard of, and writes the file in one step.
func (m *Monitor) update(now time.Time) {
	m.Forget(now)
	if m.path == "" {
		return
	}
	if err := replace(m.path, m.Append(nil, now)); err != nil {
		m.tell(logsink.Crit, "AH02074", "cannot write %s: %v", m.path, err)
	}
}

// replace writes a file beside path and gives it that name.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp.*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
