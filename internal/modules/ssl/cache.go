package ssl

import (
	"crypto/fips140"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
)

const (
	noCache = "sessions are resumed by tickets; there is no cache"
	noFIPS  = "the cryptography of this process is not in FIPS 140-3 mode: start it with GODEBUG=fips140=on in its environment"
)

// cacheRows are the directives about sessions' caches, and about OpenSSL itself.
func cacheRows() []directive.Row {
	return []directive.Row{
		{Name: "SSLSessionCache", Tier: directive.Noted, Note: noCache, Set: setSessionCache},
		{Name: "SSLSessionCacheTimeout", Set: setSessionLife, When: func(c *directive.Call) (directive.Tier, string) {
			if ascii.LeadingInt(c.Arg(0)) > int(longestLife/time.Second) {
				return directive.Mapped, "session tickets are taken seven days at most"
			}
			return directive.Honoured, ""
		}},
		{Name: "SSLFIPS", Set: func(*directive.Call) error { return nil }, When: func(c *directive.Call) (directive.Tier, string) {
			if on, _ := directive.OnOff(c.Arg(0)); on && !fips140.Enabled() {
				return directive.Refused, noFIPS
			}
			return directive.Honoured, ""
		}},
	}
}

// setSessionCache reads SSLSessionCache none|nonenotnull|kind[:arguments].
func setSessionCache(c *directive.Call) error {
	kind, args, _ := strings.Cut(c.Arg(0), ":")
	if ascii.EqualFold(c.Arg(0), "none") || ascii.EqualFold(c.Arg(0), "nonenotnull") {
		return nil
	}
	return cacheKind(c, "session", kind, args)
}

// setSessionLife reads SSLSessionCacheTimeout seconds.
func setSessionLife(c *directive.Call) error {
	n := ascii.LeadingInt(c.Arg(0)) // httpd: atoi
	if n < 0 {
		return c.Errorf("%s: Invalid argument", c.Row.Name)
	}
	life := time.Duration(n) * time.Second
	if n == 0 {
		life = openSSLLife
	}
	slot.Of(c.Server).life.To(min(life, longestLife))
	return nil
}

// cacheKinds are those that httpd has modules for (mod_socache_*).
const cacheKinds = " shmcb dbm dc memcache redis default "

// leastCache is the smallest shmcb in bytes.
const leastCache = 8192

// cacheKind checks what names a cache: kind and arguments. what is "stapling" or "session".
func cacheKind(c *directive.Call, what, kind, args string) error {
	if !strings.Contains(cacheKinds, " "+ascii.ToLower(kind)+" ") {
		return c.Errorf("%s: '%s' %s cache not supported", c.Row.Name, kind, what)
	}
	if _, size, ok := strings.Cut(args, "("); ok && ascii.EqualFold(kind, "shmcb") {
		if n := ascii.LeadingInt(size); n < leastCache {
			return c.Errorf("%s: Invalid argument: size has to be >= %d bytes", c.Row.Name, leastCache)
		}
	}
	return nil
}
