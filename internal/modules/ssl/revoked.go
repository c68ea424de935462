package ssl

import (
	"errors"
	"os"

	"github.com/headgate/headgate/internal/certcheck"
	"github.com/headgate/headgate/internal/crl"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// revokedConf is what a server says of revoked certificates of clients.
type revokedConf struct {
	file, path module.Opt[lists]
	check      module.Opt[crl.Policy]
	at         syntax.Pos // of SSLCARevocationCheck
}

// lists are the lists of a file or folder.
type lists struct {
	name string
	list []*crl.List
	at   syntax.Pos
}

func (r *revokedConf) over(base *revokedConf) revokedConf {
	m := revokedConf{file: module.Over(base.file, r.file), path: module.Over(base.path, r.path), check: module.Over(base.check, r.check), at: base.at}
	if r.check.Set {
		m.at = r.at
	}
	return m
}

// revokedRows are the directives about revoked certificates of clients.
func revokedRows() []directive.Row {
	return []directive.Row{
		{Name: "SSLCARevocationFile", Set: func(c *directive.Call) error {
			path := c.Path(c.Arg(0))
			if c.LooksAtFolders() && missing(path) {
				return c.Errorf("%s: file '%s' does not exist or is empty", c.Row.Name, path)
			}
			return setRevoked(c, &slot.Of(c.Server).verify.revoked.file, crl.ReadFile, path)
		}},
		{Name: "SSLCARevocationPath", Set: func(c *directive.Call) error {
			path := c.Path(c.Arg(0))
			if info, err := os.Stat(path); c.LooksAtFolders() && (err != nil || !info.IsDir()) {
				return c.Errorf("%s: directory '%s' does not exist", c.Row.Name, path)
			}
			return setRevoked(c, &slot.Of(c.Server).verify.revoked.path, crl.ReadFolder, path)
		}},
		{Name: "SSLCARevocationCheck", Set: func(c *directive.Call) error {
			p, err := crl.ParsePolicy(c.Args)
			if err != nil {
				return c.Errorf("%s: %w", c.Row.Name, err)
			}
			r := &slot.Of(c.Server).verify.revoked
			r.check.To(p)
			r.at = c.Pos()
			return nil
		}},
	}
}

func setRevoked(c *directive.Call, to *module.Opt[lists], read func(string) ([]*crl.List, error), path string) error {
	l := lists{name: path, at: c.Pos()}
	if c.LooksAtFolders() {
		var err error
		if l.list, err = read(path); err != nil {
			return c.Errorf("%s: %w", c.Row.Name, err)
		}
	}
	to.To(l)
	return nil
}

var errNoRevoked = errors.New("AH01899: CRL checking has been enabled, but neither SSLCARevocationFile nor SSLCARevocationPath is configured")

// revocation returns the lists that certificates of clients are looked for in. httpd:
// ssl_init_ctx_crl.
func (r *revokedConf) revocation(b *module.Builder) certcheck.Revocation {
	switch some := r.file.Set || r.path.Set; {
	case r.check.V.Depth == crl.None && !some:
		return certcheck.Revocation{}
	case r.check.V.Depth == crl.None:
		at := r.file.V.at
		if !r.file.Set {
			at = r.path.V.at
		}
		b.Warnf(at, "AH01900: X.509 CRL storage locations configured, but CRL checking (SSLCARevocationCheck) is not enabled")
		return certcheck.Revocation{}
	case !some:
		b.Fail(r.at, "SSLCARevocationCheck", errNoRevoked)
		return certcheck.Revocation{}
	}
	return certcheck.Revocation{Policy: r.check.V, Lists: crl.Make(r.file.V.list, r.path.V.list)}
}
