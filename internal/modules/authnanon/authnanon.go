package authnanon

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// conf is what one section says.
type conf struct {
	users       []string
	anyUser     bool // Anonymous *
	noUser      bool // Anonymous_NoUserId
	mustEmail   bool // Anonymous_MustGiveEmail
	verifyEmail bool // Anonymous_VerifyEmail
	logEmail    bool // Anonymous_LogEmail
}

// slot is where a section's conf lies. It has no Merge: the inner one replaces
// the outer (httpd: the module has no merge function).
var slot = directive.Slot[conf]{Name: "authn_anon", New: func() *conf { return &conf{mustEmail: true, logEmail: true} }}

// New returns the module.
func New() *module.Module {
	flag := func(name string, field func(*conf) *bool) directive.Row {
		return directive.Row{Name: name, Set: func(c *directive.Call) error {
			*field(slot.Of(c.Dir)) = c.On
			return nil
		}}
	}
	return &module.Module{
		Name: "mod_authn_anon", ID: "authn_anon_module",
		Rows: []directive.Row{
			{Name: "Anonymous", Set: setUsers},
			flag("Anonymous_MustGiveEmail", func(s *conf) *bool { return &s.mustEmail }),
			flag("Anonymous_NoUserId", func(s *conf) *bool { return &s.noUser }),
			flag("Anonymous_VerifyEmail", func(s *conf) *bool { return &s.verifyEmail }),
			flag("Anonymous_LogEmail", func(s *conf) *bool { return &s.logEmail }),
		},
	}
}

func setUsers(c *directive.Call) error {
	s := slot.Of(c.Dir)
	for _, name := range c.Args {
		switch name {
		case "":
			return c.Errorf("Anonymous string cannot be empty, use Anonymous_NoUserId instead")
		case "*":
			s.anyUser = true
		default:
			s.users = append(s.users, name)
		}
	}
	return nil
}

// Provider is what AuthBasicProvider anon names.
func Provider() module.AuthnProvider {
	return module.AuthnProvider{
		Name: "anon",
		Passwords: func(_ *module.Builder, d *module.Dir) (module.PasswordChecker, error) {
			if c, ok := slot.Peek(d.Conf); ok {
				return c, nil
			}
			return new(conf), nil
		},
	}
}

// CheckPassword implements module.PasswordChecker. httpd: check_anonymous.
func (s *conf) CheckPassword(x *exchange.Exchange, user, password []byte) module.AuthnResult {
	if !s.knows(user) {
		return module.AuthnNotFound
	}
	address := bytes.IndexByte(password, '@') >= 0 && bytes.IndexByte(password, '.') >= 0
	if s.mustEmail && len(password) == 0 || s.verifyEmail && !address {
		return module.AuthnDenied
	}
	if s.logEmail && x.Main == nil && x.Redirected == nil {
		shown := password
		switch { // Ours: what is no address may be somebody's password
		case len(password) == 0:
			shown = []byte("'none'")
		case !address:
			shown = []byte("not an address")
		}
		x.Logf(logsink.Info, "authn_anon", "AH01672", "Anonymous: Passwd <%s> Accepted", shown)
	}
	return module.AuthnGranted
}

func (s *conf) knows(user []byte) bool {
	switch {
	case len(s.users) == 0 && !s.anyUser:
		return false
	case len(user) == 0:
		return s.noUser
	case s.anyUser:
		return true
	}
	for _, name := range s.users {
		if ascii.EqualFold(name, string(user)) {
			return true
		}
	}
	return false
}
