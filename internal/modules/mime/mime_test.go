package mime

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
)

func TestKinds(t *testing.T) {
	for _, tt := range []struct{ text, plain, withCharset string }{
		{"text/html", "text/html", "text/html; charset=x"},
		{" text / html ", "text/html", "text/html; charset=x"},
		{"text/html;charset=a", "text/html; charset=a", "text/html; charset=x"},
		{"text/html; a=b;charset=c;d=e", "text/html; a=b; charset=c; d=e", "text/html; a=b; charset=x; d=e"},
		{`text/html; a="b;c" ;d=e`, `text/html; a="b;c"; d=e`, `text/html; a="b;c"; d=e; charset=x`},
		{"text", "text", "text"},
		{"text/", "text/", "text/"},
		{"text/html;", "text/html;", "text/html;"},
		{"text/html;a", "text/html;a", "text/html;a"},
		{"text/html;a=", "text/html;a=", "text/html;a="},
		{`text/html;a="b`, `text/html;a="b`, `text/html;a="b`},
	} {
		k := newKind(tt.text)
		with := string(k.head) + "; charset=x" + string(k.tail)
		if k.broken {
			with = string(k.plain)
		}
		if string(k.plain) != tt.plain || with != tt.withCharset {
			t.Errorf("%q: %q, %q with a charset", tt.text, k.plain, with)
		}
	}
}

func TestPrograms(t *testing.T) {
	for text, want := range map[string]bool{
		"application/x-httpd-php": true, "application/x-httpd-php;charset=utf-8": true, "text/x-server-parsed-html": true,
		"text/html": false, "application/x-type-map": true, "httpd/send-as-is": true,
	} {
		if got := newKind(text).handler != ""; got != want {
			t.Errorf("%s names a handler: %v", text, got)
		}
	}
}

func TestUsualTypes(t *testing.T) {
	types := parseTypes(usual)
	if got := string(types.kinds["html"].plain); got != "text/html" {
		t.Errorf("html is %s", got)
	}
	for ext, k := range types.kinds {
		if k.broken || ext == "" || strings.ContainsAny(ext, ". ") {
			t.Errorf("%q: %s", ext, k.plain)
		}
	}
}

// No text breaks the reader, and extensions are as they are looked up.
func FuzzTypes(f *testing.F) {
	f.Add("text/html html htm\n# x\n text/plain\tTXT\\\n log\n")
	f.Add("\"text/a b\" 'c' \"d\n")
	f.Fuzz(func(t *testing.T, text string) {
		types := parseTypes(text)
		for ext, k := range types.kinds {
			if ext != ascii.ToLower(ext) || k == nil || len(ext) > types.longest {
				t.Errorf("%q: %v", ext, k)
			}
		}
	})
}

// A content type that was written is read as the same one.
func FuzzKind(f *testing.F) {
	f.Add("text/html; charset=a; b=\"c;d\"")
	f.Add("a/b;c")
	f.Fuzz(func(t *testing.T, text string) {
		k := newKind(text)
		if k.broken {
			return
		}
		again := newKind(string(k.plain))
		if again.broken || string(again.plain) != string(k.plain) || string(again.head) != string(k.head) || string(again.tail) != string(k.tail) {
			t.Errorf("%q is written %q, which is read as %q (%v)", text, k.plain, again.plain, again.broken)
		}
	})
}
