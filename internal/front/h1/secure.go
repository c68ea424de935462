package h1

import (
	"crypto/tls"
	"errors"
	"io"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/tlsconn"
)

// secure is the connection of a session that is encrypted. The handshake is the
// first that its Serve does.
type secure struct {
	*tlsconn.Conn
	info exchange.Secure
	done bool // the handshake has begun, or is over
}

// secure returns the connection of a session if it is encrypted; else nil.
func (s *session) secure() *secure {
	c, _ := s.conn.(*secure)
	return c
}

var _ tlsconn.Chooser = (*state)(nil)

// tlsConfig makes the configuration that every handshake begins with. Its session
// ticket keys, which crypto/tls makes and rotates, serve all loops and outlive
// reloads.
func tlsConfig() *tls.Config {
	return &tls.Config{GetConfigForClient: tlsconn.Choose}
}

// Choose implements tlsconn.Chooser: the name in the hello chooses the site, whose
// settings then hold. httpd: for a site without TLS they are those of the address's
// first site.
func (st *state) Choose(h *tls.ClientHelloInfo) (*tls.Config, error) {
	site := st.front.Service.Named(&st.client, h.ServerName)
	st.client.Secure.Site = site
	if !site.TLS.On() {
		site = st.site
	}
	if site.Pass != nil { // whose certificate is elsewhere: the two readers of the hello differ
		return nil, errNotPassed
	}
	if v := site.TLS.Verify; v != nil {
		return st.verifying(site.TLS.Config, v), nil
	}
	return site.TLS.Config, nil
}

// verifying returns a configuration for this connection, which judges the client's
// certificate.
func (st *state) verifying(cfg *tls.Config, v *exchange.Verify) *tls.Config {
	own := cfg.Clone()
	own.VerifyConnection = func(cs tls.ConnectionState) error {
		return v.Handshake(st.client.Secure, &cs, st.x.Loop)
	}
	return own
}

// shake is the first of a connection that is encrypted: a PROXY header, if one is
// required, and the handshake. False: the connection ends.
func (st *state) shake(s *session, c *secure) bool {
	c.done = true
	st.site = st.front.Service.Base(&st.client)
	st.x.Site = st.site
	st.x.Times.Start = st.now()
	st.out.exchange(st.x.Loop)
	if !st.readFirst(s, c) {
		return false
	}
	if !st.site.TLS.On() && !st.site.Passes { // a reload has made it plain: what the client sends is not
		return false
	}
	_ = c.SetDeadline(st.shakeEnd())
	st.client.Secure = &c.info
	err := c.HandshakeWith(st)
	_ = c.SetDeadline(time.Time{})
	switch {
	case errors.Is(err, tlsconn.ErrPlainHTTP):
		st.countShake("plain_http")
		st.refusePlain(s, c)
		return false
	case err != nil:
		st.logShake(err)
		st.partFrom(c, err)
		return false
	}
	c.info.State = c.State()
	c.info.Cert = c.Certificate()
	st.client.TLS = true
	st.countShake("")
	st.traceShake()
	return true
}

// traceShake is the lines of LogLevel ssl about a handshake, by the settings of the
// site that its name has chosen.
func (st *state) traceShake() {
	x := st.x
	if st.client.Secure.Site != nil {
		x.Site = st.client.Secure.Site
	}
	if x.Logs(logsink.Debug, "ssl") {
		x.Logf(logsink.Debug, "ssl", "AH02041", "%s", exchange.DescribeTLS(st.client.Secure.State))
	}
	x.Site = st.site
}

// countShake counts a handshake, for the metrics page. reason says why it failed; "":
// it did not.
func (st *state) countShake(reason string) {
	site := st.site
	if s := st.client.Secure; s != nil && s.Site != nil {
		site = s.Site
	}
	switch loop := st.x.Loop.Index(); {
	case site.Meter == nil:
	case reason == "":
		site.Meter.Shook(loop, st.client.Secure.State.DidResume)
	default:
		site.Meter.ShakeFailed(loop, reason, st.now())
	}
}

// readFirst reads the PROXY header that comes before the handshake, and the hello
// where that may say that the connection is passed on. False: there is no handshake.
func (st *state) readFirst(s *session, c *secure) bool {
	p := st.client.Proxied
	header := p != nil && p.Text == nil
	if !header && !st.site.Passes {
		return true
	}
	raw := c.Raw()
	st.conn, st.in.conn = raw, raw
	ok := !header || st.readProxyHeader(p)
	if ok && st.site.Passes && st.passes() {
		s.conn = raw
		return false
	}
	c.Unread(st.in.bytes[st.in.r:st.in.w])
	st.in.r, st.in.w = 0, 0
	st.conn, st.in.conn = c, c
	return ok
}

// shakeEnd returns when the handshake must be over.
//
// httpd: RequestReadTimeout's stage, else the site's Timeout for each wait; Ours:
// for all of it.
func (st *state) shakeEnd() time.Time {
	d := st.site.Timeout
	if r := st.readTimes(); r != nil && r.Handshake.First > 0 {
		d = min(d, max(r.Handshake.First, r.Handshake.Most))
	}
	return st.x.Times.Start.Add(d)
}

// refusePlain tells a client that spoke plain HTTP what was expected. httpd: what
// it sent is taken for this request, whatever it is.
func (st *state) refusePlain(s *session, c *secure) {
	raw := c.Raw()
	st.client.Secure, st.client.Conn, st.client.Plain = nil, raw, true
	s.conn, s.plain = raw, true
	st.conn, st.in.conn = raw, raw
	st.in.w = copy(st.in.bytes, "GET / HTTP/1.0\r\n\r\n")
	st.exchange()
}

// partFrom ends a connection whose handshake failed, so that the client can read
// why: a reset would destroy the alert.
func (st *state) partFrom(c *secure, err error) {
	if err == io.EOF || late(err) {
		return
	}
	raw := c.Raw()
	st.conn = raw
	if raw.CloseWrite() == nil {
		st.readOff(resetTime)
	}
}

// logShake logs a handshake that failed. A client that only connects is no error.
func (st *state) logShake(err error) {
	level, id, text, reason := logsink.Info, "AH02008", "the handshake failed", "failed"
	var refused *exchange.ClientRefused
	switch {
	case errors.As(err, &refused):
		level, id, reason = logsink.Error, "AH02039", "client_certificate"
	case err == io.EOF:
		id, reason, text = "AH02007", "closed", "the client closed the connection during the handshake"
	case late(err):
		id, reason, text = "AH01382", "timeout", "the handshake took longer than allowed"
	}
	st.countShake(reason)
	f := &fault.Fault{Side: fault.Client, Module: "ssl", Phase: fault.Handshake, Kind: fault.TLS, Cause: fault.ClientTLS, Detail: text, Err: err}
	st.x.Logf(level, "ssl", id, "%s", f.Describe())
}
