package proxybalancer

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
)

func TestForm(t *testing.T) {
	for _, tt := range []struct {
		text string
		want form
	}{
		{"", form{}},
		{"a=1&b=2", form{"a": "1", "b": "2"}},
		{"A=1", form{"a": "1"}},
		{"a=1&a=2", form{"a": "2"}},
		{"a&b=&=c&&", form{"a": "", "b": ""}},
		{"w=http://a:1/x%26y+z", form{"w": "http://a:1/x&y z"}},
		{"a=%zz%4&b=%C3%a9", form{"a": "%zz%4", "b": "é"}},
		{"a=b=c", form{"a": "b=c"}},
	} {
		if got := parseForm(tt.text); !maps.Equal(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.text, got, tt.want)
		}
	}
	if n := len(parseForm(strings.Repeat("&", maxFields) + "a=1")); n != 0 {
		t.Error("more fields than there may be")
	}
	if got := parseForm("b=x&w=y&w_lf=5&xml=1&undo=3").query(); !maps.Equal(got, form{"b": "x", "w": "y", "xml": "1"}) {
		t.Errorf("a query changes something: %v", got)
	}
}

// FuzzForm: what the standard library reads is read the same, and nothing else
// breaks anything.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "a=%41+b", "a=%", "=&=", "b=x&w=http%3A%2F%2Fa&nonce=1", "a;b=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := parseForm(s)
		want, err := url.ParseQuery(s)
		if err != nil || strings.Count(s, "&") >= maxFields-1 {
			return
		}
		for name, values := range want {
			same := func(other string) bool { return other != name && ascii.EqualFold(other, name) }
			if name == "" || slices.ContainsFunc(slices.Collect(maps.Keys(want)), same) {
				continue // which of the spellings came last?
			}
			if last := values[len(values)-1]; got[ascii.ToLower(name)] != last {
				t.Fatalf("%q: %q is %q, want %q", s, name, got[ascii.ToLower(name)], last)
			}
		}
	})
}
