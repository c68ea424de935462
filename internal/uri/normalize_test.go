package uri

import (
	"bytes"
	"errors"
	"testing"
)

// normalizeRows were checked against httpd 2.4.71, except for those marked
// "ours".
var normalizeRows = []struct {
	raw           string
	off, on, keep string // result, or a status
}{
	{"/", "/", "/", "/"},
	{"/ex/a", "/ex/a", "/ex/a", "/ex/a"},
	{"//ex/a", "/ex/a", "/ex/a", "/ex/a"},
	{"/ex//a", "/ex/a", "/ex/a", "/ex/a"},
	{"/a///b", "/a/b", "/a/b", "/a/b"},
	{"/a//", "/a/", "/a/", "/a/"},
	{"//", "/", "/", "/"},
	{"/./ex/a", "/ex/a", "/ex/a", "/ex/a"},
	{"/ex/../sl/x", "/sl/x", "/sl/x", "/sl/x"},
	{"/a/.", "/a/", "/a/", "/a/"},
	{"/a/..", "/", "/", "/"},
	{"/a/../", "/", "/", "/"},
	{"/a/b/..", "/a/", "/a/", "/a/"},
	{"/a/./b", "/a/b", "/a/b", "/a/b"},
	{"/a/.//b", "/a/b", "/a/b", "/a/b"},
	{"/a/..//b", "/b", "/b", "/b"},
	{"/...", "/...", "/...", "/..."},
	{"/.b", "/.b", "/.b", "/.b"},
	{"/..b", "/..b", "/..b", "/..b"},
	{"/a/...;/b", "/a/...;/b", "/a/...;/b", "/a/...;/b"},
	{"/a/..;/b", "/a/..;/b", "/a/..;/b", "/a/..;/b"},
	{"/.well-known/x", "/.well-known/x", "/.well-known/x", "/.well-known/x"},
	{"/a/%2e%2e/b", "/b", "/b", "/b"},
	{"/a/.%2e/b", "/b", "/b", "/b"},
	{"/a/%2E./b", "/b", "/b", "/b"},
	{"/%2e/b", "/b", "/b", "/b"},
	{"/..", "400", "400", "400"},
	{"/../x", "400", "400", "400"},
	{"/%2e%2e", "400", "400", "400"},
	{"/a/../..", "400", "400", "400"},
	{"/a/../../b", "400", "400", "400"},
	{"/a/%2e%2e/%2e%2e/b", "400", "400", "400"},
	{"/%zz", "400", "400", "400"},
	{"/%", "400", "400", "400"},
	{"/%4", "400", "400", "400"},
	{"/a%2", "400", "400", "400"},
	{"/%00%zz", "400", "400", "400"},
	{"/%00", "404", "404", "404"},
	{"/%2F", "404", "/", "/%2F"},
	{"/%2f", "404", "/", "/%2f"},
	{"/a%2Fb", "404", "/a/b", "/a%2Fb"},
	{"/a%2F%2Fb", "404", "/a/b", "/a%2F%2Fb"},
	{"/a%2F..%2Fb", "404", "/b", "/a%2F..%2Fb"},
	{"/%2F../b", "404", "400", "/%2F../b"}, // ours: httpd maps On to /b
	{"/..%2Fb", "404", "400", "/..%2Fb"},   // ours: httpd maps On to /b
	{"/a%2F..%2F..%2Fb", "404", "400", "/a%2F..%2F..%2Fb"},
	{"/%252F", "/%2F", "/%2F", "/%2F"},
	{"/%2541", "/%41", "/%41", "/%41"},
	{"/%25", "/%", "/%", "/%"},
	{"/%7e%41", "/~A", "/~A", "/~A"},
	{"/a%20b", "/a b", "/a b", "/a b"},
	{"/%3B", "/;", "/;", "/;"},
	{"/%3f%23", "/?#", "/?#", "/?#"},
	{"/%c3%a9", "/\xc3\xa9", "/\xc3\xa9", "/\xc3\xa9"},
	{"/%0a", "/\n", "/\n", "/\n"},
	{"", "400", "400", "400"},
	{"*", "400", "400", "400"},
	{"a/b", "400", "400", "400"},
}

func result(p []byte, err error) string {
	var e *Error
	if errors.As(err, &e) {
		return map[int]string{400: "400", 403: "403", 404: "404"}[e.Status]
	}
	return string(p)
}

func TestNormalize(t *testing.T) {
	for _, row := range normalizeRows {
		for s, want := range map[Slashes]string{SlashesOff: row.off, SlashesOn: row.on, SlashesNoDecode: row.keep} {
			raw := []byte(row.raw)
			p, err := Normalize(nil, raw, Options{Slashes: s, Merge: true})
			if got := result(p, err); got != want {
				t.Errorf("Normalize(%q, %d) = %q, want %q", row.raw, s, got, want)
			}
			if string(raw) != row.raw {
				t.Errorf("Normalize(%q) wrote into its input: %q", row.raw, raw)
			}
		}
	}
}

