package balance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var start = time.Unix(10000, 0)

// member makes one from "name[@set][:letters]", the letters of status= and "e"
// for one that has just failed.
func member(text string) *Member {
	text, flags, _ := strings.Cut(text, ":")
	m := &Member{Retry: time.Minute, Factor: 100, Score: new(Score)}
	name, set, ok := strings.Cut(text, "@")
	if ok {
		_, _ = fmt.Sscan(set, &m.Set)
	}
	w := worker.New(worker.Config{Name: name}, nil, worker.NewState(nil, nil, 1))
	m.Worker = &w
	for i := range len(flags) {
		if flags[i] == 'e' {
			m.Health().Fail(start.Add(-time.Second))
			continue
		}
		m.Health().Set(param.StatusOf(flags[i]), 0)
	}
	return m
}

func members(text string) (list []*Member) {
	for _, w := range strings.Fields(text) {
		list = append(list, member(w))
	}
	return list
}

func names(list []*Member) string {
	var out []string
	for _, m := range list {
		out = append(out, m.Worker.Name)
	}
	return strings.Join(out, " ")
}

func among(list []*Member, now time.Time) []*Member {
	out, _ := eligible(nil, list, now, true)
	return out
}

func TestEligible(t *testing.T) {
	for _, tt := range []struct{ list, want string }{
		{"", ""},
		{"a b c", "a b c"},
		{"a:D b:S c", "c"},
		{"a:e b", "b"},
		{"a:N b", "b"},
		{"a:R b c", "b c"},             // no spare is needed
		{"a:R b:e c", "c a"},           // one is
		{"a:R s:R b:e c", "c a"},       // as many as are missing
		{"a:R s:R b:e c:N", "a s"},     // a draining one is missing too
		{"a:Re s:R b:e c", "c s"},      // a spare that is down does not help
		{"h:H b c", "b c"},             // standby only where nobody else
		{"h:H b:e c:e", "h"},           //
		{"h:H r:R b:e c:e", "r"},       // spares before standbys
		{"h:H h2:H b:e", "h h2"},       // all standbys
		{"h:H b:e c@1", "h"},           // a standby of a lower set before a higher set
		{"a@1 b@0 c@1", "b"},           // the lowest set only
		{"a@1 b@0:e c@1", "a c"},       // the lowest set is down: the next one
		{"a@7 b@3:e c@7 h@7:H", "a c"}, // sets with gaps
		{"a@1 b@0:e r@1:R", "a"},       // a spare belongs to its set
		{"a:C b:C r:R", "r"},           // a failed check counts as missing
		{"a:C b:C r:RC h:HC", ""},      // a failed check takes spares and standbys out too
		{"r:R h:H", "h"},               // nobody is missing: the spare has nothing to do
		{"rh:RH b:e", "rh"},            // a spare that is a standby too is a spare
		{"h:HN b:e", ""},               // a draining standby does not step in
		{"a:E b", "a b"},               // in error by configuration: its time has come long ago
		{"a:Ie b", "a b"},              // errors are ignored
		{"a:D", ""},
	} {
		if got := names(among(members(tt.list), start)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.list, got, tt.want)
		}
	}
	m := members("x a b:e")
	after, _ := eligible(m[:1:1], m[1:], start.Add(2*time.Minute), true)
	if got := names(after); got != "x a b" {
		t.Errorf("after its time, behind another: %q", got)
	}
}

// asHTTPD is a direct transcription of the loop in
// ap_proxy_balancer_get_best_worker.
func asHTTPD(list []*Member, now time.Time) (competed []*Member) {
	for set := 0; ; set++ {
		most := 0
		var spares, standbys []*Member
		missing := 0
		for _, m := range list {
			most = max(most, m.Set)
			if m.Set != set {
				continue
			}
			s := m.Health().Status()
			if s&param.StatusDrain != 0 {
				if s&(param.StatusHotSpare|param.StatusHotStandby) == 0 {
					missing++
				}
				continue
			}
			usable := m.Health().Usable(now, m.Retry)
			switch {
			case s&param.StatusHotSpare != 0:
				if usable {
					spares = append(spares, m)
				}
			case s&param.StatusHotStandby != 0:
				if usable {
					standbys = append(standbys, m)
				}
			case usable:
				competed = append(competed, m)
			default:
				missing++
			}
		}
		for i := 0; i < len(spares) && missing > 0; i++ {
			missing--
			competed = append(competed, spares[i])
		}
		if len(competed) == 0 {
			competed = standbys
		}
		if len(competed) > 0 || set >= most {
			return competed
		}
	}
}

func TestEligibleAgainstHTTPD(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for range 20000 {
		var text strings.Builder
		for i := range r.IntN(7) {
			fmt.Fprintf(&text, " m%d@%d:", i, r.IntN(3))
			for _, letter := range "NDSHRCIEe" {
				if r.IntN(6) == 0 {
					text.WriteRune(letter)
				}
			}
		}
		now := start.Add(time.Duration(r.IntN(120)) * time.Second)
		want := names(asHTTPD(members(text.String()), now))
		if got := names(among(members(text.String()), now)); got != want {
			t.Fatalf("%q: %q, want %q", text.String(), got, want)
		}
	}
}

func TestRecover(t *testing.T) {
	for _, tt := range []struct {
		list string
		want bool
	}{{"", false}, {"a:e b:e", true}, {"a:e b", false}, {"a:e b:C", false}, {"a:e b:De", true}} {
		list := members(tt.list)
		if got := Recover(list, start, true); got != tt.want {
			t.Errorf("%q: %v", tt.list, got)
		}
		for _, m := range list {
			if tt.want && m.Health().Has(param.StatusError) {
				t.Errorf("%q: %s is still in error", tt.list, m.Worker.Name)
			}
		}
	}
}

// Members change while others elect: no election sees half a list, and a
// removed member releases its lease once.
func TestMembersChange(t *testing.T) {
	var reg state.Registry
	var closed sync.Map
	var s Members
	join := func(name string) {
		s.Change(func(list []*Member) []*Member {
			m := member(name)
			m.Lease = reg.Lease()
			state.Attach(m.Lease, name, func() (*Member, func()) {
				return m, func() {
					if _, twice := closed.LoadOrStore(name, true); twice {
						t.Errorf("%s was closed twice", name)
					}
				}
			})
			return append(list, m)
		})
	}
	join("a")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if list := among(s.List(), start); len(list) == 0 || list[0].Worker.Name != "a" {
					t.Errorf("elected among %q", names(list))
					return
				}
			}
		})
	}
	for i := range 200 {
		name := fmt.Sprintf("m%d", i)
		join(name)
		if i%2 == 0 {
			s.Change(func(list []*Member) []*Member {
				return slices.DeleteFunc(list, func(m *Member) bool { return m.Worker.Name == name })
			})
			if _, ok := closed.Load(name); !ok {
				t.Errorf("%s was not closed", name)
			}
		}
	}
	close(stop)
	wg.Wait()
	if n := len(s.List()); n != 101 {
		t.Errorf("%d members", n)
	}
	s.Close()
	if _, ok := closed.Load("m199"); !ok || s.List() != nil {
		t.Error("closing left a member")
	}
	if s.Change(func(list []*Member) []*Member { return append(list, member("late")) }) {
		t.Error("a closed balancer takes members")
	}
}
