package autoindex

import (
	"slices"
	"strings"
	"testing"
)

func TestSizes(t *testing.T) {
	for n, want := range map[int64]string{
		-1: "  - ", 0: "  0 ", 972: "972 ", 973: "1.0K", 1024: "1.0K", 10188: "9.9K", 10190: " 10K", 996147: "973K",
		999999: "1.0M", 1 << 30: "1.0G", 5 << 40: "5.0T",
	} {
		if got := size(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	names := strings.Fields("x-0001 x-01 x2 x9 x10 x100 X3 1.02 1.010 1.1 pic")
	slices.SortFunc(names, func(a, b string) int { return natural(a, b, false) })
	if got := strings.Join(names, " "); got != "1.010 1.02 1.1 X3 pic x-0001 x-01 x2 x9 x10 x100" {
		t.Error(got)
	}
}

func TestTitles(t *testing.T) {
	for page, want := range map[string]string{
		"<title>a</title>": "a", "<TITLE>\na\nb</TITLE>": "a b", "<title>a<b>c</title>": "a&lt;b&gt;c", "none": "", "<title>open": "open",
	} {
		if got := titleOf([]byte(page)); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
}

func TestShortening(t *testing.T) {
	for _, tt := range []struct {
		text string
		most int
		want string
	}{{"abcdef", 3, "ab>"}, {"abc", 3, "abc"}, {"a<b>bc</b>d", 3, "a<b>bc</b>d"[:9] + ">"}, {"&auml;&ouml;x", 2, "&auml;&ouml>"}, {"a<b", 1, "a<b"}} {
		if got := shorten(tt.text, tt.most); got != tt.want {
			t.Errorf("%q in %d: %q, want %q", tt.text, tt.most, got, tt.want)
		}
	}
}

// No text of a file or of a client leaves its place in the page.
func FuzzNames(f *testing.F) {
	f.Add(`"><script>`, "a<b", "C=N;P=<x>\"")
	f.Add("javascript:x", "\x00\xff", "P=%22%3E")
	f.Fuzz(func(t *testing.T, name, title, query string) {
		if strings.ContainsAny(name, "/\x00") || name == "" {
			return
		}
		title = strings.ReplaceAll(title, `"`, "") // it ends nothing in a text
		o := &order{opts: fancy | table, key: 'N', direction: 'A'}
		o.ask(query)
		p := &printer{conf: &conf{}, order: o}
		p.list([]entry{{name: name, desc: titleOf([]byte("<title>" + title)), hasDesc: true, size: 1}})
		page := string(p.b)
		if strings.Contains(page, "<script") || strings.Count(page, `"`)%2 != 0 {
			t.Errorf("%q", page)
		}
		if at := strings.Index(page, `<td><a href="`); at >= 0 {
			href := page[at+len(`<td><a href="`):]
			if href = href[:strings.IndexByte(href, '"')]; strings.ContainsAny(href, "<> ") || scheme(href) {
				t.Errorf("%q", href)
			}
		}
	})
}

// scheme reports whether a link names a scheme.
func scheme(href string) bool {
	colon, slash := strings.IndexByte(href, ':'), strings.IndexByte(href, '/')
	return colon >= 0 && (slash < 0 || colon < slash)
}

// No text breaks the comparison, which is the same in both directions.
func FuzzNatural(f *testing.F) {
	f.Add("a1", "a01")
	f.Fuzz(func(t *testing.T, a, b string) {
		if x, y := natural(a, b, true), natural(b, a, true); x != -y {
			t.Errorf("%q %q: %d and %d", a, b, x, y)
		}
	})
}
