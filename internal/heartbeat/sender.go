package heartbeat

import (
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Sender sends heartbeats to one address (httpd: mod_heartbeat). One goroutine at
// a time may use it.
type Sender struct {
	conn *net.UDPConn
	to   netip.AddrPort
	buf  []byte
}

// NewSender returns a sender to an address, which may be that of a multicast group.
func NewSender(to netip.AddrPort) (*Sender, error) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	return &Sender{conn: conn, to: to}, nil
}

// sendPatience limits how long a heartbeat may wait for room in the socket. One that
// is not sent is followed by the next.
const sendPatience = 10 * time.Millisecond

// Send sends one heartbeat.
func (s *Sender) Send(b Beat) error {
	s.buf = appendMessage(s.buf[:0], b)
	_ = s.conn.SetWriteDeadline(time.Now().Add(sendPatience))
	_, err := s.conn.WriteToUDPAddrPort(s.buf, s.to)
	return err
}

// Close closes the socket.
func (s *Sender) Close() { _ = s.conn.Close() }

// appendMessage appends a heartbeat as ParseMessage reads it. The port is left out,
// as httpd does.
func appendMessage(dst []byte, b Beat) []byte {
	dst = strconv.AppendInt(append(dst, "v=1&ready="...), int64(b.Ready), 10)
	return strconv.AppendInt(append(dst, "&busy="...), int64(b.Busy), 10)
}
