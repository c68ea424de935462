// Package ssl is mod_ssl towards clients: which connections are encrypted, with
// which certificate, and what requests on them may do. The front makes the
// handshakes with the configurations that are built here.
//
// Imports module and the layers below it.
package ssl

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/cipherlist"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// conf is what a server says.
type conf struct {
	engine  module.Opt[bool]
	certs   []file // SSLCertificateFile
	keys    []file // SSLCertificateKeyFile: the n-th belongs to the n-th of certs
	chain   module.Opt[file]
	ticket  module.Opt[file] // SSLSessionTicketKeyFile
	use     module.Opt[protocols]
	ciphers module.Opt[string]
	honor   module.Opt[bool]
	tickets module.Opt[bool]
	life    module.Opt[time.Duration] // SSLSessionCacheTimeout
	strict  module.Opt[bool]

	policy module.Opt[exchange.SNIPolicy] // of the main server, for all

	verify verifyConf
}

// file is a file that a directive names.
type file struct {
	path string
	pos  syntax.Pos
}

// httpd: a server that names certificates does not have those of the main server too.
var slot = directive.Slot[conf]{Name: "ssl", Merge: func(base, add *conf) *conf {
	m := &conf{
		engine: module.Over(base.engine, add.engine), certs: add.certs, keys: add.keys,
		chain: module.Over(base.chain, add.chain), ticket: module.Over(base.ticket, add.ticket),
		use: module.Over(base.use, add.use), ciphers: module.Over(base.ciphers, add.ciphers),
		honor: module.Over(base.honor, add.honor), tickets: module.Over(base.tickets, add.tickets),
		life: module.Over(base.life, add.life), strict: module.Over(base.strict, add.strict), policy: base.policy, verify: mergeVerify(base.verify, add.verify),
	}
	if len(add.certs) == 0 {
		m.certs = base.certs
	}
	if len(add.keys) == 0 && len(add.certs) == 0 {
		m.keys = base.keys
	}
	return m
}}

const (
	name = "ssl"
	id   = "ssl_module"
)

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_ssl", ID: id, Rows: slices.Concat(rows(), verifyRows(), revokedRows(), userRows(), backRows(), phraseRows(), commandRows(), stapleRows(), inquiryRows(), cacheRows()), Server: server, Dir: dir, Finish: finish, FinishGuest: finish}
}

// finish ends a build, of the files or of a text that was discovered.
func finish(b *module.Builder) error {
	endDialog(b)
	beginStapling(b)
	return nil
}

const (
	orderNote   = "the order of preference among cipher suites is Go's, which goes by strength and by what the processors are fast at; On has the server choose among certificates"
	perRequest  = "a section cannot change what the handshake has agreed on: connections are not renegotiated"
	noOptional  = "it is as Off: HTTP is not upgraded to TLS (httpd no longer does it either)"
	otherOption = "it is not supported yet"
)

func rows() []directive.Row {
	return []directive.Row{
		{Name: "SSLEngine", Set: setEngine, When: func(c *directive.Call) (directive.Tier, string) {
			if ascii.EqualFold(c.Arg(0), "optional") {
				return directive.Noted, noOptional
			}
			return directive.Honoured, ""
		}},
		{Name: "SSLCertificateFile", Set: setFile(func(s *conf, f file) { s.certs = append(s.certs, f) }), When: noToken},
		{Name: "SSLCertificateKeyFile", Set: setFile(func(s *conf, f file) { s.keys = append(s.keys, f) }), When: noToken},
		{Name: "SSLCertificateChainFile", Set: setFile(func(s *conf, f file) { s.chain.To(f) })},
		{Name: "SSLSessionTicketKeyFile", Set: setFile(func(s *conf, f file) { s.ticket.To(f) })},
		{Name: "SSLProtocol", Set: setProtocol},
		{Name: "SSLCipherSuite", Set: setCiphers, When: func(c *directive.Call) (directive.Tier, string) {
			if !c.Scope.Section().Kind.Server() {
				return directive.Refused, perRequest
			}
			return directive.Honoured, ""
		}},
		{Name: "SSLHonorCipherOrder", Tier: directive.Mapped, Note: orderNote, Set: setFlag(func(s *conf) *module.Opt[bool] { return &s.honor })},
		{Name: "SSLSessionTickets", Set: setFlag(func(s *conf) *module.Opt[bool] { return &s.tickets })},
		{Name: "SSLStrictSNIVHostCheck", Set: setFlag(func(s *conf) *module.Opt[bool] { return &s.strict })},
		{Name: "SSLVHostSNIPolicy", Set: setPolicy},
		{Name: "SSLOptions", Set: setOptions, When: whenOptions},
		{Name: "SSLRequireSSL", Set: func(c *directive.Call) error {
			dirSlot.Of(c.Dir).required.To(true)
			return nil
		}},
	}
}

func setEngine(c *directive.Call) error {
	on, ok := directive.OnOff(c.Arg(0))
	if !ok && !ascii.EqualFold(c.Arg(0), "optional") {
		return c.Errorf("Argument must be On, Off, or Optional")
	}
	slot.Of(c.Server).engine.To(on && ok)
	return nil
}

