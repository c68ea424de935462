package expr

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
)

// maxFile is the largest file that file() reads, in bytes.
const maxFile = 10 << 20

// function is one row of the table of functions. Exactly one of pure, entry and
// with is set.
type function struct {
	name       string
	restricted bool // not allowed in .htaccess
	vary       bool
	uses       Uses
	pure       func(dst, arg []byte) []byte
	entry      []Table // the value is from the first of these tables that has the entry
	with       func(e *eval, arg []byte) []byte
}

// functions is the table of string functions.
var functions = [...]function{
	{name: "req", vary: true, uses: UsesHeaders, entry: []Table{RequestHeader}},
	{name: "http", vary: true, uses: UsesHeaders, entry: []Table{RequestHeader}},
	{name: "req_novary", uses: UsesHeaders, entry: []Table{RequestHeader}},
	{name: "resp", uses: UsesResponse, entry: []Table{ResponseHeader}},
	{name: "reqenv", uses: UsesEnv, entry: []Table{RequestEnv}},
	{name: "osenv", entry: []Table{ProcessEnv}},
	{name: "note", uses: UsesEnv, entry: []Table{Note}},
	{name: "env", uses: UsesEnv, entry: []Table{Note, RequestEnv, ProcessEnv}},
	{name: "tolower", pure: lower},
	{name: "toupper", pure: upper},
	{name: "escape", pure: escapeURI},
	{name: "unescape", pure: unescapeURI},
	{name: "base64", pure: base64.StdEncoding.AppendEncode},
	{name: "unbase64", pure: unbase64},
	{name: "md5", pure: md5Hex},
	{name: "sha1", pure: sha1Hex},
	{name: "ldap", pure: escapeLDAP},
	{name: "file", restricted: true, uses: UsesFiles, with: (*eval).file},
	{name: "filesize", restricted: true, uses: UsesFiles, with: (*eval).fileSize},
}

// call evaluates a function call.
func (e *eval) call(n *node) []byte {
	f := n.fn
	if f.entry != nil {
		return e.entry(n)
	}
	arg := e.word(n.a)
	if f.pure != nil {
		return e.keep(f.pure(e.buf, arg))
	}
	return f.with(e, arg)
}

// entry looks the argument up in the function's tables. A constant name is not
// copied.
func (e *eval) entry(n *node) []byte {
	name := n.a.text
	if n.a.kind != wordText {
		name = string(e.word(n.a))
	}
	if n.vary && (Options{}).varies(name) {
		e.env.Vary(name)
	}
	for _, t := range n.fn.entry {
		if out, ok := e.env.AppendEntry(e.buf, t, name); ok {
			return e.keep(out)
		}
	}
	return nil
}

func lower(dst, arg []byte) []byte {
	n := len(dst)
	dst = append(dst, arg...)
	ascii.LowerBytes(dst[n:])
	return dst
}

func upper(dst, arg []byte) []byte {
	for _, c := range arg {
		if c >= 'a' && c <= 'z' {
			c -= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// escapeURI escapes bytes that are not allowed in a path (httpd: ap_escape_uri).
func escapeURI(dst, arg []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range arg {
		if ascii.IsAlpha(c) || ascii.IsDigit(c) || bytes.IndexByte([]byte("$-_.+!*'(),:;@&=/~"), c) >= 0 {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', digits[c>>4], digits[c&15])
	}
	return dst
}

// unescapeURI decodes %XX, except %2F. With an invalid escape or %00 the result is
// empty.
func unescapeURI(dst, arg []byte) []byte {
	start := len(dst)
	for i := 0; i < len(arg); i++ {
		if arg[i] != '%' {
			dst = append(dst, arg[i])
			continue
		}
		if i+2 >= len(arg) {
			return dst[:start]
		}
		hi, ok := ascii.Unhex(arg[i+1])
		lo, ok2 := ascii.Unhex(arg[i+2])
		c := hi<<4 | lo
		if !ok || !ok2 || c == 0 {
			return dst[:start]
		}
		if c == '/' {
			dst = append(dst, arg[i:i+3]...)
		} else {
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}

// unbase64 decodes up to the first byte outside of the alphabet, with or without
// padding.
func unbase64(dst, arg []byte) []byte {
	n := 0
	for n < len(arg) && (ascii.IsAlpha(arg[n]) || ascii.IsDigit(arg[n]) || arg[n] == '+' || arg[n] == '/') {
		n++
	}
	if n%4 == 1 {
		n--
	}
	out, err := base64.RawStdEncoding.AppendDecode(dst, arg[:n])
	if err != nil {
		return dst
	}
	text, _, _ := bytes.Cut(out[len(dst):], []byte{0}) // httpd: a C string
	return out[:len(dst)+len(text)]
}

func md5Hex(dst, arg []byte) []byte {
	sum := md5.Sum(arg)
	return hex.AppendEncode(dst, sum[:])
}

func sha1Hex(dst, arg []byte) []byte {
	sum := sha1.Sum(arg)
	return hex.AppendEncode(dst, sum[:])
}

// escapeLDAP escapes the special characters of a search filter (RFC 4515, section
// 3).
func escapeLDAP(dst, arg []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range arg {
		if c == 0 || c == '*' || c == '(' || c == ')' || c == '\\' {
			dst = append(dst, '\\', digits[c>>4], digits[c&15])
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

func (e *eval) file(arg []byte) []byte {
	text, err := e.env.ReadFile(string(arg), maxFile)
	switch {
	case errors.Is(err, fs.ErrInvalid):
		e.fail(fmt.Errorf("file %s too large", arg))
	case err != nil:
		e.fail(fmt.Errorf("cannot open file %s: %w", arg, err))
	}
	return text
}

func (e *eval) fileSize(arg []byte) []byte {
	size := int64(0)
	if info, err := e.env.Stat(string(arg), false); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return e.keep(strconv.AppendInt(e.buf, size, 10))
}
