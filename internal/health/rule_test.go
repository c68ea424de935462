package health

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Each row is what happens to a member in order: "." a check passes, "x" one
// fails, "E" a request fails on it, "r" it is tried again by a request; and
// after it the member's state: "U" up, "C" out by checks, "E" in error, "B" both.
func TestRule(t *testing.T) {
	for _, row := range []struct {
		what          string
		passes, fails int
		events, want  string
	}{
		{"the first failure counts", 1, 1, "x.x.", "CUCU"},
		{"0 is 1", 0, 0, "x.", "CU"},
		{"three in a row", 1, 3, "xxxx.", "UUCCU"},
		{"one that passes begins again", 1, 3, "xx.xx.xxx", "UUUUUUUUC"},
		{"and one that fails does", 3, 1, "x..x...", "CCCCCCU"},
		{"an error is cleared by checks", 2, 2, ".E..x", "UEEUU"},
		{"what passed before an error does not count", 2, 2, "...E.x..", "UUUEEEEU"},
		{"a retry between two failures changes nothing", 1, 2, "xErx.", "UEUCU"},
		{"failures in error change nothing", 1, 2, "ExxxrxEx.", "EEEEUUEEU"},
		{"both flags go", 1, 1, "xE.", "CBU"},
	} {
		var h worker.Health
		r := rule{row.passes, row.fails}
		got := ""
		for i, e := range row.events {
			switch e {
			case 'E':
				h.Fail(time.Unix(int64(i), 0))
			case 'r':
				h.Recover()
			default:
				apply(r, &h, e == '.')
			}
			got += letter(&h)
		}
		if got != row.want {
			t.Errorf("%s: %s: %s, want %s", row.what, row.events, got, row.want)
		}
	}
}

func apply(r rule, h *worker.Health, ok bool) {
	c, then := r.judge(h.LastCheck(), h.Status(), outcome{ok: ok})
	h.Checked(c)
	switch then {
	case failed:
		h.Set(param.StatusCheckFailed, 0)
	case returns:
		h.Set(0, down)
	}
}

func letter(h *worker.Health) string {
	return map[param.Status]string{0: "U", param.StatusCheckFailed: "C", param.StatusError: "E", down: "B"}[h.Status()&down]
}

// Whatever checks find, in any order: a member goes out exactly when the last
// fails= outcomes failed, and comes back when the last passes= ones passed.
func TestRuleCountsInARow(t *testing.T) {
	for range 200 {
		r := rule{1 + rand.IntN(4), 1 + rand.IntN(4)}
		var h worker.Health
		var seen strings.Builder // since the last change
		for range 100 {
			ok := rand.IntN(2) == 0
			seen.WriteString(map[bool]string{true: ".", false: "x"}[ok])
			before := letter(&h)
			apply(r, &h, ok)
			want, needed := "U", strings.Repeat("x", r.fails)
			if before == "U" {
				want = "C"
			} else {
				needed = strings.Repeat(".", r.passes)
			}
			changed := strings.HasSuffix(seen.String(), needed)
			if changed != (letter(&h) != before) || changed && letter(&h) != want {
				t.Fatalf("%+v: %s after %q: %s", r, before, seen.String(), letter(&h))
			}
			if changed {
				seen.Reset()
			}
		}
	}
}
