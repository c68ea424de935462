package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/backtls"
	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/cipherlist"
	"github.com/headgate/headgate/internal/crl"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
)

// backConf is what a server or a <Proxy> section says of connections to backends.
type backConf struct {
	engine  module.Opt[bool]
	verify  module.Opt[backtls.Verify]
	depth   module.Opt[int]
	name    module.Opt[bool]
	cn      module.Opt[bool]
	expire  module.Opt[bool]
	cas     module.Opt[[]*x509.Certificate] // SSLProxyCACertificateFile
	path    module.Opt[[]*x509.Certificate] // SSLProxyCACertificatePath
	use     module.Opt[protocols]
	ciphers module.Opt[[]uint16]

	own, ownPath module.Opt[file]                // SSLProxyMachineCertificateFile and Path
	ownChain     module.Opt[[]*x509.Certificate] // SSLProxyMachineCertificateChainFile

	lists, listsPath module.Opt[[]*crl.List] // SSLProxyCARevocationFile and Path
	revoked          module.Opt[crl.Policy]  // SSLProxyCARevocationCheck
	revokedPos       syntax.Pos
	listsPos         syntax.Pos

	at map[string]string // where a directive is, by its name

	section bool      // it is a section's
	server  *backConf // what the server around the section says
}

// httpd: each section's settings are merged with those of its server, and of several
// sections that apply only the last one's count (proxy_post_config in
// ssl_config_perdir_merge).
var backSlot = directive.Slot[backConf]{Name: "ssl proxy", Merge: func(base, add *backConf) *backConf {
	if add.section && base.section {
		base = base.server
	}
	if base == nil {
		base = &backConf{}
	}
	m := &backConf{
		engine: module.Over(base.engine, add.engine), verify: module.Over(base.verify, add.verify), depth: module.Over(base.depth, add.depth),
		name: module.Over(base.name, add.name), cn: module.Over(base.cn, add.cn), expire: module.Over(base.expire, add.expire),
		cas: module.Over(base.cas, add.cas), path: module.Over(base.path, add.path),
		use: module.Over(base.use, add.use), ciphers: module.Over(base.ciphers, add.ciphers),
		own: module.Over(base.own, add.own), ownPath: module.Over(base.ownPath, add.ownPath), ownChain: module.Over(base.ownChain, add.ownChain),
		lists: module.Over(base.lists, add.lists), listsPath: module.Over(base.listsPath, add.listsPath),
		revoked: module.Over(base.revoked, add.revoked), revokedPos: base.revokedPos, listsPos: base.listsPos,
		at: make(map[string]string), section: add.section,
	}
	if add.revoked.Set {
		m.revokedPos = add.revokedPos
	}
	if add.lists.Set || add.listsPath.Set {
		m.listsPos = add.listsPos
	}
	for _, from := range []*backConf{base, add} {
		for k, v := range from.at {
			m.at[k] = v
		}
	}
	if m.section {
		m.server = base
	}
	return m
}}

// backRows are the directives about backends.
func backRows() []directive.Row {
	return slices.Concat([]directive.Row{
		{Name: "SSLProxyEngine", Set: backFlag(func(s *backConf) *module.Opt[bool] { return &s.engine })},
		{Name: "SSLProxyVerify", Set: setBackVerify},
		{Name: "SSLProxyVerifyDepth", Set: setBackDepth},
		{Name: "SSLProxyCheckPeerName", Set: backFlag(func(s *backConf) *module.Opt[bool] { return &s.name })},
		{Name: "SSLProxyCheckPeerCN", Set: backFlag(func(s *backConf) *module.Opt[bool] { return &s.cn })},
		{Name: "SSLProxyCheckPeerExpire", Set: backFlag(func(s *backConf) *module.Opt[bool] { return &s.expire })},
		{Name: "SSLProxyCACertificateFile", Set: setBackFile},
		{Name: "SSLProxyCACertificatePath", Set: setBackPath},
		{Name: "SSLProxyProtocol", Set: setBackProtocol},
		{Name: "SSLProxyCipherSuite", Set: setBackCiphers},
	}, ownRows(), crlRows())
}

