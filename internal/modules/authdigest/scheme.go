package authdigest

import (
	"crypto/md5" //nolint:gosec // Digest is made of MD5
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passwd"
)

// Scheme is AuthType Digest. usual is the provider that is asked where
// AuthDigestProvider names none; responses to wrong answers are delayed by p.
func Scheme(usual module.AuthnProvider, clients *Clients, p *module.Penalty) module.AuthScheme {
	return module.AuthScheme{Name: "Digest", New: func(b *module.Builder, d *module.Dir) (module.AuthMethod, error) {
		c, ok := slot.Peek(d.Conf)
		if !ok {
			c = newConf()
		}
		m := &method{conf: c, clients: clients, penalty: p}
		providers := c.providers
		if providers == nil {
			providers = []module.AuthnProvider{usual}
		}
		for i := range providers {
			hashes, err := providers[i].Hashes(b, d)
			if err != nil {
				return nil, err
			}
			m.hashes = append(m.hashes, hashes)
		}
		return m, nil
	}}
}

// method is AuthType Digest in one combination of sections.
type method struct {
	conf    *conf
	hashes  []module.RealmHasher
	clients *Clients
	penalty *module.Penalty
}

// login is one request to be judged.
type login struct {
	answer
	x     *exchange.Exchange
	name  []byte // AuthName
	stale bool   // only the nonce was not right
}

// Authenticate implements module.AuthMethod. httpd: authenticate_digest_user.
func (m *method) Authenticate(x *exchange.Exchange, realm []byte) error {
	if realm == nil {
		return module.AuthBroken("auth_digest", "AH01780", "need AuthName: "+string(x.Path))
	}
	l := &login{x: x, name: realm}
	field, ok := module.Credentials(x)
	if !ok {
		m.challenge(l)
		return x.Reply(module.Unauthorized(x))
	}
	began := x.Loop.Now()
	scheme, text := cutScheme(field)
	if !ascii.EqualFoldBytes(scheme, "Digest") {
		m.challenge(l)
		f := refuse("AH01781", "client used wrong authentication scheme `", string(scheme), "': ", string(x.Path))
		f.Status = module.Unauthorized(x)
		return f
	}
	l.answer = parse(x.Arena.Alloc(len(text)), text)
	f := m.judge(l)
	if f == nil {
		return nil
	}
	if f.Status == 401 {
		if !l.stale {
			m.penalty.Wait(x, began)
		}
		m.challenge(l)
		f.Status = module.Unauthorized(x)
	}
	return f
}

// refuse makes the fault of an answer that is not right.
func refuse(id string, parts ...string) *fault.Fault {
	return module.AuthFailed("auth_digest", id, 401, strings.Join(parts, ""))
}

// judge judges an answer: nil where it is right.
func (m *method) judge(l *login) *fault.Fault {
	x, path := l.x, string(l.x.Path)
	if !l.complete() {
		return refuse("AH01782", "missing user, realm, nonce, uri, digest, cnonce, or nonce_count in authorization header: ", path)
	}
	x.AuthType = "Digest"
	x.User = l.username // also of a login that fails, for the log
	switch {
	case !sameTarget(x, string(l.uri)):
		f := refuse("AH01786", "uri mismatch - <", string(l.uri), "> does not match request-uri <", string(original(x).Req.Target), ">")
		f.Status = 400
		return f
	case l.opaque != nil && l.client() == 0:
		return refuse("AH01787", "received invalid opaque - got `", string(l.opaque), "'")
	case string(l.realm) != string(l.name):
		return refuse("AH01788", "realm mismatch - got `", string(l.realm), "' but expected `", string(l.name), "'")
	case l.algorithm != nil && !ascii.EqualFoldBytes(l.algorithm, "MD5"):
		return refuse("AH01789", "unknown algorithm `", string(l.algorithm), "' received: ", path)
	}
	hash, r := m.hash(l)
	switch r {
	case module.AuthnGranted:
	case module.AuthnNotFound:
		return refuse("AH01790", "user `", string(x.User), "' in realm `", string(l.name), "' not found: ", path)
	case module.AuthnDenied:
		return refuse("AH01791", "user `", string(x.User), "' in realm `", string(l.name), "' denied by provider: ", path)
	default:
		return module.AuthBroken("auth_digest", "", "the user cannot be looked up: "+path)
	}
	if !ascii.EqualFoldBytes(l.qop, "auth") {
		return refuse("AH10560", "invalid or missing qop value '", string(l.qop), "', RFC 2069 is no longer supported: ", path)
	}
	if !passwd.Equal(string(l.response), l.expected(hash)) {
		return refuse("AH01794", "user ", string(x.User), ": password mismatch: ", path)
	}
	return m.judgeNonce(l) // last, so that stale=true is said only where the password is known
}

// hash asks the providers in turn until one knows the user.
func (m *method) hash(l *login) (string, module.AuthnResult) {
	for _, h := range m.hashes {
		if hash, r := h.RealmHash(l.x, l.username, l.name); r != module.AuthnNotFound {
			return hash, r
		}
	}
	return "", module.AuthnNotFound
}

// expected is the response of a client that knows the password (RFC 7616 section
// 3.4.1).
func (l *login) expected(hash string) string {
	request := md5Hex(string(original(l.x).Req.Method), string(l.uri))
	return md5Hex(hash, string(l.nonce), string(l.nc), string(l.cnonce), string(l.qop), request)
}

// md5Hex is the MD5 of parts with colons between them, in hexadecimal digits.
func md5Hex(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":"))) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// Challenge implements module.AuthMethod.
func (m *method) Challenge(x *exchange.Exchange, realm []byte) {
	m.challenge(&login{x: x, name: realm})
}

// challenge adds what asks the client to log in. httpd: note_digest_auth_failure.
func (m *method) challenge(l *login) {
	x, opaque, number := l.x, "", uint64(0)
	if l.opaque != nil || m.remembers() {
		var isNew bool
		number, isNew = m.clients.admit(l.client())
		l.stale = l.stale || isNew && l.opaque != nil // httpd: whatever it is that was wrong
		opaque = strconv.FormatUint(number, 16)
	}
	nonce := m.clients.nonce(m.clients.fresh(x.Loop.Now(), m.conf.life), l.name, opaque)
	m.clients.give(number, nonce)
	var b strings.Builder
	b.WriteString(`Digest realm="` + string(l.name) + `", nonce="` + nonce + `", algorithm=MD5`)
	if opaque != "" {
		b.WriteString(`, opaque="` + opaque + `"`)
	}
	if m.conf.domain != nil && x.Mapped == nil { // httpd: not of what is proxied
		b.WriteString(`, domain="` + strings.Join(m.conf.domain, " ") + `"`)
	}
	if l.stale {
		b.WriteString(`, stale=true`)
	}
	b.WriteString(`, qop="auth"`)
	module.Ask(x, x.Arena.String(b.String()))
}
