package exchange

import (
	"strings"

	"github.com/headgate/headgate/internal/message"
)

// Interpolate replaces each ${NAME} in s by that variable, or by nothing if it
// is not set. The inserted text is not interpolated again.
func (v *Vars) Interpolate(a *message.Arena, s string) []byte {
	n := len(s)
	eachVariable(s, func(_, name string) {
		value, _ := v.Get(name)
		n += len(value)
	})
	b := a.Alloc(n)
	tail := eachVariable(s, func(before, name string) {
		value, _ := v.Get(name)
		b = append(append(b, before...), value...)
	})
	return append(b, tail...)
}

// eachVariable calls do for each ${name} of s with the text before it, and
// returns the text after the last.
func eachVariable(s string, do func(before, name string)) (tail string) {
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			return s
		}
		end := strings.IndexByte(s[start+2:], '}')
		if end < 0 {
			return s
		}
		do(s[:start], s[start+2:start+2+end])
		s = s[start+2+end+1:]
	}
}
