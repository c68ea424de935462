package ssl

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certvar"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// userRows are the directives that make users of certificates.
func userRows() []directive.Row {
	return []directive.Row{
		{Name: "SSLUserName", Set: func(c *directive.Call) error {
			dirSlot.Of(c.Dir).user.To(c.Arg(0))
			return nil
		}},
		{Name: "SSLRequire", Set: setRequire},
	}
}

// userName is SSLUserName: the value of a variable is the user. httpd: ssl_hook_Access.
type userName struct{ variable string }

// Do implements exchange.Step.
func (u userName) Do(x *exchange.Exchange) error {
	if x.Client == nil || !x.Client.TLS {
		return nil
	}
	user := exchange.AppendTLSVar(x.Arena.Alloc(64), u.variable, x)
	if len(user) == 0 {
		x.Logf(logsink.Warn, name, "AH02227", "Failed to set r->user to '%s'", u.variable)
		return nil
	}
	x.User, x.AuthType = user, "ClientCert"
	return nil
}

// login has a certificate log in in place of a user: SSLOptions FakeBasicAuth. Where
// that is off too nobody may log in as what it would be taken for. httpd:
// ssl_hook_UserCheck.
type login struct{ fake bool }

// Do implements exchange.Step.
func (l login) Do(x *exchange.Exchange) error {
	if x.Redirected != nil {
		return nil
	}
	if user, ok := spoofed(x); ok {
		return &fault.Fault{
			Side: fault.Client, Module: name, Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByFakeAuth, Status: 403, ID: "AH02035",
			Detail: "Encountered FakeBasicAuth spoof: " + string(user),
		}
	}
	l.show(x)
	return nil
}

// show puts the subject of the client's certificate in the place of a user.
func (l login) show(x *exchange.Exchange) {
	if !l.fake || len(x.User) > 0 || x.Client == nil || x.Client.Secure == nil {
		return
	}
	c := x.Client.Secure.ClientCertificate(x)
	if c == nil {
		return
	}
	user := certvar.AppendLegacyDN(x.Arena.Alloc(256), c, false)
	x.Req.Header.SetID(message.Authorization, module.EncodeBasic(x, user, []byte(fakePassword)))
}

// fakePassword is the password of all users that are certificates.
const fakePassword = "password"

// spoofed reports whether the client has sent user and password as show makes them.
func spoofed(x *exchange.Exchange) (user []byte, ok bool) {
	field, ok := module.Credentials(x)
	if !ok {
		return nil, false
	}
	scheme, text := module.SchemeName(field)
	if !ascii.EqualFoldBytes(scheme, "Basic") {
		return nil, false
	}
	user, password := module.DecodeBasic(x.Arena.Alloc(len(text)+1), text)
	return user, len(user) > 0 && user[0] == '/' && string(password) == fakePassword
}
