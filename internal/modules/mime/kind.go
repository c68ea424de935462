package mime

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// kind is a content type, ready to be sent. A charset that an extension names
// goes between head and tail, in place of the charset parameter, if there is one.
type kind struct {
	plain   []byte // as sent without another charset
	head    []byte
	tail    []byte
	handler string // the handler that a file of this type has where no other is named; "": that of files
	broken  bool   // it is no content type: it is sent as it was written, without a charset
}

// newKind reads a content type. httpd: analyze_ct and find_ct, which write the
// parameters again as "; name=value".
func newKind(text string) *kind {
	k := &kind{plain: []byte(text)}
	base, params, ok := analyze(text)
	if !ok {
		k.broken = true
		return k
	}
	k.handler = programType(base)
	plain, head, tail := base, base, ""
	charset := false
	for _, p := range params {
		written := "; " + p.name + "=" + p.value
		plain += written
		switch {
		case p.name == "charset":
			charset = true
		case charset:
			tail += written
		default:
			head += written
		}
	}
	k.plain, k.head, k.tail = []byte(plain), []byte(head), []byte(tail)
	return k
}

// programType returns a content type that names a handler, most of which run programs:
// where no handler is named, httpd takes the type for its name.
func programType(base string) string {
	switch {
	case strings.HasPrefix(base, "application/x-httpd-"), base == "text/x-server-parsed-html", base == "application/x-type-map", base == "httpd/send-as-is":
		return base
	}
	return ""
}

// parameter is one of a content type. value may be a quoted string.
type parameter struct{ name, value string }

// analyze splits a content type as httpd's analyze_ct does. ok is false if it is
// none.
func analyze(text string) (base string, params []parameter, ok bool) {
	left, right, ok := strings.Cut(ascii.TrimLeftSpace(text), "/")
	left = ascii.TrimRightSpace(left)
	if !ok || left == "" || strings.ContainsAny(left, "; \t") {
		return "", nil, false
	}
	right = ascii.TrimLeftSpace(right)
	end := strings.IndexFunc(right, func(r rune) bool { return r == ';' || r < 0x80 && ascii.IsSpace(byte(r)) })
	switch {
	case end == 0, right == "":
		return "", nil, false
	case end < 0:
		return left + "/" + right, nil, true
	}
	base = left + "/" + right[:end]
	rest := ascii.TrimLeftSpace(right[end:])
	if rest == "" {
		return base, nil, true
	}
	rest = ascii.TrimLeftSpace(rest[1:]) // httpd: whatever is there, for a semicolon
	if rest == "" {
		return "", nil, false
	}
	for rest != "" {
		var p parameter
		if p, rest, ok = cutParameter(rest); !ok {
			return "", nil, false
		}
		params = append(params, p)
	}
	return base, params, true
}

// cutParameter takes the first parameter from s.
func cutParameter(s string) (p parameter, rest string, ok bool) {
	name, s, ok := strings.Cut(s, "=")
	p.name = ascii.TrimSpace(name)
	s = strings.TrimLeft(s, " \t\n")
	if !ok || s == "" || p.name == "" || strings.IndexFunc(name, func(r rune) bool { return !attributeChar(r) }) >= 0 {
		return p, "", false
	}
	end := 0
	if s[0] == '"' {
		if end = quotedEnd(s); end < 0 {
			return p, "", false
		}
		for end < len(s) && (s[end] == ' ' || s[end] == '\t' || s[end] == '\n') {
			end++
		}
	} else {
		for end < len(s) && tokenChar(rune(s[end])) {
			end++
		}
	}
	if end < len(s) && s[end] != ';' {
		return p, "", false
	}
	p.value = ascii.TrimSpace(s[:end])
	return p, s[min(end+1, len(s)):], p.value != ""
}

// quotedEnd returns where the quoted string that s begins with ends, -1 if it does
// not.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"':
			return i + 1
		case s[i] >= 0x80 || s[i] == '\n':
			return -1
		}
	}
	return -1
}

func tokenChar(r rune) bool {
	return r > ' ' && r < 0x7F && !strings.ContainsRune(`()<>@,;:\"/[]?=`, r)
}

func attributeChar(r rune) bool {
	return tokenChar(r) || r == ' ' || r == '\t' || r == '\n'
}
