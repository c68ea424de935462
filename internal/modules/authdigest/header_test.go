package authdigest

import (
	"bytes"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want answer
	}{
		{`username="joe", nc=00000001,qop=auth`, answer{username: []byte("joe"), nc: []byte("00000001"), qop: []byte("auth")}},
		{`username = "a \"b\" \\c" , realm=`, answer{username: []byte(`a "b" \c`), realm: []byte{}}},
		{`USERNAME=x, username=y`, answer{username: []byte("y")}},
		{`username, realm="open`, answer{realm: []byte("open")}},
		{`nonce="a"junk, uri=/x y,=z,,other=1`, answer{nonce: []byte("a"), uri: []byte("/x")}},
		{``, answer{}},
	} {
		got := parse(make([]byte, 0, len(tt.text)), []byte(tt.text))
		for _, p := range parameters {
			g, w := *p.field(&got), *p.field(&tt.want)
			if !bytes.Equal(g, w) || (g == nil) != (w == nil) {
				t.Errorf("%s: %s is %q, want %q", tt.text, p.name, g, w)
			}
		}
	}
}

// What was read, written as quoted strings, is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`username="joe", realm="r", nonce="n", uri="/", response="x", nc=1`, `a="\`, `=,"`, "\"\x00,qop==auth", `username=a username=b`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dst := make([]byte, 0, len(text))
		a := parse(dst, text)
		var b []byte
		for _, p := range parameters {
			if v := *p.field(&a); v != nil {
				b = append(append(b, p.name...), `="`...)
				for _, c := range v {
					if c == '"' || c == '\\' {
						b = append(b, '\\')
					}
					b = append(b, c)
				}
				b = append(b, `",`...)
			}
		}
		again := parse(make([]byte, 0, len(b)), b)
		for _, p := range parameters {
			v, w := *p.field(&a), *p.field(&again)
			if !bytes.Equal(v, w) || (v == nil) != (w == nil) {
				t.Errorf("%q: %s is %q, then %q", text, p.name, v, w)
			}
		}
		cutScheme(text)
	})
}
