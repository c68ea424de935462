package authbasic

import (
	"crypto/md5" //nolint:gosec // hashes of realms are MD5
	"encoding/hex"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passwd"
)

// Scheme is AuthType Basic. usual is the provider that is asked where
// AuthBasicProvider names none; responses to wrong credentials are delayed by p.
func Scheme(usual module.AuthnProvider, p *module.Penalty) module.AuthScheme {
	return module.AuthScheme{Name: "Basic", New: func(b *module.Builder, d *module.Dir) (module.AuthMethod, error) {
		c, ok := slot.Peek(d.Conf)
		if !ok {
			c = new(conf)
		}
		m := &method{authoritative: c.authoritative.Or(true), penalty: p}
		providers := c.providers
		if providers == nil {
			providers = []module.AuthnProvider{usual}
		}
		for i := range providers {
			check, err := checker(b, d, &providers[i], c.digest.Or(false))
			if err != nil {
				return nil, err
			}
			m.providers = append(m.providers, check)
		}
		return m, nil
	}}
}

// checker compiles a provider, by its hashes of realms if digest.
func checker(b *module.Builder, d *module.Dir, p *module.AuthnProvider, digest bool) (realmChecker, error) {
	if !digest {
		check, err := p.Passwords(b, d)
		return plain{check}, err
	}
	if p.Hashes == nil {
		return hashless{p.Name}, nil
	}
	hashes, err := p.Hashes(b, d)
	return hashed{hashes}, err
}

// realmChecker judges a password given for a realm.
type realmChecker interface {
	check(x *exchange.Exchange, user, password, realm []byte) module.AuthnResult
}

// plain is a provider that is asked about the password.
type plain struct{ module.PasswordChecker }

func (p plain) check(x *exchange.Exchange, user, password, _ []byte) module.AuthnResult {
	return p.CheckPassword(x, user, password)
}

// hashed is a provider that is asked for the hash of user, realm and password
// (AuthBasicUseDigestAlgorithm).
type hashed struct{ module.RealmHasher }

func (h hashed) check(x *exchange.Exchange, user, password, realm []byte) module.AuthnResult {
	hash, r := h.RealmHash(x, user, realm)
	if r != module.AuthnGranted {
		return r
	}
	sep := []byte(":")
	sum := md5.Sum(x.Arena.Join(user, sep, realm, sep, password)) //nolint:gosec // as above
	if !passwd.Equal(hash, hex.EncodeToString(sum[:])) {
		return module.AuthnDenied
	}
	return module.AuthnGranted
}

// hashless is a provider that has no hashes where they are wanted.
type hashless struct{ name string }

func (h hashless) check(x *exchange.Exchange, _, _, _ []byte) module.AuthnResult {
	x.Logf(logsink.Error, "auth_basic", "", "the provider %s has no hashes for AuthBasicUseDigestAlgorithm", h.name)
	return module.AuthnFailed
}

// method is AuthType Basic in one combination of sections.
type method struct {
	providers     []realmChecker
	authoritative bool
	penalty       *module.Penalty
}

// Authenticate implements module.AuthMethod. httpd: authenticate_basic_user.
func (m *method) Authenticate(x *exchange.Exchange, realm []byte) error {
	if realm == nil {
		return module.AuthBroken("auth_basic", "AH01615", "need AuthName: "+string(x.Path))
	}
	field, ok := module.Credentials(x)
	if !ok {
		m.Challenge(x, realm)
		return x.Reply(module.Unauthorized(x))
	}
	name, text := module.SchemeName(field)
	if !ascii.EqualFoldBytes(name, "Basic") {
		m.Challenge(x, realm)
		return module.AuthFailed("auth_basic", "AH01614", module.Unauthorized(x), "client used wrong authentication scheme: "+string(x.Path))
	}
	began := x.Loop.Now()
	user, password := module.DecodeBasic(x.Arena.Alloc(len(text)+1), text)
	x.User = user // also of a login that fails, for the log
	r := m.ask(x, user, password, realm)
	if r == module.AuthnGranted {
		return nil
	}
	return m.refuse(x, r, realm, began)
}

// ask asks the providers in turn until one knows the user.
func (m *method) ask(x *exchange.Exchange, user, password, realm []byte) module.AuthnResult {
	for _, p := range m.providers {
		if r := p.check(x, user, password, realm); r != module.AuthnNotFound {
			return r
		}
	}
	return module.AuthnNotFound
}

// refuse makes the outcome of a login that failed at some time after began.
func (m *method) refuse(x *exchange.Exchange, r module.AuthnResult, realm []byte, began time.Time) error {
	if !m.authoritative && r != module.AuthnDenied && r != module.AuthnBusy {
		return exchange.ErrDeclined
	}
	switch r {
	case module.AuthnDenied:
		m.penalty.Wait(x, began)
		m.Challenge(x, realm)
		return module.AuthFailed("auth_basic", "AH01617", module.Unauthorized(x),
			"user "+string(x.User)+`: authentication failure for "`+string(x.Path)+`": Password Mismatch`)
	case module.AuthnNotFound:
		m.penalty.Wait(x, began)
		m.Challenge(x, realm)
		return module.AuthFailed("auth_basic", "AH01618", module.Unauthorized(x), "user "+string(x.User)+" not found: "+string(x.Path))
	case module.AuthnBusy:
		return broken(x, 503)
	}
	return broken(x, 500) // the provider has said why
}

// broken returns the response to a login that no provider can judge.
func broken(x *exchange.Exchange, status int) error {
	r := x.Reply(status)
	r.Cause = fault.AuthBroken
	return r
}

// Challenge implements module.AuthMethod. httpd: note_basic_auth_failure.
func (m *method) Challenge(x *exchange.Exchange, realm []byte) {
	module.Ask(x, x.Arena.Join([]byte(`Basic realm="`), realm, []byte(`"`)))
}
