package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/cipherlist"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/stapling"
	"github.com/headgate/headgate/internal/state"
)

// preparedKey is in Builder.Aux once prepare has been called for the servers of a text
// that was discovered.
type preparedKey struct{}

// server says how connections to a site are encrypted.
func server(b *module.Builder, s *module.Server) error {
	switch {
	case s.Scope == b.Main:
		keepSet(b)
		prepare(b, true)
	case b.Guest && b.Aux.Own(preparedKey{}) == nil:
		b.Aux.Put(preparedKey{}, true)
		prepare(b, false)
	}
	c, ok := slot.Peek(s.Conf)
	switch {
	case ok:
	default:
		return nil
	}
	policy := exchange.SNISecure
	if main, ok := slot.Peek(b.Main.Server); ok {
		policy = main.policy.Or(policy)
	}
	t := &exchange.TLS{Policy: policy, Setup: setup(s, c, policy), Strict: c.strict.Or(false)}
	s.Site.TLS = t
	if !enabled(b, s, c) {
		return nil
	}
	pairs := load(b, s, c)
	t.Certificate = first(pairs)
	t.Config, t.Verify = config(b, s, c, pairs)
	return nil
}

// enabled reports whether connections to a server begin with a handshake.
//
// httpd: without SSLEngine a virtual host has TLS if it has certificates and a Listen
// with the protocol https names its very address.
func enabled(b *module.Builder, s *module.Server, c *conf) bool {
	if c.engine.Set {
		return c.engine.V
	}
	if len(c.certs) == 0 || s.Scope == b.Main {
		return false
	}
	close := false
	for _, a := range s.Addrs {
		for _, l := range b.Settings.Listen {
			if l.Protocol != "https" || l.Port != a.Port {
				continue
			}
			if sameIP(l, a) {
				return true
			}
			close = true
		}
	}
	if close {
		b.Warnf(s.Scope.Pos, "SSLEngine is missing: this virtual host has certificates and is plain, because no Listen with https names the same address")
	}
	return false
}

func sameIP(l listen.Addr, a snapshot.Addr) bool {
	whole := func(ip netip.Addr) bool { return !ip.IsValid() || ip.IsUnspecified() }
	return whole(l.IP) && whole(a.IP) || l.IP.IsValid() && l.IP.Unmap() == a.IP.Unmap()
}

// setup returns what sites must share to serve each other's connections.
// httpd: ssl_server_compatible.
func setup(s *module.Server, c *conf, p exchange.SNIPolicy) string {
	var t strings.Builder
	if p == exchange.SNISecure && (c.use.Set || c.ciphers.Set || len(c.certs) > 0) {
		fmt.Fprintf(&t, "%v %v %q", c.use.Set, c.use.V, c.ciphers.V)
		for _, list := range [][]file{c.certs, c.keys} {
			t.WriteString("|")
			for _, f := range list {
				fmt.Fprintf(&t, "%q", f.path)
			}
		}
	}
	if p == exchange.SNISecure || p == exchange.SNIAuthOnly {
		t.WriteString("|" + c.verify.setup() + inquirySetup(s))
	}
	return t.String()
}

// load reads the certificates of a server. Of several of one kind the last counts.
func load(b *module.Builder, s *module.Server, c *conf) []*certfile.Pair {
	if len(c.certs) == 0 {
		b.Errorf(s.Scope.Pos, "AH02572: Failed to configure at least one certificate and key for %s: SSLCertificateFile names one", s.Site.Name)
		return nil
	}
	if b.Blind {
		return nil
	}
	var pairs []*certfile.Pair
	set, stapled := staples(b, s)
	for i, cert := range c.certs {
		at := [...]file{certfile.Cert: cert, certfile.Key: cert, certfile.Chain: c.chain.V}
		if i < len(c.keys) {
			at[certfile.Key] = c.keys[i]
		}
		of := pairName{files: certfile.Files{at[certfile.Cert].path, at[certfile.Key].path, at[certfile.Chain].path}, settings: set, stapled: stapled}
		p, err := pair(b, of, access(b, s, i))
		if err != nil {
			fail(b, at, err)
			continue
		}
		staple(b, s, p, set, stapled)
		pairs = without(pairs, p.Certificate().Leaf.PublicKeyAlgorithm)
		pairs = append(pairs, p)
	}
	return pairs
}

