package tlsconn

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// Chooser chooses the configuration of a server by the client's hello.
type Chooser interface {
	Choose(h *tls.ClientHelloInfo) (*tls.Config, error)
}

var errNoChooser = errors.New("tls: nothing chooses a configuration for this client")

// Choose asks the Chooser of the connection. It is the GetConfigForClient of the
// one configuration that all connections of a server begin with.
func Choose(h *tls.ClientHelloInfo) (*tls.Config, error) {
	t, ok := h.Conn.(*transport)
	if !ok || t.choose == nil {
		return nil, errNoChooser
	}
	return t.choose.Choose(h)
}

// Show returns the certificate that a GetCertificate has chosen, with a key that does
// not hold the loop, and keeps it for Certificate. Its Leaf must be set.
func Show(h *tls.ClientHelloInfo, c *tls.Certificate) (*tls.Certificate, error) {
	t, ok := h.Conn.(*transport)
	if !ok {
		return c, nil
	}
	t.shown = c.Leaf
	return Away(c, t.conn.Loop()), nil
}

// Away returns a certificate with a key that does not hold the loop.
func Away(c *tls.Certificate, l reactor.Loop) *tls.Certificate {
	key, ok := c.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return c
	}
	away := *c
	away.PrivateKey = awaySigner{key, l}
	return &away
}

// Certificate returns the certificate that was shown; nil if a session
// was resumed.
func (c *Conn) Certificate() *x509.Certificate { return c.t.shown }

// awaySigner signs off the loop: with RSA that takes about a millisecond.
type awaySigner struct {
	*rsa.PrivateKey
	loop reactor.Loop
}

var _ crypto.Signer = awaySigner{}

// signPatience limits how long a handshake waits for a signature.
const signPatience = 30 * time.Second

// Sign implements crypto.Signer.
func (s awaySigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), signPatience)
	defer cancel()
	return reactor.Await(ctx, s.loop, reactor.Computing, signing{s.PrivateKey, string(digest), opts}, sign)
}

// signing is a signature to be made.
type signing struct {
	key    *rsa.PrivateKey
	digest string
	opts   crypto.SignerOpts
}

func sign(_ context.Context, s signing) ([]byte, error) {
	return s.key.Sign(rand.Reader, []byte(s.digest), s.opts)
}