// backOf returns the configuration that a directive sets, and keeps the place.
func backOf(c *directive.Call) *backConf {
	s := backSlot.Of(c.Dir)
	s.section = !c.Scope.Section().Kind.Server()
	if s.at == nil {
		s.at = make(map[string]string)
	}
	s.at[c.Row.Name] = c.Pos().String()
	return s
}

func backFlag(of func(*backConf) *module.Opt[bool]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		of(backOf(c)).To(c.On)
		return nil
	}
}

func setBackVerify(c *directive.Call) error {
	v, ok := map[string]backtls.Verify{
		"none": backtls.VerifyNone, "off": backtls.VerifyNone, "optional": backtls.VerifyOptional, "require": backtls.VerifyRequire,
		"on": backtls.VerifyRequire, "optional_no_ca": backtls.VerifyNoCA,
	}[ascii.ToLower(c.Arg(0))]
	if !ok {
		return c.Errorf("%s: Invalid argument '%s'", c.Row.Name, c.Arg(0))
	}
	backOf(c).verify.To(v)
	return nil
}

func setBackDepth(c *directive.Call) error {
	n := ascii.LeadingInt(c.Arg(0)) // httpd: atoi
	if n < 0 {
		return c.Errorf("%s: Invalid argument '%s'", c.Row.Name, c.Arg(0))
	}
	backOf(c).depth.To(n)
	return nil
}

func setBackProtocol(c *directive.Call) error {
	use, err := readProtocols(c)
	if err != nil {
		return err
	}
	if use == 0 {
		c.Warn("%s: no protocol is left: no backend can be connected to by TLS", c.Row.Name)
	}
	backOf(c).use.To(use)
	return nil
}

// setBackCiphers reads SSLProxyCipherSuite [protocol] list.
func setBackCiphers(c *directive.Call) error {
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
	l := cipherlist.Parse(list + ":!aNULL:!eNULL:!EXP")
	if len(l.Unknown) > 0 {
		c.Warn("%s: there are no cipher suites %q", c.Row.Name, l.Unknown)
	}
	if len(l.Missing) > 0 {
		c.Note("%s: crypto/tls does not have %q, they are left out", c.Row.Name, l.Missing)
	}
	if len(l.IDs) == 0 {
		c.Warn("%s: none of these cipher suites is available: only backends with TLS 1.3 can be connected to", c.Row.Name)
	}
	backOf(c).ciphers.To(l.IDs)
	return nil
}

func setBackFile(c *directive.Call) error {
	path := c.Path(c.Arg(0))
	list, err := readCAs(c, path)
	if err != nil {
		return err
	}
	backOf(c).cas.To(list)
	return nil
}

// readCAs reads a file of certificates.
func readCAs(c *directive.Call, path string) ([]*x509.Certificate, error) {
	if !c.LooksAtFolders() {
		return nil, nil
	}
	if missing(path) {
		return nil, c.Errorf("%s: file '%s' does not exist or is empty", c.Row.Name, path)
	}
	text, err := readLimited(path)
	if err != nil {
		return nil, c.Errorf("%s: %w", c.Row.Name, err)
	}
	ders, err := certfile.Chained(text)
	if err != nil {
		return nil, c.Errorf("%s: %s: %w", c.Row.Name, path, err)
	}
	var list []*x509.Certificate
	for _, der := range ders {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, c.Errorf("%s: %s: %w", c.Row.Name, path, err)
		}
		list = append(list, cert)
	}
	return list, nil
}

// mostCAs limits a file of certificates.
const mostCAs = 16 << 20

var errLongCAs = errors.New("the file is too long for certificates")

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostCAs+1))
	if err == nil && len(text) > mostCAs {
		err = errLongCAs
	}
	return text, err
}

