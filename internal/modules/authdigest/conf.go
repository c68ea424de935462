package authdigest

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// conf is what one section says.
type conf struct {
	providers []module.AuthnProvider // in the order they are asked
	domain    []string
	life      time.Duration // of a nonce; 0: it is for one request; negative: for ever
	ncCheck   bool
}

// slot is where a section's conf lies. It has no Merge: the inner one replaces
// the outer (httpd: the module has no merge function).
var slot = directive.Slot[conf]{Name: "auth_digest", New: newConf}

// usualLife is how long a nonce lives (httpd: DFLT_NONCE_LIFE).
const usualLife = 300 * time.Second

func newConf() *conf { return &conf{life: usualLife} }

// New returns the module.
func New(providers module.AuthnProviders) *module.Module {
	return &module.Module{
		Name: "mod_auth_digest", ID: "auth_digest_module",
		Rows: []directive.Row{
			{Name: "AuthDigestProvider", Set: func(c *directive.Call) error {
				s := slot.Of(c.Dir)
				if err := providers.Add(c, &s.providers); err != nil {
					return err
				}
				for _, p := range s.providers {
					if p.Hashes == nil {
						return c.Errorf("The '%s' Authn provider doesn't support Digest Authentication", p.Name)
					}
				}
				return nil
			}},
			{Name: "AuthDigestQop", Set: setQop, Words: []string{"auth"}},
			{Name: "AuthDigestAlgorithm", Set: setAlgorithm, Words: []string{"MD5"}},
			{Name: "AuthDigestNonceLifetime", Set: setLife},
			{Name: "AuthDigestNcCheck", Set: func(c *directive.Call) error {
				slot.Of(c.Dir).ncCheck = c.On
				return nil
			}},
			{Name: "AuthDigestDomain", Set: func(c *directive.Call) error {
				s := slot.Of(c.Dir)
				s.domain = append(s.domain, c.Args...)
				return nil
			}},
			{
				Name: "AuthDigestShmemSize", Tier: directive.Noted, Set: setSize,
				Note: "what is known of clients is not in shared memory: up to " + strconv.Itoa(mostClients) + " are kept in any case",
			},
		},
	}
}

func setQop(c *directive.Call) error {
	slot.Of(c.Dir)
	for _, w := range c.Args {
		if !ascii.EqualFold(w, "auth") {
			return c.Errorf("AuthDigestQop is deprecated: only 'auth' is supported")
		}
	}
	return nil
}

func setAlgorithm(c *directive.Call) error {
	slot.Of(c.Dir)
	if !ascii.EqualFold(c.Arg(0), "MD5") {
		return c.Errorf("Unsupported algorithm in AuthDigestAlgorithm: %s", c.Arg(0))
	}
	return nil
}

func setLife(c *directive.Call) error {
	text := ascii.TrimSpace(c.Arg(0))
	seconds, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || seconds > math.MaxInt32:
		seconds = -1 // for ever, as the overflow in httpd has it
	case err != nil && text != "": // httpd: strtol finds nothing to read in an empty text
		return c.Errorf("Invalid time in AuthDigestNonceLifetime: %s", c.Arg(0))
	}
	slot.Of(c.Dir).life = time.Duration(max(seconds, -1)) * time.Second
	return nil
}

// setSize judges AuthDigestShmemSize. httpd: set_shmem_size.
func setSize(c *directive.Call) error {
	const least = 88 // httpd: the smallest table with one client
	text := c.Arg(0)
	n := ascii.LeadingInt(text)
	unit := ascii.TrimSpace(strings.TrimLeft(text, "+-0123456789"))
	switch {
	case unit == "" || ascii.Lower(unit[0]) == 'b':
	case ascii.Lower(unit[0]) == 'k':
		n *= 1 << 10
	case ascii.Lower(unit[0]) == 'm':
		n *= 1 << 20
	default:
		return c.Errorf("Invalid size in AuthDigestShmemSize: %s", text)
	}
	if n < least {
		return c.Errorf("size in AuthDigestShmemSize too small: %d < %d", n, least)
	}
	return nil
}