func TestNormalizeWithoutMerging(t *testing.T) {
	for raw, want := range map[string]string{
		"/ex//a": "/ex//a", "//ex/a": "//ex/a", "/a/.//b": "/a//b", "/a/..//b": "//b", "/a//../b": "/a/b", "//": "//",
		"//../x": "/x",
	} {
		p, err := Normalize(nil, []byte(raw), Options{})
		if got := result(p, err); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for raw, want := range map[string]string{
		"/encm/a%2Fb": "/encm/a%2Fb", "/encm/%3B%7e": "/encm/%3B~", "/encm/a/../b": "/encm/b", "/encm//x": "/encm/x",
		"/encm/%00": "/encm/%00", "/%zz": "400", "/a%2F..%2Fb": "/a%2F..%2Fb", "/a|%20": "/a|%20",
	} {
		p, err := Clean(nil, []byte(raw), true)
		if got := result(p, err); got != want {
			t.Errorf("Clean(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestUnescapeTakesThePathAsWritten(t *testing.T) {
	for raw, want := range map[string]string{"/a/../b": "/a/../b", "/a//%62": "/a//b", "/%2e%2e/b": "/../b"} {
		p, err := Unescape(nil, []byte(raw), SlashesOff)
		if got := result(p, err); got != want {
			t.Errorf("Unescape(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestNormalizeDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 256)
	for _, raw := range []string{"/index.html", "/a/../b%20c//d", "/x%2Fy", "/a%2F..%2Fb"} {
		in := []byte(raw)
		for _, s := range []Slashes{SlashesOff, SlashesOn, SlashesNoDecode} {
			if n := testing.AllocsPerRun(100, func() { _, _ = Normalize(buf, in, Options{Slashes: s, Merge: true}) }); n > 0 {
				t.Errorf("Normalize(%q, %d) allocates %v times", raw, s, n)
			}
		}
	}
	if p, _ := Normalize(buf, []byte("/clean"), Options{Merge: true}); cap(p) == cap(buf) {
		t.Error("a clean path was copied")
	}
}

func FuzzNormalize(f *testing.F) {
	for _, row := range normalizeRows {
		f.Add([]byte(row.raw), uint8(0), true)
		f.Add([]byte(row.raw), uint8(1), false)
		f.Add([]byte(row.raw), uint8(2), true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, s uint8, merge bool) {
		if bytes.IndexByte(raw, 0) >= 0 {
			t.Skip("fronts refuse a raw NUL")
		}
		o := Options{Slashes: Slashes(s % 3), Merge: merge}
		keep := bytes.Clone(raw)
		clean, err := Clean(nil, raw, merge)
		if err == nil {
			// What Clean leaves has no dot segments, so a second pass that decodes nothing changes nothing.
			again, above := resolveDots(bytes.Clone(clean), merge)
			if above || !bytes.Equal(again, clean) {
				t.Fatalf("Clean(%q) = %q, then %q", raw, clean, again)
			}
		}
		p, err := Normalize(make([]byte, 0, len(raw)), raw, o)
		if !bytes.Equal(raw, keep) {
			t.Fatal("the input was written to")
		}
		if Plain(raw) && (err != nil || !bytes.Equal(p, raw)) {
			t.Fatalf("%q is plain, and becomes %q, %v", raw, p, err)
		}
		if err != nil {
			return
		}
		checkNormal(t, raw, p, o)
		out, err := AppendCanon(nil, p, o.Slashes == SlashesNoDecode)
		if err != nil {
			return
		}
		if Literal(p) && !bytes.Equal(out, p) {
			t.Fatalf("%q is literal, and goes out as %q", p, out)
		}
		if !Sendable(out) {
			t.Fatalf("%q is forwarded as %q", raw, out)
		}
		if len(out) > CanonLen(p) {
			t.Fatalf("CanonLen(%q) is too small", p)
		}
		if o.Slashes != SlashesNoDecode {
			back, err := Normalize(nil, out, o)
			if err != nil || !bytes.Equal(back, p) {
				t.Fatalf("%q goes out as %q, which reads %q, %v", p, out, back, err)
			}
		}
	})
}

func checkNormal(t *testing.T, raw, p []byte, o Options) {
	t.Helper()
	if p[0] != '/' || len(p) > len(raw) {
		t.Fatalf("Normalize(%q) = %q", raw, p)
	}
	if o.Merge && bytes.Contains(p, []byte("//")) {
		t.Fatalf("Normalize(%q) = %q: slashes not merged", raw, p)
	}
	for _, seg := range bytes.Split(p, []byte("/")) {
		if s := string(seg); s == "." || s == ".." {
			t.Fatalf("Normalize(%q) = %q has a dot segment", raw, p)
		}
	}
}

func BenchmarkNormalize(b *testing.B) {
	buf := make([]byte, 0, 256)
	for name, raw := range map[string]string{
		"clean":   "/api/v1/users/12345/orders/2024-01-01/items.json",
		"escaped": "/api/v1/users/a%20b/orders/%C3%A9/items.json",
		"dots":    "/api/../api/v1//users/./12345/items.json",
	} {
		b.Run(name, func(b *testing.B) {
			in := []byte(raw)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Normalize(buf, in, Options{Merge: true})
			}
		})
	}
}
