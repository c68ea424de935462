package hostile

import (
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// start runs the binary in front of one origin, which ${origin} stands for; conf goes before a ProxyPass of everything.
func start(t *testing.T, conf string) (*testkit.Server, *testkit.Origin) {
	t.Helper()
	o := testkit.NewOrigin(t)
	s := testkit.StartHeadgate(t, "", testkit.Site{
		Conf: conf + "\nProxyPass / http://127.0.0.1:${origin}/\n",
		Vars: map[string]string{"origin": o.Port()},
	})
	return s, o
}

// segmented runs f with what is sent in one piece and with every byte in its own segment.
func segmented(t *testing.T, f func(t *testing.T, oneByOne bool)) {
	t.Helper()
	for _, mode := range []string{"whole", "bytewise"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f(t, mode == "bytewise")
		})
	}
}
