package proxyhtml

import (
	"strings"
	"testing"
)

// ProxyHTMLCharsetOut, xml2EncDefault, xml2EncAlias: the charset of a page is found where it is said.
func TestDetect(t *testing.T) {
	for _, tt := range []struct{ kind, page, want string }{
		{"text/html; charset=UTF-8", "<meta charset=x>", "UTF-8"}, {`text/html; charset="koi8-r"; a=b`, "", "koi8-r"}, {"text/html", "\xef\xbb\xbf<p>", "utf-8"},
		{"text/html", "\xff\xfe<\x00", "utf-16le"}, {"text/html", `<?xml version="1.0" encoding='iso-8859-2'?>`, "iso-8859-2"},
		{"text/html", `<html><META Charset = windows-1251 >`, "windows-1251"}, {"text/html", "<!-- <meta charset=x> --><p>", ""},
		{"text/html", `<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15">`, "iso-8859-15"}, {"text/html", "<body><meta charset=x>", ""},
		{"text/html", "<metal charset=x>", ""}, {"", "", ""},
	} {
		if got := detect([]byte(tt.kind), []byte(tt.page)); got != tt.want {
			t.Errorf("%s, %s: %q, want %q", tt.kind, tt.page, got, tt.want)
		}
	}
	f := &filter{conf: &conf{assumed: "koi8-r"}, aliases: map[string]string{"own": "utf-8"}}
	if f.known("") != "koi8-r" || f.known("OWN") != "utf-8" || f.known("x") != "x" {
		t.Error("defaults or aliases do not count")
	}
}

// A page is converted the same however its characters are cut.
func TestConverter(t *testing.T) {
	for _, name := range []string{"iso-8859-1", "utf-16le", "shift_jis", "iso-2022-jp"} {
		enc, ok := charset(name)
		if !ok {
			t.Fatal(name)
		}
		text := strings.Repeat("abc <a> 日本 é", 30)
		if name == "iso-8859-1" {
			text = strings.Repeat("abc é <a>", 100)
		}
		if name != "utf-16le" && name != "iso-8859-1" {
			text = strings.ReplaceAll(text, "é", "")
		}
		raw, err := enc.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(name, err)
		}
		for _, n := range []int{1, 2, 3, 7, len(raw)} {
			var c converter
			c.set(enc.NewDecoder())
			var out []byte
			for rest := raw; len(rest) > 0; {
				p := rest[:min(n, len(rest))]
				rest = rest[len(p):]
				b, err := c.run(p, len(rest) == 0)
				if err != nil {
					t.Fatal(name, err)
				}
				out = append(out, b...)
			}
			if string(out) != text {
				t.Errorf("%s in pieces of %d: %q", name, n, out)
			}
		}
	}
}

// ProxyHTMLMeta, ProxyHTMLDocType, xml2StartParse and ProxyHTMLStripComments, on the bytes of pages.
func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		conf       conf
		page, want string
	}{
		{conf{doctype: "<!DOCTYPE html>\n"}, "<!doctype HTML public x><p>", "<p>"},
		{conf{}, "<!doctype HTML public x><p>", "<!doctype HTML public x><p>"},
		{conf{meta: true}, `<meta http-equiv=Content-Type content="text/html;charset=x"><meta name=a>`, "<meta name=a>"},
		{conf{strip: true}, "a<!-- b --><!--><!--->c<!---->d<!--e", "acd"},
		{conf{lower: true, slash: true}, `<a Href="/A\B" C=D e='é'>`, `<a Href="/a/b" C="d" e='é'>`},
	} {
		c := tt.conf
		for n := range len(tt.page) {
			if got := rewritten(&c, nil, tt.page, []byte{byte(n)}); got != tt.want {
				t.Errorf("%q cut at %d: %q, want %q", tt.page, n, got, tt.want)
			}
		}
	}
	f := &filter{conf: &conf{start: []string{"html", "body"}}}
	if got := string(f.skip([]byte("junk <x><HTML><body>"))); got != "<HTML><body>" {
		t.Error(got)
	}
	for field, want := range map[string]bool{"refresh": true, "content-length": false, "Transfer-Encoding": false, "a b": false, "X-A": true} {
		if promotable([]byte(field), []byte("v")) != want {
			t.Error(field)
		}
	}
	if promotable([]byte("X"), []byte("a\r\nb")) {
		t.Error("a value with a line break is promoted")
	}
}
