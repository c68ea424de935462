package proxy

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/mapping"
)

func TestParseReverse(t *testing.T) {
	const needsPath = "ProxyPassReverse needs a path when not defined in a location"
	in := mapping.Place{InLocation: true, Path: "/loc"}
	for _, row := range []struct {
		words string
		at    mapping.Place
		want  forward.ReverseRule
		err   string
	}{
		{"/a", mapping.Place{}, forward.ReverseRule{}, needsPath},
		{"/a interpolate", mapping.Place{}, forward.ReverseRule{}, needsPath},
		{"/a http://h/", mapping.Place{}, forward.ReverseRule{Public: "/a", Internal: "http://h/"}, ""},
		{"/a http://h/ foo", mapping.Place{}, forward.ReverseRule{Public: "/a", Internal: "http://h/", Interpolate: true}, ""},
		{"http://h/", in, forward.ReverseRule{Public: "/loc", Internal: "http://h/"}, ""},
		{"http://h/ Interpolate", in, forward.ReverseRule{Public: "/loc", Internal: "http://h/", Interpolate: true}, ""},
		{"http://h/ interpolate z", in, forward.ReverseRule{Public: "/loc", Internal: "http://h/", Interpolate: true}, ""},
		{"/a http://h/", in, forward.ReverseRule{}, "ProxyPassReverse can not have a path when defined in a location"},
	} {
		got, err := ParseReverse(strings.Fields(row.words), row.at)
		if (err == nil) != (row.err == "") || (err != nil && err.Error() != row.err) || got != row.want {
			t.Errorf("%s: %+v %v", row.words, got, err)
		}
	}
	if r := ParseCookie([]string{"/in", "/out", "x"}); r != (forward.ReverseRule{Public: "/out", Internal: "/in", Interpolate: true}) {
		t.Errorf("cookie %+v", r)
	}
}
