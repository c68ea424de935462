package module

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestDecodeBasic(t *testing.T) {
	for text, want := range map[string][2]string{
		"am9lOnNlY3JldA==": {"joe", "secret"}, "am9lOnNlY3JldA": {"joe", "secret"}, "am9lOnNlY3JldA==, x": {"joe", "secret"},
		"am9lOmE6Yg==": {"joe", "a:b"}, "am9l": {"joe", ""}, "": {"", ""}, "?": {"", ""}, "a": {"", ""}, "am9lO": {"joe", ""},
		"am9lADpzZWNyZXQ=": {"joe", ""}, "am9lOnNlY3JldAB4": {"joe", "secret"},
	} {
		user, password := DecodeBasic(make([]byte, 0, len(text)+1), []byte(text))
		if string(user) != want[0] || string(password) != want[1] || user == nil {
			t.Errorf("%s: %q, %q", text, user, password)
		}
	}
}

// What EncodeBasic makes is read as what it was made of, and nothing is read past the
// end.
func FuzzDecodeBasic(f *testing.F) {
	for _, s := range []string{"Basic am9lOnNlY3JldA==", "basic  x", "Basic", "Digest a", "Basic am9lOnNlY3JldA==,\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, field []byte) {
		_, text := SchemeName(field)
		user, password := DecodeBasic(make([]byte, 0, len(text)+1), text)
		if user == nil || bytes.IndexByte(user, ':') >= 0 || bytes.IndexByte(user, 0) >= 0 || bytes.IndexByte(password, 0) >= 0 {
			t.Errorf("%q: %q, %q", field, user, password)
		}
		x := new(exchange.Exchange)
		name, text := SchemeName(EncodeBasic(x, user, password))
		u, p := DecodeBasic(make([]byte, 0, len(text)+1), text)
		if string(name) != "Basic" || !bytes.Equal(u, user) || !bytes.Equal(p, password) {
			t.Errorf("%q: %q and %q, then %q and %q", field, user, password, u, p)
		}
		if n := base64.StdEncoding.EncodedLen(len(user) + len(password) + 1); len(text) != n {
			t.Errorf("%q: %d characters, not %d", field, len(text), n)
		}
	})
}