// noToken decides about certificates and keys that are not in files.
func noToken(c *directive.Call) (directive.Tier, string) {
	if ascii.HasPrefixFold(c.Arg(0), "pkcs11:") {
		return directive.Refused, "certificates and keys in tokens (pkcs11:) are not supported: files have them"
	}
	return directive.Honoured, ""
}

func setFile(to func(s *conf, f file)) func(*directive.Call) error {
	return func(c *directive.Call) error {
		path := c.Path(c.Arg(0))
		if c.LooksAtFolders() && missing(path) {
			return c.Errorf("%s: file '%s' does not exist or is empty", c.Row.Name, path)
		}
		to(slot.Of(c.Server), file{path: path, pos: c.Pos()})
		return nil
	}
}

// missing reports whether a file is not there, or is empty. One that cannot be looked at
// may be there: a start has more rights.
func missing(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrPermission)
	}
	return info.Size() == 0
}

func setFlag(of func(*conf) *module.Opt[bool]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		of(slot.Of(c.Server)).To(c.On)
		return nil
	}
}

func setPolicy(c *directive.Call) error {
	p, ok := map[string]exchange.SNIPolicy{
		"secure": exchange.SNISecure, "strict": exchange.SNIStrict, "authonly": exchange.SNIAuthOnly, "insecure": exchange.SNIInsecure,
	}[ascii.ToLower(c.Arg(0))]
	if !ok {
		return c.Errorf("Invalid SSLVHostSNIPolicy argument '%s'", c.Arg(0))
	}
	slot.Of(c.Server).policy.To(p)
	return nil
}

// setCiphers reads SSLCipherSuite [protocol] list.
func setCiphers(c *directive.Call) error {
	list := c.Arg(0)
	if len(c.Args) == 2 {
		list = c.Arg(1)
		switch {
		case c.Arg(0) == "TLSv1.3":
			modern(c, list)
			return nil
		case c.Arg(0) != "SSL":
			return c.Errorf("procotol '%s' not supported", c.Arg(0)) //nolint:misspell // httpd's text
		}
	}
	judgeCiphers(c, list)
	slot.Of(c.Server).ciphers.To(list)
	return nil
}

// notNull is what httpd appends to every list of cipher suites.
const notNull = ":!aNULL:!eNULL:!EXP"

// judgeCiphers says what is wrong with a list of cipher suites.
func judgeCiphers(c *directive.Call, list string) cipherlist.List {
	l := cipherlist.Parse(list)
	if len(l.Unknown) > 0 {
		c.Warn("%s: there are no cipher suites %q", c.Row.Name, l.Unknown)
	}
	if len(l.Missing) > 0 {
		c.Note("%s: crypto/tls does not have %q, they are left out", c.Row.Name, l.Missing)
	}
	if len(l.IDs) == 0 {
		c.Warn("%s: none of these cipher suites is available: only clients with TLS 1.3 can connect", c.Row.Name)
	}
	return l
}

// modern judges a list for TLS 1.3.
func modern(c *directive.Call, list string) {
	lacking, unknown := cipherlist.Lacking(list)
	if len(unknown) > 0 {
		c.Warn("%s: there are no cipher suites %q of TLS 1.3", c.Row.Name, unknown)
	}
	if len(lacking) > 0 {
		c.Note("%s: suites of TLS 1.3 cannot be chosen, %q remain too", c.Row.Name, lacking)
	}
}

// protocols are versions of TLS, one bit each; zero: none.
type protocols uint8

const (
	tls10 protocols = 1 << iota
	tls11
	tls12
	tls13
	all = tls12 | tls13
)

var errHole = errors.New("versions between others cannot be left out")

// setProtocol reads SSLProtocol [+|-]protocol ...
func setProtocol(c *directive.Call) error {
	use, err := readProtocols(c)
	if err != nil {
		return err
	}
	slot.Of(c.Server).use.To(use)
	return nil
}

// readProtocols reads the words of SSLProtocol and SSLProxyProtocol.
//
// Ours: all is TLS 1.2 and 1.3, whatever OpenSSL has, where its security level forbids
// the older ones anyway.
func readProtocols(c *directive.Call) (protocols, error) {
	words := map[string]protocols{"tlsv1": tls10, "tlsv1.1": tls11, "tlsv1.2": tls12, "tlsv1.3": tls13, "all": all}
	var use protocols
	for _, w := range c.Args {
		op, word := byte(0), w
		if w != "" && (w[0] == '+' || w[0] == '-') {
			op, word = w[0], w[1:]
		}
		p, ok := words[ascii.ToLower(word)]
		switch old := ascii.ToLower(word); {
		case (old == "sslv2" || old == "sslv3") && op == '-':
		case old == "sslv2":
			return 0, c.Errorf("%s: SSLv2 is no longer supported", c.Row.Name)
		case old == "sslv3":
			return 0, c.Errorf("SSLv3 not supported by this version of OpenSSL")
		case !ok:
			return 0, c.Errorf("%s: Illegal protocol '%s'", c.Row.Name, word)
		case op == '-':
			use &^= p
		case op == '+':
			use |= p
		default:
			if use != 0 {
				c.Warn("%s: Protocol '%s' overrides already set parameter(s). Check if a +/- prefix is missing.", c.Row.Name, word)
			}
			use = p
		}
	}
	if lowest := use & -use; use&(use+lowest) != 0 {
		return 0, c.Errorf("%s: %w", c.Row.Name, errHole)
	}
	return use, nil
}
