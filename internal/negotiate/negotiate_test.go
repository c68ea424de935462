package negotiate

import (
	"strings"
	"testing"
)

func TestQuality(t *testing.T) {
	for s, want := range map[string]float32{
		"": 1, "1": 1, "0": 0, "0.5": 0.5, ".25": 0.25, "0.1239": 0.123, "0.12x": 0.12, "2": 1, "x": 1, " 0.3": 0.3, "0.": 0, "00.5": 0,
	} {
		if got := quality(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestParseAccept(t *testing.T) {
	got := ParseAccept(`Text/HTML;level=3;q=0.5, "a,b";q=".7" ,text/plain text/x;charset="UTF-8",`)
	want := []Range{
		{Name: "text/html", Quality: 0.5, Level: 3}, {Name: `"a,b"`, Quality: 0.7}, {Name: "text/plain", Quality: 1},
		{Name: "text/x", Quality: 1, Charset: "utf-8"},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// FuzzChoose: whatever map and client say, a choice ends, is one of the variants, and is the same again.
func FuzzChoose(f *testing.F) {
	f.Add("URI: a\nContent-type: text/html;qs=0.5\n\nURI: b\nContent-language: de,en\nContent-type: text/plain\n\n", "text/*;q=0.3, */*", "de-AT, *;q=0.1", "1.0", "de")
	f.Add("Body:--\nx--\n\nURI: (c) a\nContent-encoding: gzip\nContent-length: 3\n  , more\n#c\n", "", "en", "trans, vlist", "")
	f.Add("URI:\n", ";;,,\"", "-", "*", "x")
	f.Fuzz(func(t *testing.T, text, types, languages, want, preferred string) {
		play := func() (string, string) {
			list, _, _ := ParseMap([]byte(text), "map")
			q := &Request{
				Types: ParseAccept(types), Languages: ParseAccept(languages), Charsets: ParseAccept(languages), Encodings: ParseAccept(types),
				Negotiate: want, HasNegotiate: want != "", Preferred: preferred, GET: true, Priority: strings.Fields(languages), Force: ForceFallback | ForcePrefer,
			}
			for _, r := range q.Types {
				if r.Quality < 0 || r.Quality > 1 {
					t.Fatalf("quality %v", r.Quality)
				}
			}
			got := q.Choose(list)
			name := ""
			for i := range list {
				if got.Best == &list[i] {
					name = "chosen " + list[i].Name
				}
			}
			if got.Best != nil && name == "" {
				t.Fatal("the best is none of the variants")
			}
			if got.Best == nil && !got.List {
				t.Fatal("nothing is chosen and nothing listed")
			}
			page := string(Page(list))
			if strings.Count(page, "<li>") != len(list) || strings.Contains(strings.ReplaceAll(page, "</", ""), "<script") {
				t.Fatalf("page %q", page)
			}
			return name, q.ListAll(list) + Vary(list, got.Transparent)
		}
		name, fields := play()
		if again, more := play(); again != name || more != fields {
			t.Fatalf("%q %q, then %q %q", name, fields, again, more)
		}
	})
}
