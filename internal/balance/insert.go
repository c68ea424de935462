package balance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Inserter makes the cookie by which a balancer keeps the sessions itself
// (stickyinsert=). Its value is a token: a keyed hash of the member's route, or of
// its URL where it has none. A client can neither read a route from it nor make
// the token of another member. Immutable; nil: applications make the sessions.
type Inserter struct {
	key          []byte
	balancer     string
	name         []byte // of the cookie, with "="
	tail, secure []byte // what follows the value, over https too
}

// NewInserter makes that of a balancer. key signs.
func NewInserter(c *Config, key []byte) *Inserter {
	p := &c.Cookie
	tail := "; Path=" + p.Path
	if p.MaxAge > 0 {
		tail += "; Max-Age=" + strconv.Itoa(int(p.MaxAge/time.Second))
	}
	if p.HTTPOnly {
		tail += "; HttpOnly"
	}
	tail += "; SameSite=" + p.SameSite
	n := &Inserter{key: key, balancer: c.Name, name: []byte(c.Sticky + "="), tail: []byte(tail), secure: []byte(tail)}
	if p.Secure != param.SecureOff {
		n.secure = []byte(tail + "; Secure")
	}
	if p.Secure == param.SecureOn {
		n.tail = n.secure
	}
	return n
}

// A token is this and 128 bits in base64. No route of httpd's begins so.
const (
	tokenMark = '~'
	tokenLen  = 1 + 22
)

// Mark gives m its token.
func (n *Inserter) Mark(m *Member) {
	if n == nil {
		return
	}
	of := "r" + m.Route
	if m.Route == "" {
		of = "u" + m.Worker.Name
	}
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte("sticky\x00" + n.balancer + "\x00" + of))
	m.Token = string(tokenMark) + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// session reads the session of x from the cookie. Anything but a token is none.
func (n *Inserter) session(x *exchange.Exchange, name string) Session {
	v := cookie(x, name)
	if len(v) != tokenLen || v[0] != tokenMark {
		return Session{}
	}
	return Session{Name: name, Route: v, Given: true}
}

// Cookie returns the value of the Set-Cookie field that makes the session of x
// one of m.
func (n *Inserter) Cookie(x *exchange.Exchange, m *Member) []byte {
	tail := n.tail
	if x.Scheme() == "https" {
		tail = n.secure
	}
	return x.Arena.Join(n.name, x.Arena.String(m.Token), tail)
}

// Owns says whether a session's route is that of m.
func (m *Member) Owns(route []byte) bool {
	return string(route) == m.Route || m.Token != "" && string(route) == m.Token
}
