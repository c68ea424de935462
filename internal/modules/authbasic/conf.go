package authbasic

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/module"
)

// conf is what one section says.
type conf struct {
	providers     []module.AuthnProvider // in the order they are asked
	authoritative module.Opt[bool]
	fake          module.Opt[*fake]
	digest        module.Opt[bool] // AuthBasicUseDigestAlgorithm MD5
}

// slot is where a section's conf lies.
var slot = directive.Slot[conf]{Name: "auth_basic", Merge: func(base, add *conf) *conf {
	out := &conf{
		providers:     base.providers,
		authoritative: module.Over(base.authoritative, add.authoritative),
		fake:          module.Over(base.fake, add.fake),
		digest:        module.Over(base.digest, add.digest),
	}
	if add.providers != nil {
		out.providers = add.providers
	}
	return out
}}

// New returns the module.
func New(providers module.AuthnProviders) *module.Module {
	return &module.Module{
		Name: "mod_auth_basic", ID: "auth_basic_module", Dir: dir,
		Rows: []directive.Row{
			{Name: "AuthBasicProvider", Set: func(c *directive.Call) error {
				s := slot.Of(c.Dir)
				return providers.Add(c, &s.providers)
			}},
			{Name: "AuthBasicAuthoritative", Set: func(c *directive.Call) error {
				slot.Of(c.Dir).authoritative.To(c.On)
				return nil
			}},
			{Name: "AuthBasicFake", Set: setFake},
			{Name: "AuthBasicUseDigestAlgorithm", Set: setDigest, Words: []string{"MD5", "Off"}},
		},
	}
}

func setDigest(c *directive.Call) error {
	md5 := ascii.EqualFold(c.Arg(0), "MD5")
	if !md5 && !ascii.EqualFold(c.Arg(0), "Off") {
		return c.Errorf("Invalid algorithm in AuthBasicUseDigestAlgorithm: %s", c.Arg(0))
	}
	slot.Of(c.Dir).digest.To(md5)
	return nil
}

// setFake reads AuthBasicFake. httpd: add_basic_fake.
func setFake(c *directive.Call) error {
	s := slot.Of(c.Dir)
	if ascii.EqualFold(c.Arg(0), "off") {
		s.fake.To(nil)
		return nil
	}
	texts := []string{c.Arg(0), "password"}
	if len(c.Args) > 1 {
		texts[1] = c.Arg(1)
	}
	f := new(fake)
	for i, into := range []**expr.String{&f.user, &f.password} {
		parsed, err := expr.ParseString(texts[i], expr.Options{Restricted: c.Scope.Untrusted()})
		if err != nil {
			return c.Errorf("Could not parse fake %s expression '%s': %w", []string{"username", "password"}[i], texts[i], err)
		}
		*into = parsed
	}
	s.fake.To(f)
	return nil
}
