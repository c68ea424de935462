package backtls

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/tlsconn"
)

// Secure makes the handshake on a new connection, of which it takes ownership.
// name is the name that the backend must have, "": none is checked; sni is the one
// that is sent, unless it is an address or empty. backend tells sessions apart. All
// of it ends at by. The fault lacks where the connection leads.
func (c *Config) Secure(conn reactor.Conn, name, sni, backend string, by time.Time) (reactor.Conn, *fault.Fault) {
	loop := conn.Loop()
	w := &wish{certs: c.Machines, loop: loop}
	s, err := tlsconn.Client(conn, &tls.Config{
		ServerName: sni, InsecureSkipVerify: true, // check does it: what is verified depends on the directives
		VerifyConnection: func(cs tls.ConnectionState) error { return c.check(&cs, name, loop.Now()) },
		MinVersion:       c.Low, MaxVersion: c.High, CipherSuites: c.Suites, DynamicRecordSizingDisabled: true,
		ClientSessionCache: sessions{c.sessions, backend + "|"}, GetClientCertificate: w.certificate,
	})
	if err != nil {
		_ = conn.Close()
		return nil, failed(err)
	}
	_ = s.SetDeadline(by)
	if err := s.Handshake(); err != nil {
		_ = conn.Close()
		return nil, c.explain(failed(err), w)
	}
	_ = s.SetDeadline(time.Time{})
	if w.asked { // TLS 1.3: a backend that does not accept it says so after the handshake
		s.OnAlert(func(err error) error { return fmt.Errorf("%w%s", err, c.wished(w)) })
	}
	return s, nil
}

// failed returns the fault of a handshake.
func failed(err error) *fault.Fault {
	f := &fault.Fault{
		Side: fault.Backend, Module: "ssl", Phase: fault.Handshake, Kind: fault.TLS, Retry: fault.Safe, ID: "AH02003",
		Status: 500, Reason: fault.NoAnswer, Close: true, // as httpd
	}
	var refused *Refusal
	var header tls.RecordHeaderError
	var nerr net.Error
	switch {
	case errors.As(err, &refused):
		f.Cause, f.ID, f.Detail = refused.Cause, refused.ID, refused.Error()
	case errors.Is(err, net.ErrClosed), errors.Is(err, reactor.ErrDraining):
		return fault.Stopped(fault.Handshake)
	case tlsconn.IsAlert(err):
		f.Cause, f.Detail = fault.TLSAlert, "the backend refused it: "+reason(err)
	case errors.As(err, &header):
		f.Cause, f.Detail = fault.TLSNotSpoken, "the backend does not speak TLS: its first bytes are no record"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.Kind, f.Detail = fault.Closed, "the backend closed the connection during the handshake"
	case errors.Is(err, syscall.ECONNRESET):
		f.Kind, f.Err = fault.Reset, syscall.ECONNRESET
	case errors.As(err, &nerr) && nerr.Timeout():
		f.Kind, f.Detail = fault.Timeout, "the handshake was not done in time"
	default:
		f.Detail = reason(err)
	}
	return f
}

// explain adds what the backend wished, where it ended the handshake.
func (c *Config) explain(f *fault.Fault, w *wish) *fault.Fault {
	if w.asked && f.ID == "AH02003" {
		f.Detail += c.wished(w)
	}
	return f
}

// wished says which certificate a backend got that asked for one.
func (c *Config) wished(w *wish) string {
	switch {
	case w.shown != nil:
		leaf := w.shown.cert.Leaf
		return fmt.Sprintf("; it asked for a certificate and was shown that of %+q, issued by %+q, valid until %s, of %s",
			leaf.Subject.String(), leaf.Issuer.String(), leaf.NotAfter.UTC().Format(time.RFC3339), c.MachineAt)
	case len(w.certs) > 0:
		return "; it asked for a certificate, and none of " + c.MachineAt + " was issued by a CA that it names"
	}
	return "; it asked for a certificate, and there is no SSLProxyMachineCertificateFile"
}

// sessions are the sessions of one backend among those of a Config.
type sessions struct {
	all    tls.ClientSessionCache
	prefix string
}

// Get implements tls.ClientSessionCache.
func (s sessions) Get(key string) (*tls.ClientSessionState, bool) { return s.all.Get(s.prefix + key) }

// Put implements tls.ClientSessionCache.
func (s sessions) Put(key string, cs *tls.ClientSessionState) { s.all.Put(s.prefix+key, cs) }
