package verdict

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/modules/proxy"
	"github.com/headgate/headgate/internal/proxy/param"
)

// TestEffects: every honoured directive and every parameter of a worker, a member and a balancer has a
// test that shows its effect. A mapped directive has a note instead,
// and so does a parameter that is accepted without effect.
func TestEffects(t *testing.T) {
	proofs := loadEffects(t)
	for _, row := range config.Table(modules.All()).Rows() {
		if row.Tier == directive.Honoured {
			prove(t, proofs, row.Name, strings.TrimSuffix(row.Name, ">"))
		} else if row.Tier == directive.Mapped && row.Note == "" {
			t.Errorf("%s is mapped, and no note says how", row.Name)
		}
	}
	for _, name := range param.Names(param.OfWorker) {
		if !proxy.Noted(proxy.OfWorker, name) {
			prove(t, proofs, name+"=", name+"=")
		} else if !proxy.Noted(proxy.OfMember, name) {
			prove(t, proofs, "member "+name+"=", name+"=")
		}
	}
	for _, name := range param.Names(param.OfBalancer) {
		if !proxy.Noted(proxy.OfBalancer, name) {
			prove(t, proofs, "balancer "+name+"=", name+"=")
		}
	}
}

// prove checks that the test named for a directive exists and contains its name.
func prove(t *testing.T, proofs map[string][]string, name, word string) {
	p, ok := proofs[name]
	switch {
	case !ok:
		t.Errorf("%s is honoured, and testdata/effects.txt names no test of it", name)
		return
	case p[0] == "-" && len(p) > 1:
		return
	case len(p) > 1:
		word = p[1]
	}
	data, err := os.ReadFile(filepath.Join("../..", p[0]))
	if err != nil {
		t.Errorf("%s: %v", name, err)
	} else if !strings.Contains(string(data), word) {
		t.Errorf("%s: %s does not contain %s", name, p[0], word)
	}
}

func loadEffects(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/effects.txt")
	if err != nil {
		t.Fatal(err)
	}
	proofs := map[string][]string{}
	for l := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		if len(f) >= 2 && l[0] != '#' {
			proofs[f[0]] = f[1:]
		}
	}
	return proofs
}
