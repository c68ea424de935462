package proxy

import (
	"errors"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/mapping"
)

// ParseReverse reads the words of ProxyPassReverse. The caller has checked that
// there are one to three.
//
// httpd: outside of sections any third word means interpolate; in a section only
// the second word counts, and must be "interpolate".
func ParseReverse(words []string, at mapping.Place) (forward.ReverseRule, error) {
	second := ""
	if len(words) > 1 {
		second = words[1]
	}
	if at.InLocation {
		if len(words) > 1 && !ascii.EqualFold(second, "interpolate") {
			return forward.ReverseRule{}, errors.New("ProxyPassReverse can not have a path when defined in a location")
		}
		return forward.ReverseRule{Public: at.Path, Internal: words[0], Interpolate: len(words) > 1}, nil
	}
	if len(words) < 2 || ascii.EqualFold(second, "interpolate") {
		return forward.ReverseRule{}, errors.New("ProxyPassReverse needs a path when not defined in a location")
	}
	return forward.ReverseRule{Public: words[0], Internal: second, Interpolate: len(words) > 2}, nil
}

// ParseCookie reads the words of ProxyPassReverseCookiePath and
// ProxyPassReverseCookieDomain: internal, public, and any third word for
// interpolate. The caller has checked that there are two or three.
func ParseCookie(words []string) forward.ReverseRule {
	return forward.ReverseRule{Internal: words[0], Public: words[1], Interpolate: len(words) > 2}
}
