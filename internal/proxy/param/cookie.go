package param

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// StickyCookie is the cookie that a balancer sets itself: ours.
type StickyCookie struct {
	Insert   bool          // stickyinsert=
	Path     string        // of the cookie
	MaxAge   time.Duration // whole seconds; 0: it ends with the browser
	SameSite string        // "Lax", "Strict" or "None"
	Secure   Secure
	HTTPOnly bool
	Key      string // what it is signed with; "": made at start
}

// Secure is cookiesecure=.
type Secure uint8

// The values of cookiesecure.
const (
	SecureAuto Secure = iota // where the client came by https
	SecureOn
	SecureOff
)

// defaultCookie is a cookie of which nothing was said.
var defaultCookie = StickyCookie{Path: "/", SameSite: "Lax", HTTPOnly: true}

// cookieRow makes the row of a parameter of the cookie.
func cookieRow(name, def string, set func(c *StickyCookie, v string) error, take func(d, s *StickyCookie)) param {
	return param{
		name: name, kind: OfBalancer, def: def,
		set:  func(p *Params, v string, _ *Known) error { return set(&p.Balancer.Cookie, v) },
		take: func(d, s *BalancerParams) { take(&d.Cookie, &s.Cookie) },
	}
}

// cookieFlag makes the setter of a switch.
func cookieFlag(name string, field func(*StickyCookie) *bool) func(*StickyCookie, string) error {
	return func(c *StickyCookie, v string) error {
		switch {
		case ascii.EqualFold(v, "on"):
			*field(c) = true
		case ascii.EqualFold(v, "off"):
			*field(c) = false
		default:
			return errors.New(name + " must be On|Off")
		}
		return nil
	}
}

func setCookiePath(c *StickyCookie, v string) error {
	if v == "" || v[0] != '/' {
		return errors.New("cookiepath must begin with /")
	}
	for i := range len(v) {
		if !ascii.IsVisible(v[i]) || v[i] == ';' || v[i] == ',' {
			return errors.New("cookiepath must have no blank, comma, semicolon or other character than ASCII")
		}
	}
	c.Path = v
	return nil
}

// maxCookieAge is what browsers keep a cookie at most, 400 days.
const maxCookieAge = 400 * 24 * time.Hour

func setCookieMaxAge(c *StickyCookie, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > int(maxCookieAge/time.Second) {
		return fmt.Errorf("cookiemaxage must be a number of seconds between 0 and %d", maxCookieAge/time.Second)
	}
	c.MaxAge = time.Duration(n) * time.Second
	return nil
}

func setCookieSameSite(c *StickyCookie, v string) error {
	for _, word := range []string{"Lax", "Strict", "None"} {
		if ascii.EqualFold(word, v) {
			c.SameSite = word
			return nil
		}
	}
	return errors.New("cookiesamesite must be Lax|Strict|None")
}

func setCookieSecure(c *StickyCookie, v string) error {
	for i, word := range []string{SecureAuto: "auto", SecureOn: "on", SecureOff: "off"} {
		if ascii.EqualFold(word, v) {
			c.Secure = Secure(i)
			return nil
		}
	}
	return errors.New("cookiesecure must be On|Off|Auto")
}

func setCookieKey(c *StickyCookie, v string) error {
	if len(v) < 16 || len(v) > 256 {
		return errors.New("cookiekey must have 16 to 256 characters")
	}
	c.Key = v
	return nil
}
