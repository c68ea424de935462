package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certcheck"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// verifyConf is what a server says of certificates of clients.
type verifyConf struct {
	mode    module.Opt[certcheck.Mode]
	depth   module.Opt[int]
	cas     authorities // the CAs that it trusts
	names   authorities // whose names clients are told; none: those of cas
	revoked revokedConf
	at      syntax.Pos // where SSLVerifyClient is

	asked bool // a section wants a certificate
}

// authorities are the certificates of a file and of a folder.
type authorities struct {
	file, path module.Opt[bundle]
}

// bundle is a file or folder with its certificates.
type bundle struct {
	name string
	list []*x509.Certificate
}

func (a authorities) over(base authorities) authorities {
	return authorities{file: module.Over(base.file, a.file), path: module.Over(base.path, a.path)}
}

func (a authorities) all() []*x509.Certificate {
	return append(append([]*x509.Certificate(nil), a.file.V.list...), a.path.V.list...)
}

// httpd: modssl_ctx_cfg_merge. A section of the main server is one of all.
func mergeVerify(base, add verifyConf) verifyConf {
	m := verifyConf{
		mode: module.Over(base.mode, add.mode), depth: module.Over(base.depth, add.depth),
		cas: add.cas.over(base.cas), names: add.names.over(base.names), revoked: add.revoked.over(&base.revoked),
		at: base.at, asked: base.asked || add.asked,
	}
	if add.mode.Set {
		m.at = add.at
	}
	return m
}

const (
	laterNote = "a handshake cannot be repeated once the section is known (crypto/tls has no renegotiation): all handshakes of the virtual host ask for a certificate, " +
		"which clients need not have, and this section judges it"
	noSectionCA = "Your SSL library does not have support for per-directory CA"
)

// verifyRows are the directives about certificates of clients.
func verifyRows() []directive.Row {
	cas := func(s *conf) *authorities { return &s.verify.cas }
	names := func(s *conf) *authorities { return &s.verify.names }
	return []directive.Row{
		{Name: "SSLVerifyClient", Set: setVerify, When: func(c *directive.Call) (directive.Tier, string) {
			if m, ok := verifyModes[ascii.ToLower(c.Arg(0))]; ok && m != certcheck.None && !c.Scope.Section().Kind.Server() {
				return directive.Mapped, laterNote
			}
			return directive.Honoured, ""
		}},
		{Name: "SSLVerifyDepth", Set: setVerifyDepth},
		{Name: "SSLCACertificateFile", Set: setClientCAs(cas)},
		{Name: "SSLCACertificatePath", Set: setClientCAFolder(cas, hashed)},
		{Name: "SSLCADNRequestFile", Set: setClientCAs(names)},
		{Name: "SSLCADNRequestPath", Set: setClientCAFolder(names, files)},
	}
}

var verifyModes = map[string]certcheck.Mode{
	"none": certcheck.None, "off": certcheck.None, "optional": certcheck.Optional, "require": certcheck.Require, "on": certcheck.Require,
	"optional_no_ca": certcheck.NoCA,
}

func setVerify(c *directive.Call) error {
	m, ok := verifyModes[ascii.ToLower(c.Arg(0))]
	if !ok {
		return c.Errorf("%s: Invalid argument '%s'", c.Row.Name, c.Arg(0))
	}
	server := &slot.Of(c.Server).verify
	if c.Scope.Section().Kind.Server() {
		server.mode.To(m)
		server.at = c.Pos()
		return nil
	}
	dirSlot.Of(c.Dir).verify.To(m)
	server.asked = server.asked || m != certcheck.None
	return nil
}

func setVerifyDepth(c *directive.Call) error {
	n := ascii.LeadingInt(c.Arg(0)) // httpd: atoi
	if n < 0 {
		return c.Errorf("%s: Invalid argument '%s'", c.Row.Name, c.Arg(0))
	}
	if c.Scope.Section().Kind.Server() {
		slot.Of(c.Server).verify.depth.To(n)
	} else {
		dirSlot.Of(c.Dir).depth.To(n)
	}
	return nil
}

// setClientCAs reads a file of certificates.
//
// They are read at a start and at a reload, as httpd does.
func setClientCAs(of func(*conf) *authorities) func(*directive.Call) error {
	return func(c *directive.Call) error {
		if !c.Scope.Section().Kind.Server() {
			return c.Errorf("%s", noSectionCA)
		}
		path := c.Path(c.Arg(0))
		list, err := readCAs(c, path)
		if err != nil {
			return err
		}
		of(slot.Of(c.Server)).file.To(bundle{path, list})
		return nil
	}
}

