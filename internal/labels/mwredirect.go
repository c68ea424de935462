package labels

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

func redirectScheme(m *reader) (e effect) {
	s := &schemeEffect{scheme: ascii.ToLower(m.value("scheme", "RewriteRule with [R], at virtual hosts of the other scheme"))}
	if s.scheme != "http" && s.scheme != "https" {
		m.need("scheme", "it is neither http nor https")
		return e
	}
	if p := m.value("port", "the port in the URL"); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			m.need("port", "%q is no port", clip(p))
			return e
		}
		if !(s.scheme == "https" && n == 443 || s.scheme == "http" && n == 80) {
			s.port = strconv.FormatUint(n, 10)
		}
	}
	s.permanent = m.flag("permanent", "301 and 308 in place of 302 and 307")
	s.permanent = m.flag("forcepermanentredirect", "301 and 308 in place of 302 and 307") || s.permanent
	e.scheme = s
	return e
}

// urlEffect is redirectRegex.
type urlEffect struct {
	replacement
	permanent bool
}

func redirectRegex(m *reader) (e effect) {
	re := m.value("regex", "RewriteCond on the URL as the client has sent it")
	to := m.value("replacement", "the URL of RewriteRule with [R]")
	r, err := newReplacement(re, to, "%")
	if err == nil && !ascii.HasPrefixFold(r.result, "http://") && !ascii.HasPrefixFold(r.result, "https://") && !strings.HasPrefix(r.result, "%1") {
		err = fmt.Errorf("the replacement %q is no absolute URL", clip(to))
	}
	if err != nil {
		m.need("regex", "%v", err)
		return e
	}
	e.urls = &urlEffect{replacement: r, permanent: m.flag("permanent", "301 and 308 in place of 302 and 307")}
	return e
}

// redirect writes the rules. The pattern is compared with the URL as it was sent, query included.
func (u *urlEffect) redirect() redirect {
	get, other := "302", "307"
	if u.permanent {
		get, other = "301", "308"
	}
	url := `RewriteCond "%{REQUEST_SCHEME}://%{HTTP_HOST}%1" ` + ruleArg(u.pattern)
	rule := func(code string) string {
		return `RewriteRule "^" ` + ruleArg(u.result) + " [R=" + code + ",NE,QSD,UnsafeAllow3F,L]"
	}
	return redirect{rules: 2, url: u, lines: []string{
		`RewriteCond "%{REQUEST_METHOD}" "=GET"`, rawTarget, url, rule(get),
		rawTarget, url, rule(other),
	}}
}

// pointless says whether a redirect leads requests for a host to where they are: Traefik lets them pass then, and here they
// would go round in circles. It tries some URLs.
func (r *redirect) pointless(host string, tls bool) bool {
	if r.url == nil {
		return false
	}
	scheme := "http://"
	if tls {
		scheme = "https://"
	}
	if strings.HasPrefix(host, "*") {
		host = "any" + strings.TrimPrefix(host, "*")
	}
	base := scheme + host + "/"
	if head := r.url.re.Head(); !strings.HasPrefix(head, base) && !strings.HasPrefix(base, head) {
		return true // its pattern is for another scheme or host
	}
	same := false
	for _, target := range []string{"", "a/b", "a?b=c"} {
		switch made, matched := r.url.apply(base + target); {
		case !matched:
		case made != base+target:
			return false
		default:
			same = true
		}
	}
	return same
}