// setBackPath reads a folder of certificates under the names that c_rehash gives them:
// eight hexadecimal digits, a dot and a number. As OpenSSL it looks at no others.
func setBackPath(c *directive.Call) error {
	list, err := readFolder(c, c.Path(c.Arg(0)), hashed)
	if err != nil {
		return err
	}
	backOf(c).path.To(list)
	return nil
}

// hashed returns the files of a folder whose names are hashes.
func hashed(dir string) (names []string, err error) {
	all, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	for _, e := range all {
		if n := e.Name(); len(n) > 9 && n[8] == '.' && digits(n[:8], 16) && digits(n[9:], 10) {
			names = append(names, filepath.Join(dir, n))
		}
	}
	return names, err
}

func digits(s string, base int) bool {
	_, err := strconv.ParseUint(s, base, 32)
	return err == nil
}

// backend makes the settings of connections to backends for a combination of sections,
// nil where SSLProxyEngine is off.
func backend(b *module.Builder, d *module.Dir) *backtls.Config {
	c, ok := backSlot.Peek(d.Conf)
	if !ok || !c.engine.Or(false) {
		return nil
	}
	s := &backtls.Settings{
		Verify: c.verify.Or(backtls.VerifyNone), VerifyAt: c.at["SSLProxyVerify"], Depth: c.depth.Or(1),
		CAs:    append(append([]*x509.Certificate(nil), c.cas.V...), c.path.V...),
		Expire: backtls.Check{On: c.expire.Or(true), At: c.at["SSLProxyCheckPeerExpire"]},
		Low:    tls.VersionTLS12, High: tls.VersionTLS13, Suites: c.ciphers.V,
	}
	if c.use.Set {
		s.Low, s.High = c.use.V.versions()
	}
	if s.High == 0 {
		s.Low, s.High = 1, 1 // crypto/tls takes 0 for its defaults; no handshake begins with this
	}
	// httpd: the name is checked unless that is off, or left open and CheckPeerCN is off.
	s.Name = backtls.Check{On: c.name.Or(c.cn.Or(true)), At: c.at["SSLProxyCheckPeerName"]}
	s.CN = backtls.Check{On: c.cn.Or(false), At: c.at["SSLProxyCheckPeerCN"]}
	revocation(c, s)
	machines(b, c, s)
	set, _ := b.Aux.Get(setKey{}).(*backtls.Set)
	return set.Config(s)
}

// setKey is the key in Builder.Aux for the settings in use.
type setKey struct{}

// prepare reads what the servers of a part and their sections name, and checks what only
// shows once they are merged. The main server is one of them if main.
func prepare(b *module.Builder, main bool) {
	if b.Blind {
		return
	}
	var all []*backConf
	add := func(c *backConf) {
		if c.engine.Or(false) {
			all = append(all, c)
		}
	}
	server := func(s *directive.Scope, base *directive.Confs) {
		of, ok := backSlot.Peek(base)
		if ok {
			add(of)
		} else {
			of = &backConf{}
		}
		for _, section := range s.Children {
			if c, some := backSlot.Peek(section.Dir); some && !section.Kind.Server() {
				add(backSlot.Merge(of, c))
			}
		}
	}
	if main {
		server(b.Main, b.Main.Dir)
	}
	for _, host := range b.Hosts {
		server(host, directive.MergeConfs(b.Main.Dir, host.Dir))
	}
	used := slices.ContainsFunc(all, func(c *backConf) bool { return c.revoked.V.Depth != crl.None })
	for _, c := range all {
		checkRevocation(b, c, used)
		readOwn(b, c)
	}
}

// keepSet makes the settings that connections stand for outlive a reload.
func keepSet(b *module.Builder) {
	b.Aux.Put(setKey{}, state.Attach(b.Lease, "tls backends", func() (*backtls.Set, func()) { return new(backtls.Set), nil }))
}
