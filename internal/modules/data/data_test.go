package data

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestStart(t *testing.T) {
	for kind, want := range map[string]string{
		"": "data:;base64,", "image/png": "data:image/png;base64,", "text/html; charset=utf-8": "data:text/html;charset=utf-8;base64,",
		"text/html;charset=utf-8": "data:text/html;charset=utf-8;base64,", "a/b; c=d; e=f": "data:a/b;c=d;;base64,",
	} {
		if got := string(appendStart(nil, []byte(kind))); got != want {
			t.Errorf("%q: %s", kind, got)
		}
	}
}

// FuzzEncode encodes a body that comes in pieces, and compares with encoding it at once.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("abcdefgh"), []byte{1, 1, 4})
	f.Add([]byte("ab"), []byte{0, 3})
	f.Fuzz(func(t *testing.T, p, splits []byte) {
		var b body
		rest := p
		for _, n := range splits {
			n := min(int(n), len(rest))
			b.encode(bytes.Clone(rest[:n]), false)
			if len(b.rest) >= group {
				t.Fatalf("%d bytes wait", len(b.rest))
			}
			rest = rest[n:]
		}
		b.encode(rest, true)
		if want := base64.StdEncoding.EncodeToString(p); string(b.out) != want || len(b.rest) > 0 {
			t.Fatalf("%q in pieces of %v: %s, want %s", p, splits, b.out, want)
		}
	})
}
