package authnfile

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/freshfile"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passwd"
)

// Provider is what AuthBasicProvider file and AuthDigestProvider file name.
func (s *Store) Provider() module.AuthnProvider {
	return module.AuthnProvider{
		Name: "file",
		Passwords: func(b *module.Builder, d *module.Dir) (module.PasswordChecker, error) {
			return &passwords{users: source(tablesOf(b).users, d), verdicts: &s.verdicts}, nil
		},
		Hashes: func(b *module.Builder, d *module.Dir) (module.RealmHasher, error) {
			return &hashes{realms: source(tablesOf(b).realms, d)}, nil
		},
	}
}

// source returns the AuthUserFile of a combination of sections; nil: there is none.
func source[T any](files *freshfile.Set[T], d *module.Dir) *freshfile.File[T] {
	if c, ok := slot.Peek(d.Conf); ok && c.file.Set {
		return files.Get(c.file.V)
	}
	return nil
}

// read returns what a file holds now. False: that could not be told, and was
// logged, under the message id for a file that is not configured or the one for
// one that cannot be read.
func read[T any](x *exchange.Exchange, f *freshfile.File[T], missing, unreadable string) (held T, ok bool) {
	if f == nil {
		x.Logf(logsink.Error, "authn_file", missing, "AuthUserFile not specified in the configuration")
		return held, false
	}
	held, err := f.Get(x.Loop)
	if err != nil {
		x.Logf(logsink.Error, "authn_file", unreadable, "Could not open password file: %s: %v", f.Name(), err)
		return held, false
	}
	return held, true
}

// passwords is a file of htpasswd.
type passwords struct {
	users    *freshfile.File[passwd.Users]
	verdicts *verdicts
}

// CheckPassword implements module.PasswordChecker. httpd: check_password.
func (p *passwords) CheckPassword(x *exchange.Exchange, user, password []byte) module.AuthnResult {
	users, ok := read(x, p.users, "AH01619", "AH01620")
	if !ok {
		return module.AuthnFailed
	}
	stored, ok := users[string(user)]
	if !ok {
		return module.AuthnNotFound
	}
	return p.verdicts.judge(x, user, password, stored)
}

// hashes is a file of htdigest.
type hashes struct {
	realms *freshfile.File[passwd.Realms]
}

// RealmHash implements module.RealmHasher. httpd: get_realm_hash.
func (h *hashes) RealmHash(x *exchange.Exchange, user, realm []byte) (string, module.AuthnResult) {
	realms, ok := read(x, h.realms, "AH01621", "AH01622")
	if !ok {
		return "", module.AuthnFailed
	}
	hash, ok := realms[passwd.RealmUser{User: string(user), Realm: string(realm)}]
	if !ok {
		return "", module.AuthnNotFound
	}
	return hash, module.AuthnGranted
}