// readFolder reads the certificates in those files of a folder that choose names.
func readFolder(c *directive.Call, dir string, choose func(dir string) ([]string, error)) (list []*x509.Certificate, err error) {
	if !c.LooksAtFolders() {
		return nil, nil
	}
	names, err := choose(dir)
	if err != nil {
		return nil, c.Errorf("%s: directory '%s' does not exist", c.Row.Name, dir)
	}
	if len(names) == 0 {
		c.Warn("%s: there are no certificates with hashed names in %s (openssl rehash makes them)", c.Row.Name, dir)
	}
	for _, name := range names {
		more, err := readCAs(c, name)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// setClientCAFolder reads those files of a folder that choose names.
func setClientCAFolder(of func(*conf) *authorities, choose func(dir string) ([]string, error)) func(*directive.Call) error {
	return func(c *directive.Call) error {
		if !c.Scope.Section().Kind.Server() {
			return c.Errorf("%s", noSectionCA)
		}
		dir := c.Path(c.Arg(0))
		list, err := readFolder(c, dir, choose)
		if err != nil {
			return err
		}
		b := bundle{name: dir, list: list}
		of(slot.Of(c.Server)).path.To(b)
		return nil
	}
}

// files returns the files of a folder.
func files(dir string) (names []string, err error) {
	all, err := os.ReadDir(dir)
	for _, e := range all {
		if !e.IsDir() {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names, err
}

const defaultDepth = 1 // SSLVerifyDepth

// demand returns what a server demands outside of sections.
func (v *verifyConf) demand() certcheck.Demand {
	return certcheck.Demand{Mode: v.mode.V, Depth: v.depth.Or(defaultDepth)}
}

// setup returns what two servers must share for a request to be judged by one's
// settings on a connection of the other. httpd: ssl_auth_compatible.
func (v *verifyConf) setup() string {
	d := v.demand()
	r := &v.revoked
	return fmt.Sprintf("%d %d %q %q %q %q %v %q %q", d.Mode, d.Depth, v.cas.file.V.name, v.cas.path.V.name, v.names.file.V.name, v.names.path.V.name,
		r.check.V, r.file.V.name, r.path.V.name)
}

// verification returns what the handshakes of a server check, and has cfg ask for
// certificates; nil: they do not.
func verification(b *module.Builder, s *module.Server, c *conf, cfg *tls.Config) *exchange.Verify {
	v := &c.verify
	if v.mode.V == certcheck.None && !v.asked {
		return nil
	}
	cas := v.cas.all()
	names := cas
	if list := v.names.all(); len(list) > 0 {
		names = list
	}
	cfg.ClientAuth, cfg.ClientCAs = tls.RequestClientCert, x509.NewCertPool()
	if v.mode.V == certcheck.Require {
		cfg.ClientAuth = tls.RequireAnyClientCert
		if len(names) == 0 && !b.Blind {
			b.Warnf(v.at, "AH01896: Init: Oops, you want to request client authentication, but no CAs are known for verification!?  [Hint: SSLCACertificate*]")
		}
	}
	size := 0
	for _, n := range names {
		cfg.ClientCAs.AddCert(n)
		size += len(n.RawSubject) + 2
	}
	if size > longestNames {
		b.Errorf(v.at, "the names of %d CAs are more than a handshake can hold (64 KiB): SSLCADNRequestFile names fewer", len(names))
	}
	rev := v.revoked.revocation(b)
	rev.Inquiry = inquiry(s)
	return &exchange.Verify{Demand: v.demand(), Checker: certcheck.New(cas, rev)}
}

// longestNames is what is safe of the 64 KiB that a handshake message has for names.
const longestNames = 60 << 10

// demandOf returns what a combination of sections demands: the stronger of what it
// says and what the server does.
//
// Ours: a depth of a section counts also where the server has asked for the
// certificate already.
func demandOf(d *module.Dir, c *dirConf) certcheck.Demand {
	v := d.Chain.Site.Verify()
	if v == nil {
		return certcheck.Demand{}
	}
	return certcheck.Demand{Mode: max(c.verify.V, v.Demand.Mode), Depth: c.depth.Or(v.Demand.Depth)}
}

// verified is SSLVerifyClient once the place is known. httpd: ssl_hook_Access.
//
// Ours: it holds whatever Satisfy says. Where the handshake has not asked for a
// certificate the client is told to make another one.
type verified struct{ demand certcheck.Demand }

// Do implements exchange.Step.
func (s verified) Do(x *exchange.Exchange) error {
	c := x.Client
	if c == nil || c.Secure == nil {
		return nil // httpd: a plain connection is not asked; SSLRequireSSL refuses it
	}
	err := c.Secure.Demanded(x, s.demand)
	if err == nil {
		return nil
	}
	f := &fault.Fault{
		Side: fault.Client, Module: name, Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByCertificate, Status: 403, ID: "AH02262",
		Detail: "SSLVerifyClient does not admit the client to " + module.Target(x), Err: err,
	}
	if c.Secure.Late(x) {
		f.Status, f.Cause, f.Close = 421, fault.Misdirected, true
		f.Detail += ": the handshake did not ask for a certificate"
	}
	return f
}
