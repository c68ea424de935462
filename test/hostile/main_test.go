package hostile

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// start runs the binary in front of one origin, named by ${origin}; conf is before a ProxyPass of all paths.
func start(t *testing.T, conf string) (*testkit.Server, *testkit.Origin) {
	t.Helper()
	o := testkit.NewOrigin(t)
	s := testkit.StartHeadgate(t, "", testkit.Site{
		Conf: conf + "\nProxyPass / http://127.0.0.1:${origin}/\n",
		Vars: map[string]string{"origin": o.Port()},
	})
	return s, o
}

// ask sends text on a new connection and returns the response; nil when the server closed without one.
func ask(t *testing.T, s *testkit.Server, text string) *testkit.Response {
	t.Helper()
	c := testkit.Dial(t, s.Addr())
	defer c.Close()
	c.Send(text)
	method, _, _ := strings.Cut(text, " ")
	r, err := c.Read(method)
	if err != nil && r == nil {
		return nil
	}
	return r
}

// get is a GET of target with further field lines.
func get(target string, fields ...string) string {
	text := "GET " + target + " HTTP/1.1\r\nHost: www.test\r\n"
	for _, f := range fields {
		text += f + "\r\n"
	}
	return text + "\r\n"
}

// status returns the status of a response; 0 for none.
func status(r *testkit.Response) int {
	if r == nil {
		return 0
	}
	return r.Status
}

// targetOf returns the target of a request that a backend got.
func targetOf(r *testkit.Request) string {
	_, rest, _ := strings.Cut(r.Line, " ")
	return strings.TrimSuffix(rest, " HTTP/1.1")
}

// allStrict checks every request the origin got.
func allStrict(t *testing.T, o *testkit.Origin) {
	t.Helper()
	for _, r := range o.Requests() {
		if err := strict(&r); err != nil {
			t.Errorf("the backend got %q: %v", r.Line, err)
		}
	}
}

// segmented runs f twice: sending in one piece, and sending every byte in its own segment.
func segmented(t *testing.T, f func(t *testing.T, oneByOne bool)) {
	t.Helper()
	for _, mode := range []string{"whole", "bytewise"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f(t, mode == "bytewise")
		})
	}
}
