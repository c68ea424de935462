package ssl

import (
	"errors"

	"github.com/headgate/headgate/internal/backtls"
	"github.com/headgate/headgate/internal/crl"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// crlRows are the directives about revoked certificates of backends.
func crlRows() []directive.Row {
	return []directive.Row{
		{Name: "SSLProxyCARevocationFile", Set: func(c *directive.Call) error {
			path := c.Path(c.Arg(0))
			if !c.LooksAtFolders() {
				backOf(c).lists.To(nil)
				return nil
			}
			if missing(path) {
				return c.Errorf("%s: file '%s' does not exist or is empty", c.Row.Name, path)
			}
			return setLists(c, &backOf(c).lists, crl.ReadFile, path)
		}},
		{Name: "SSLProxyCARevocationPath", Set: func(c *directive.Call) error {
			path := c.Path(c.Arg(0))
			if !c.LooksAtFolders() {
				backOf(c).listsPath.To(nil)
				return nil
			}
			if !folder(path) {
				return c.Errorf("%s: directory '%s' does not exist", c.Row.Name, path)
			}
			return setLists(c, &backOf(c).listsPath, crl.ReadFolder, path)
		}},
		{Name: revocationCheck, Set: func(c *directive.Call) error {
			p, err := crl.ParsePolicy(c.Args)
			if err != nil {
				return c.Errorf("%s: %w", c.Row.Name, err)
			}
			s := backOf(c)
			s.revoked.To(p)
			s.revokedPos = c.Pos()
			return nil
		}},
	}
}

const revocationCheck = "SSLProxyCARevocationCheck"

func setLists(c *directive.Call, to *module.Opt[[]*crl.List], read func(string) ([]*crl.List, error), path string) error {
	list, err := read(path)
	if err != nil {
		return c.Errorf("%s: %w", c.Row.Name, err)
	}
	to.To(list)
	backOf(c).listsPos = c.Pos()
	return nil
}

var errNoLists = errors.New("AH01899: CRL checking has been enabled, but neither SSLProxyCARevocationFile nor SSLProxyCARevocationPath is configured")

// checkRevocation reports checks that nothing is checked against, and lists that nothing
// uses. used: some other server or section has checks. httpd: ssl_init_ctx_crl.
func checkRevocation(b *module.Builder, c *backConf, used bool) {
	some := c.lists.Set || c.listsPath.Set
	asked := c.revoked.V.Depth != crl.None
	switch {
	case some && !asked && !used:
		b.Warnf(c.listsPos, "AH01902: X.509 CRL storage locations configured, but CRL checking (%s) is not enabled", revocationCheck)
	case asked && !some:
		b.Fail(c.revokedPos, revocationCheck, errNoLists)
	case asked && c.verify.Or(backtls.VerifyNone) == backtls.VerifyNone:
		b.Warnf(c.revokedPos, "%s checks nothing, because SSLProxyVerify is none: no certificate is verified", revocationCheck)
	}
}

// revocation adds the lists to the settings.
func revocation(c *backConf, s *backtls.Settings) {
	if c.revoked.V.Depth == crl.None {
		return
	}
	s.Revoked, s.RevokedAt = c.revoked.V, c.at[revocationCheck]
	s.Lists = crl.Make(c.lists.V, c.listsPath.V)
}
