package labels

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Limits on what one container may say. They are far above what people write.
const (
	maxLabels = 1000    // labels of a container
	maxValue  = 8 << 10 // bytes of a value
	maxName   = 256     // bytes of a label's name
	maxWord   = 100     // bytes of the name of a router, a service or a middleware
	maxHosts  = 100     // hosts of one mapping
)

var errVariable = errors.New("${ is not allowed: Apache would put a variable there")

// checkValue refuses values that could not be one argument of a line.
func checkValue(v string) error {
	if len(v) > maxValue {
		return fmt.Errorf("the value has %d bytes, the limit is %d", len(v), maxValue)
	}
	for i := range len(v) {
		if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7f {
			return fmt.Errorf("the value has the control character %#02x", v[i])
		}
	}
	if strings.Contains(v, "${") {
		return errVariable
	}
	return nil
}

// quote writes text as one argument in double quotes. Its text was checked by checkValue, or is made of parts that were.
func quote(text string) string {
	text = strings.ReplaceAll(text, `\`, `\\`)
	return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
}

// ruleArg writes a pattern, an expression or a substitution as an argument of RewriteRule or RewriteCond. httpd: mod_rewrite
// takes arguments apart itself; nothing keeps a quote from ending one, and backslashes stay. Quotes occur in patterns only.
func ruleArg(text string) string {
	text = strings.ReplaceAll(text, `\"`, `\x22`)
	return `"` + strings.ReplaceAll(text, `"`, `\x22`) + `"`
}

// literal refuses text that Apache would read as more than text where strings have variables.
func literal(text string) error {
	if err := checkValue(text); err != nil {
		return err
	}
	if strings.Contains(text, "%{") {
		return errors.New("%{ is not allowed: Apache would put a variable there")
	}
	return nil
}

// fieldValue writes text as the value of a Header directive, in whose values a percent sign begins a variable.
func fieldValue(text string) (string, error) {
	if err := checkValue(text); err != nil {
		return "", err
	}
	if strings.HasPrefix(ascii.ToLower(text), "expr=") {
		return "", errors.New("a value must not begin with expr=: Apache would read it as an expression")
	}
	return quote(strings.ReplaceAll(text, "%", "%%")), nil
}

// substitution writes text as a part of the substitution of a RewriteRule.
func substitution(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(`\$%`, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// checkWord accepts the names of routers, services and middlewares.
func checkWord(name string) error {
	if name == "" || len(name) > maxWord {
		return fmt.Errorf("a name has 1 to %d characters", maxWord)
	}
	for i := range len(name) {
		if c := name[i]; !isAlnum(c) && c != '-' && c != '_' && c != '.' {
			return fmt.Errorf("the name %q has a character other than letters, digits, '-', '_' and '.'", clip(name))
		}
	}
	return nil
}

// checkToken accepts names of header fields and of cookies.
func checkToken(name string) error {
	if name == "" || len(name) > maxWord {
		return fmt.Errorf("a name has 1 to %d characters", maxWord)
	}
	for i := range len(name) {
		if c := name[i]; !isAlnum(c) && c != '-' && c != '_' && c != '.' {
			return fmt.Errorf("%q is no name of a field: it has a character other than letters, digits, '-', '_' and '.'", clip(name))
		}
	}
	return nil
}

// hostName returns a host in the form that names are compared in.
func hostName(text string) (string, error) {
	host := strings.TrimSuffix(ascii.ToLower(text), ".")
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		if a, err := netip.ParseAddr(host[1 : len(host)-1]); err == nil && a.Is6() && a.Zone() == "" {
			return "[" + a.String() + "]", nil
		}
	}
	if host == "" || len(host) > 253 {
		return "", fmt.Errorf("%q is no host name", clip(text))
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 {
			return "", fmt.Errorf("%q is no host name", clip(text))
		}
		for i := range len(label) {
			if c := label[i]; !isAlnum(c) && c != '-' && c != '_' {
				return "", fmt.Errorf("%q is no host name", clip(text))
			}
		}
	}
	return host, nil
}

// checkPath accepts the path of a mapping.
func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("the path %q does not begin with a slash", clip(path))
	}
	if err := literal(path); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("the path %q has the segment %q, which no request has", clip(path), segment)
		}
	}
	for i := range len(path) {
		if c := path[i]; !ascii.IsVisible(c) || strings.IndexByte("?#%\"", c) >= 0 {
			return fmt.Errorf("the path %q has a character other than visible ones of ASCII, or a '?', '#', '%%' or quote", clip(path))
		}
	}
	return nil
}

func isAlnum(c byte) bool { return ascii.IsAlpha(c) || ascii.IsDigit(c) }

// clip shortens text for messages.
func clip(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// slug makes a name of letters, digits, '-', '_' and '.' from any text.
func slug(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := ascii.Lower(text[i])
		if !isAlnum(c) && c != '_' && c != '.' {
			c = '-'
		}
		b.WriteByte(c)
		if b.Len() == 60 {
			break
		}
	}
	return strings.Trim(b.String(), "-.")
}

// upper folds the letters of ASCII.
func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
