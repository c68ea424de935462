package pages

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const conf = `
%s
<Location /server-status>
SetHandler server-status
</Location>
`

// get returns the body of a page, which must exist.
func get(t *testing.T, s *testkit.Server, path string) string {
	t.Helper()
	r, err := http.Get("http://" + s.Addr() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %d %v", path, r.StatusCode, err)
	}
	http.DefaultClient.CloseIdleConnections()
	return string(b)
}

// keys are the names in a page of lines "Name: value".
func keys(page string) (out []string) {
	for line := range strings.Lines(page) {
		if name, _, ok := strings.Cut(line, ": "); ok {
			out = append(out, name)
		}
	}
	return out
}

// TestAuto: the page has the keys of httpd's page, in the same order.
func TestAuto(t *testing.T) {
	testkit.NeedHttpd(t)
	for _, extended := range []string{"", "ExtendedStatus Off"} {
		text := strings.Replace(conf, "%s", extended, 1)
		theirs := testkit.StartHttpd(t, testkit.Site{Conf: text})
		ours := testkit.StartHeadgate(t, "", testkit.Site{Conf: text})
		for _, s := range []*testkit.Server{theirs, ours} {
			// The values for each request exist once a request is counted.
			testkit.Eventually(t, "a request is counted", func() bool {
				return extended != "" || slices.Contains(keys(get(t, s, "/server-status?auto")), "BytesPerReq")
			})
		}
		want, got := keys(get(t, theirs, "/server-status?auto")), keys(get(t, ours, "/server-status?auto"))
		// These exist once the server has run for a second and used CPU time.
		late := []string{"CPULoad", "ServerUptime", "ReqPerSec", "BytesPerSec"}
		drop := func(list []string) []string {
			return slices.DeleteFunc(list, func(k string) bool { return slices.Contains(late, k) })
		}
		// Ours come last, and have names that httpd never has.
		for len(got) > 0 && strings.HasPrefix(got[len(got)-1], "Headgate") {
			got = got[:len(got)-1]
		}
		if want, got = drop(want), drop(got); !slices.Equal(got, want) {
			t.Errorf("%q\nhttpd: %v\nours:  %v", extended, want, got)
		}
		theirs.Stop()
		ours.Stop()
	}
}
