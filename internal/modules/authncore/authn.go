package authncore

import (
	"errors"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// none is the AuthType of a section in which nobody is asked.
const none = "None"

// builder makes the module's parts of chains.
type builder struct {
	schemes   []module.AuthScheme
	providers module.AuthnProviders
}

// New returns the module. providers are those that an alias may be of, schemes the
// kinds of authentication there are.
func New(providers module.AuthnProviders, schemes ...module.AuthScheme) *module.Module {
	m := &builder{schemes, providers}
	return &module.Module{Name: "mod_authn_core", ID: "authn_core_module", Rows: m.rows(), Dir: m.dir}
}

func (m *builder) scheme(name string) *module.AuthScheme {
	for i := range m.schemes {
		if ascii.EqualFold(m.schemes[i].Name, name) {
			return &m.schemes[i]
		}
	}
	return nil
}

// dir adds the authentication of users to the chain of a combination of sections.
func (m *builder) dir(b *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if !ok || c.kind == nil {
		return nil
	}
	a := &authenticator{kind: c.kind, realm: c.realm}
	if text, literal := c.kind.Literal(); literal {
		if ascii.EqualFold(text, none) {
			return nil
		}
		a.kindText = text
	}
	if c.realm != nil {
		if text, literal := c.realm.Literal(); literal {
			a.realmText = []byte(escape(text))
		}
	}
	for i := range m.schemes {
		s := &m.schemes[i]
		if a.kindText != "" && !ascii.EqualFold(s.Name, a.kindText) {
			continue
		}
		method, err := s.New(b, d)
		if err != nil {
			return err
		}
		a.methods = append(a.methods, named{s.Name, method})
	}
	d.Chain.Authn = a
	return nil
}

// named is a kind of authentication, compiled.
type named struct {
	name string
	module.AuthMethod
}

// authenticator finds out the user for one combination of sections.
type authenticator struct {
	kind, realm *expr.String // realm is nil without AuthName
	kindText    string       // kind, where it is no expression; "" otherwise
	realmText   []byte       // realm, escaped, where it is no expression; nil otherwise
	methods     []named
	evals       exchange.Evaluator
}

var _ exchange.Authenticator = (*authenticator)(nil)

// Type implements exchange.Authenticator. httpd: authn_ap_auth_type.
func (a *authenticator) Type(x *exchange.Exchange) string {
	if a.kindText != "" {
		return a.kindText
	}
	text, err := a.evals.String(a.kind, x)
	if err != nil {
		x.Logf(logsink.Error, "authn_core", "AH02834", "AuthType expression could not be evaluated: %v", err)
		return ""
	}
	if ascii.EqualFold(string(text), none) {
		return ""
	}
	return string(text)
}

// name returns the AuthName, nil without one. httpd: authn_ap_auth_name.
func (a *authenticator) name(x *exchange.Exchange) []byte {
	if a.realm == nil || a.realmText != nil {
		return a.realmText
	}
	text, err := a.evals.String(a.realm, x)
	if err != nil {
		x.Logf(logsink.Error, "authn_core", "AH02835", "AuthName expression could not be evaluated: %v", err)
		return nil
	}
	return x.Arena.String(escape(string(text)))
}

func (a *authenticator) method(kind string) module.AuthMethod {
	for i := range a.methods {
		if ascii.EqualFold(a.methods[i].name, kind) {
			return a.methods[i].AuthMethod
		}
	}
	return nil
}

// Authenticate implements exchange.Authenticator.
func (a *authenticator) Authenticate(x *exchange.Exchange) error {
	kind := a.Type(x)
	if kind == "" {
		return nil // access control says that there is no user
	}
	for _, s := range x.Chain.Login {
		if err := s.Do(x); err != nil {
			return err
		}
	}
	if m := a.method(kind); m != nil {
		x.AuthType = kind
		if err := m.Authenticate(x, a.name(x)); !errors.Is(err, exchange.ErrDeclined) {
			return err
		}
	}
	return module.AuthBroken("authn_core", "AH01796", "AuthType "+kind+" configured without corresponding module")
}

// Challenge implements exchange.Authenticator.
func (a *authenticator) Challenge(x *exchange.Exchange) {
	if m := a.method(a.Type(x)); m != nil {
		m.Challenge(x, a.name(x))
	}
}
