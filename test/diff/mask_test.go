package diff

import (
	"regexp"
	"sort"
	"strings"
)

// masker replaces values that differ from run to run by their names.
type masker struct {
	any   *regexp.Regexp
	names map[string]string // the name of each value
}

// maskOf returns a masker that writes ${name} for the value of each variable. A value that is a number, as a port is, is
// replaced only where it stands alone: the digits of a port may also be in the digest of a body.
func maskOf(vars map[string]string) *masker {
	m := &masker{names: map[string]string{}}
	for name, value := range vars {
		m.names[value] = "${" + name + "}"
	}
	m.compile()
	return m
}

// also lets a masker write text for one more value.
func (m *masker) also(value, text string) {
	m.names[value] = text
	m.compile()
}

// compile prefers the longer of two values that start at the same place.
func (m *masker) compile() {
	var values []string
	for v := range m.names {
		values = append(values, v)
	}
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	var parts []string
	for _, v := range values {
		q := regexp.QuoteMeta(v)
		if number.MatchString(v) {
			q = `\b` + q + `\b`
		}
		parts = append(parts, q)
	}
	m.any = regexp.MustCompile(strings.Join(parts, "|"))
}

var number = regexp.MustCompile(`^\d+$`)

// Replace returns text with the values replaced.
func (m *masker) Replace(text string) string {
	if m == nil || len(m.names) == 0 {
		return text
	}
	return m.any.ReplaceAllStringFunc(text, func(v string) string { return m.names[v] })
}
