package module

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

// AuthScheme is a kind of authentication: a value of AuthType.
type AuthScheme struct {
	Name string // in any case of letters
	// New compiles it for one combination of sections.
	New func(b *Builder, d *Dir) (AuthMethod, error)
}

// AuthMethod is an AuthScheme as one combination of sections has it. realm is
// the AuthName, with its quotes escaped;
// nil without one.
type AuthMethod interface {
	// Authenticate sets x.User by what the client sent. The error is the response
	// that asks the client to log in, a fault, or exchange.ErrDeclined.
	Authenticate(x *exchange.Exchange, realm []byte) error
	// Challenge adds to the response what asks the client to log in.
	Challenge(x *exchange.Exchange, realm []byte)
}

// AuthnResult is what a provider says about a user.
type AuthnResult uint8

// The results. The zero AuthnResult lets nobody in.
const (
	AuthnFailed   AuthnResult = iota // it could not be found out; the provider has said why
	AuthnBusy                        // it could not be found out, as too many wait for it
	AuthnDenied                      // the password is another
	AuthnNotFound                    // no such user; the next provider is asked
	AuthnGranted                     // the password is right; of RealmHash: here is the hash
)

// AuthnProvider knows users: what may follow AuthBasicProvider.
type AuthnProvider struct {
	Name string // matched by case, as in httpd

	// Passwords compiles the provider for one combination of sections.
	Passwords func(b *Builder, d *Dir) (PasswordChecker, error)
	// Hashes does so for Digest; nil: it has no hashes of realms.
	Hashes func(b *Builder, d *Dir) (RealmHasher, error)
}

// PasswordChecker judges a password.
type PasswordChecker interface {
	// CheckPassword may leave the loop. It does not allocate when it grants what it
	// has granted lately.
	CheckPassword(x *exchange.Exchange, user, password []byte) AuthnResult
}

// RealmHasher knows the hash of a user of a realm: MD5 of user:realm:password in
// lower-case hexadecimal digits.
type RealmHasher interface {
	RealmHash(x *exchange.Exchange, user, realm []byte) (hash string, r AuthnResult)
}

// AuthnProviders are the providers that modules offer. Those that a configuration
// defines by <AuthnProviderAlias> are found beside them.
type AuthnProviders []AuthnProvider

// aliases are the providers that a configuration has defined, in its main server.
var aliases = directive.Slot[AuthnProviders]{Name: "authn_aliases"}

// Find returns the provider of a name as seen from where c stands; nil: there is
// none, or it comes later.
func (p AuthnProviders) Find(c *directive.Call, name string) *AuthnProvider {
	if a := p.named(name); a != nil {
		return a
	}
	root := c.Scope
	for root.Parent != nil {
		root = root.Parent
	}
	if defined, ok := aliases.Peek(root.Server); ok {
		return defined.named(name)
	}
	return nil
}

func (p AuthnProviders) named(name string) *AuthnProvider {
	for i := range p {
		if p[i].Name == name {
			return &p[i]
		}
	}
	return nil
}

// DefineProvider adds an alias to the configuration that c is part of.
func DefineProvider(c *directive.Call, a AuthnProvider) {
	list := aliases.Of(c.Server)
	*list = append(*list, a)
}

// Add appends the providers that c names to those of a section (httpd:
// add_authn_provider).
func (p AuthnProviders) Add(c *directive.Call, list *[]AuthnProvider) error {
	for _, name := range c.Args {
		a := p.Find(c, name)
		if a == nil {
			return c.Errorf("Unknown Authn provider: %s", name)
		}
		*list = append(*list, *a)
	}
	return nil
}

// AuthFailed makes the fault of a request whose user is not let in: 401, or
// another status.
func AuthFailed(name, id string, status int, detail string) *fault.Fault {
	return &fault.Fault{
		Side: fault.Client, Module: name, Phase: fault.Map, Kind: fault.Denied, Cause: fault.AuthFailed, Status: status, ID: id, Detail: detail,
	}
}

// AuthBroken makes the fault of a request whose user cannot be found out.
func AuthBroken(name, id, detail string) *fault.Fault {
	return &fault.Fault{
		Side: fault.Proxy, Module: name, Phase: fault.Map, Kind: fault.Internal, Cause: fault.AuthBroken, Status: 500, ID: id, Detail: detail,
	}
}
