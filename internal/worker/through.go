package worker

import (
	"bytes"
	"encoding/base64"
	"errors"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// Through is another proxy that a worker's connections lead through (ProxyRemote):
// Config.Host and Port are its address. With TLS the backend is reached by CONNECT.
type Through struct {
	To    string // host:port of the backend
	Login string // user:password for the proxy, "" none
	Raw   bool   // CONNECT without TLS too: the connection is for a tunnel
}

// Credentials returns the value of Proxy-Authorization, nil for none.
func (t *Through) Credentials() []byte {
	if t.Login == "" {
		return nil
	}
	return append([]byte("Basic "), base64.StdEncoding.EncodeToString([]byte(t.Login))...)
}

// maxConnectHead bounds the head of a response to CONNECT.
const maxConnectHead = 8 << 10

// tunnel asks the proxy at the other end of rc to connect to the backend. It returns
// once rc leads there.
func (w *Worker) tunnel(rc reactor.Conn, addr string, by time.Time) error {
	b := append(make([]byte, 0, 512), "CONNECT "...)
	b = append(append(b, w.Through.To...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, w.Through.To...), "\r\n"...)
	if login := w.Through.Credentials(); login != nil {
		b = append(append(append(b, "Proxy-Authorization: "...), login...), "\r\n"...)
	}
	began := rc.Loop().Now()
	_ = rc.SetWriteDeadline(by)
	_ = rc.SetReadDeadline(by)
	err := exchangeConnect(rc, append(b, "\r\n"...))
	if err == nil {
		_ = rc.SetWriteDeadline(time.Time{})
		return rc.SetReadDeadline(time.Time{})
	}
	f := connectFault(w.Name, addr, rc.Loop().Now().Sub(began), err)
	if e := refusedTunnel(""); errors.As(err, &e) {
		f.Cause, f.Status, f.Err, f.Detail = fault.ThroughRefused, 502, nil, "the proxy "+addr+" does not connect to "+w.Through.To+": "+string(e)
	}
	return f
}

// refusedTunnel is what a proxy said instead of opening a tunnel.
type refusedTunnel string

func (e refusedTunnel) Error() string { return string(e) }

// exchangeConnect sends a CONNECT and reads the head of its response, and not a byte
// more.
func exchangeConnect(rc reactor.Conn, request []byte) error {
	if _, err := rc.Write(request); err != nil {
		return err
	}
	var (
		r      message.Response
		scan   wire.HeadScan
		limits = wire.NewResponseLimits(maxConnectHead)
		buf    = make([]byte, 0, 1024)
	)
	for len(buf) < maxConnectHead {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
		}
		n, err := rc.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		end, perr := scan.ReadResponse(buf, &r, &limits)
		switch {
		case perr != nil:
			return refusedTunnel("its response is malformed: " + perr.Error())
		case end > 0 && (r.Status < 200 || r.Status > 299):
			return refusedTunnel(string(bytes.TrimSpace(bytes.SplitN(buf[:end], []byte("\r\n"), 2)[0])))
		case end > 0 && end < len(buf):
			return refusedTunnel("it sent bytes that nobody asked for")
		case end > 0:
			return nil
		case err != nil:
			return err
		}
	}
	return refusedTunnel("the head of its response is too large")
}

// through is the part of the fingerprint for connections that lead through a proxy.
func (c *Config) through() string {
	if c.Through == nil {
		return ""
	}
	return "|through " + c.Through.To + "|" + c.Through.Login
}