// without returns the pairs of other kinds.
func without(pairs []*certfile.Pair, kind x509.PublicKeyAlgorithm) (out []*certfile.Pair) {
	for _, p := range pairs {
		if p.Certificate().Leaf.PublicKeyAlgorithm != kind {
			out = append(out, p)
		}
	}
	return out
}

var directives = [...]string{"SSLCertificateFile", "SSLCertificateKeyFile", "SSLCertificateChainFile"}

// fail reports that a pair cannot be used at the directive that names the file.
func fail(b *module.Builder, at [3]file, err error) {
	var e *certfile.Error
	if errors.As(err, &e) {
		b.Fail(at[e.Part].pos, directives[e.Part], e)
		return
	}
	b.Fail(at[0].pos, directives[0], err)
}

// pairName tells pairs apart: by their files, and by the OCSP responses that go with the
// certificate.
type pairName struct {
	files    certfile.Files
	settings stapling.Settings
	stapled  bool
}

// pair reads a pair once for all servers.
func pair(b *module.Builder, of pairName, a certfile.Access) (*certfile.Pair, error) {
	type outcome struct {
		pair *certfile.Pair
		err  error
	}
	if o, ok := b.Aux.Get(of).(outcome); ok {
		return o.pair, o.err
	}
	files := of.files
	kept := state.Attach(b.Lease, fmt.Sprintf("tls certificate %q %v", files, of.stapled), func() (*keptPair, func()) { return new(keptPair), nil })
	for _, f := range files {
		if f != "" {
			b.Part.Keys = append(b.Part.Keys, f)
		}
	}
	p, err := certfile.Load(files, a)
	switch {
	case err == nil:
		kept.pair = p
	case kept.pair != nil && errors.Is(err, fs.ErrPermission):
		b.Log.Logf(logsink.Record{Level: logsink.Warn, Module: name}, "the certificate stays the one that was read at the start: %v", err)
		p, err = kept.pair, nil
	}
	b.Aux.Put(of, outcome{p, err})
	if err == nil {
		b.Part.Certs = append(b.Part.Certs, p)
	}
	return p, err
}

// keptPair is the latest pair of some files. It outlives a reload, where a server that
// has become its User may not read them any more.
type keptPair struct{ pair *certfile.Pair }

// first returns the certificate that a client without preferences gets.
func first(pairs []*certfile.Pair) func() *x509.Certificate {
	if len(pairs) == 0 {
		return nil
	}
	return func() *x509.Certificate { return pairs[0].Certificate().Leaf }
}

// config makes the configuration of a server's handshakes, and says what they check of
// clients.
func config(b *module.Builder, s *module.Server, c *conf, pairs []*certfile.Pair) (*tls.Config, *exchange.Verify) {
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"},
		SessionTicketsDisabled:      !c.tickets.Or(true),
		DynamicRecordSizingDisabled: true, // bodies come in large pieces
	}
	if c.use.Set {
		if c.use.V == 0 {
			b.Errorf(s.Scope.Pos, "AH02231: No SSL protocols available [hint: SSLProtocol]")
		}
		cfg.MinVersion, cfg.MaxVersion = c.use.V.versions()
	}
	if c.ciphers.Set {
		cfg.CipherSuites = cipherlist.Parse(c.ciphers.V + notNull).IDs
		if len(cfg.CipherSuites) == 0 && cfg.MaxVersion < tls.VersionTLS13 {
			b.Errorf(s.Scope.Pos, "AH01898: Unable to configure permitted SSL ciphers: none of SSLCipherSuite is available")
		}
	}
	honor := runCommands(b, s, cfg, c.honor.Or(false))
	cfg.GetCertificate = chosen(pairs, honor, cfg.CipherSuites, cfg.MaxVersion)
	v := verification(b, s, c, cfg)
	tickets(b, s, c, cfg, v)
	return cfg, v
}

// versions returns the lowest and the highest version.
func (p protocols) versions() (low, high uint16) {
	for i := range uint16(4) {
		if p&(1<<i) == 0 {
			continue
		}
		if low == 0 {
			low = tls.VersionTLS10 + i
		}
		high = tls.VersionTLS10 + i
	}
	return low, high
}
