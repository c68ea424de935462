package balance

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
)

// clockLoop is a loop that knows the time, and does at once what is to be done
// elsewhere.
type clockLoop struct {
	reactor.Loop
	now time.Time
}

func (l *clockLoop) Now() time.Time         { return l.now }
func (l *clockLoop) Life() context.Context  { return context.Background() }
func (l *clockLoop) Spawn(r reactor.Runner) { r.Run() }

func (l *clockLoop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	j.Do(ctx)
	return nil
}

func at(now time.Time) *exchange.Exchange { return &exchange.Exchange{Loop: &clockLoop{now: now}} }

// balancer makes one of members, each "name[@set][:letters][*factor]".
func balancer(method, list string) *Balancer {
	b := New(Config{Name: "balancer://b", Method: MethodOf(method)}, new(Group))
	b.MaxAttempts, b.ForceRecovery = -1, true
	b.Members.Change(func([]*Member) []*Member {
		var all []*Member
		for _, w := range strings.Fields(list) {
			text, factor, ok := strings.Cut(w, "*")
			m := member(text)
			if ok {
				f := 0.0
				_, _ = fmt.Sscan(factor, &f)
				m.Factor = int(f * 100)
			}
			m.Route = m.Worker.Name
			m.Watch(b.Group)
			all = append(all, m)
		}
		return all
	})
	return b
}

func (b *Balancer) named(name string) *Member {
	for _, m := range b.Members.List() {
		if m.Worker.Name == name {
			return m
		}
	}
	return nil
}

// play elects n times and names the elected.
func play(b *Balancer, x *exchange.Exchange, n int) string {
	var out strings.Builder
	for range n {
		if m := b.Elect(x, nil); m != nil {
			out.WriteString(m.Worker.Name)
		} else {
			out.WriteByte('-')
		}
	}
	return out.String()
}

// The sequences that the real httpd has.
func TestSequences(t *testing.T) {
	for _, tt := range []struct{ list, want string }{
		{"a b", "abababab"},
		{"a*3 b", "aabaaaba"},
		{"a b*2 c*4", "cbcacbccbcacbc"},
		{"a*70 b*30", "abaaabaaba"},
		{"a b c", "abcabcabc"},
		{"a:H b", "bbb"},
		{"a", "aaa"},
		{"", "--"},
		{"a:D b:S", "--"},
		{"a*1.5 b", "ababaababa"},
		{"a:R b c:D", "babab"}, // spares compete behind the others
	} {
		b := balancer("byrequests", tt.list)
		if got := play(b, at(start), len(tt.want)); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.list, got, tt.want)
		}
	}
}

// asByRequests is httpd's election, state by state, over all members: what a
// sequence must be whatever comes and goes.
type asByRequests struct{ status map[*Member]int64 }

func (a *asByRequests) elect(list []*Member, now time.Time) (best *Member) {
	total := int64(0)
	for _, m := range among(list, now) {
		a.status[m] += int64(m.Factor)
		total += int64(m.Factor)
		if best == nil || a.status[m] > a.status[best] {
			best = m
		}
	}
	if best != nil {
		a.status[best] -= total
	}
	return best
}

func (a *asByRequests) honour(list []*Member, m *Member) {
	total := int64(0)
	for _, o := range list {
		if o.Health().Status()&(param.StatusDisabled|param.StatusError|param.StatusStopped) == 0 {
			a.status[o] += int64(o.Factor)
			total += int64(o.Factor)
		}
	}
	a.status[m] -= total
}

// Members of any weight come and go, sessions take turns: each election is what
// httpd's would be.
func TestSequencesAgainstHTTPD(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	for round := range 400 {
		var list strings.Builder
		even := r.IntN(2) == 0
		for i := range 1 + r.IntN(6) {
			fmt.Fprintf(&list, " %c@%d:", 'a'+i, r.IntN(2))
			for _, letter := range "NHRI" {
				if r.IntN(8) == 0 {
					list.WriteRune(letter)
				}
			}
			if !even {
				fmt.Fprintf(&list, "*%d", 1+r.IntN(5))
			}
		}
		b := balancer("byrequests", list.String())
		if r.IntN(2) == 0 {
			b.Sticky = "S"
		}
		want := asByRequests{map[*Member]int64{}}
		members, now := b.Members.List(), start
		log := ""
		for range 300 {
			x := at(now)
			m := members[r.IntN(len(members))]
			switch k := r.IntN(40); {
			case k == 0:
				m.Health().Set(param.StatusDisabled, 0)
				log += " -" + m.Worker.Name
			case k == 1:
				m.Health().Set(0, param.StatusDisabled)
				log += " +" + m.Worker.Name
			case k == 2 && len(members) > 1:
				m.Health().Fail(now)
				log += " !" + m.Worker.Name
			case k == 3:
				now = now.Add(45 * time.Second)
				log += " 45s"
			case k < 12 && b.Sticky != "":
				b.current(x, true) // httpd looks again after each election, and sees what failed there
				if m.Health().Usable(now, m.Retry) {
					want.honour(members, m)
					b.Honour(x, m)
					log += " =" + m.Worker.Name
				}
			default:
				w := func() *Member { Recover(members, now, true); return want.elect(members, now) }()
				got := b.Elect(x, nil)
				if got != w {
					t.Fatalf("round %d, %s:%s: %s, want %s", round, list.String(), log, name(got), name(w))
				}
				log += " " + name(got)
			}
		}
	}
}

func name(m *Member) string {
	if m == nil {
		return "-"
	}
	return m.Worker.Name
}

func TestByBusyness(t *testing.T) {
	b := balancer("bybusyness", "a b c")
	x := at(start)
	var busy []*Member
	take := func() string {
		m := b.Elect(x, nil)
		m.Score.Begin()
		busy = append(busy, m)
		return m.Worker.Name
	}
	got := take() + take() + take()
	busy[1].Score.End()
	got += take() + take()
	if got != "abcba" {
		t.Errorf("%s", got)
	}
	// Nobody is busy: their turns.
	b = balancer("bybusyness", "a*3 b")
	if got := play(b, x, 8); got != "aabaaaba" {
		t.Errorf("idle: %s", got)
	}
}

func TestByTraffic(t *testing.T) {
	b := balancer("bytraffic", "a b*2")
	x := at(start)
	got := ""
	for range 6 {
		m := b.Elect(x, nil)
		m.Score.Traffic(1000, 20000)
		got += m.Worker.Name
	}
	if got != "abbabb" {
		t.Errorf("%s", got)
	}
}

// What was tried is not elected again, and takes no turn.
func TestTried(t *testing.T) {
	for _, method := range MethodNames() {
		for _, list := range []string{"a b c", "a*3 b c*2", "a b@1 c"} {
			if method == "heartbeat" {
				continue // nobody has said anything
			}
			b := balancer(method, list)
			x := at(start)
			var tried []*Member
			for m := b.Elect(x, nil); m != nil; m = b.Elect(x, tried) {
				if slices.Contains(tried, m) {
					t.Fatalf("%s of %s: %s again", method, list, m.Worker.Name)
				}
				tried = append(tried, m)
			}
			if want := len(among(b.Members.List(), start)); len(tried) != want {
				t.Errorf("%s of %s: %d tried, want %d", method, list, len(tried), want)
			}
		}
	}
}

// shares holds the counts of members against their weights.
func shares(t *testing.T, what string, list []*Member, counts map[*Member]int, within float64) {
	t.Helper()
	total, factors := 0, 0
	for _, m := range list {
		total += counts[m]
		factors += m.Factor
	}
	for _, m := range list {
		got, want := float64(counts[m])/float64(total), float64(m.Factor)/float64(factors)
		if math.Abs(got-want) > within {
			t.Errorf("%s: %s has a share of %.5f, want %.5f", what, m.Worker.Name, got, want)
		}
	}
}

// elections is how many each method is held to.
const elections = 1_000_000

// A million elections, by one loop and by several at once: every member has its
// share to a thousandth.
func TestShares(t *testing.T) {
	for method, within := range map[string]float64{"byrequests": 0.001, "bytraffic": 0.001, "bybusyness": 0.001, "random": 0.004} {
		for _, loops := range []int{1, 4} {
			for _, list := range []string{"a b c d e", "a*1 b*2 c*4 d*1.5 e*7.25 f*100", "a*3 b*3 c*3 d:H e:R"} {
				b := balancer(method, list)
				counts := simulate(b, loops, elections, nil)
				shares(t, fmt.Sprintf("%s of %s by %d loops", method, list, loops), among(b.Members.List(), start), counts, within)
			}
		}
	}
}

// simulate elects n times on so many loops. Requests last for one more election
// of their loop and move a kilobyte. turn is called before each, on any loop.
func simulate(b *Balancer, loops, n int, turn func(loop, i int)) map[*Member]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	counts := map[*Member]int{}
	for loop := range loops {
		wg.Go(func() {
			x, own := at(start), map[*Member]int{}
			for i := range n / loops {
				if turn != nil {
					turn(loop, i)
				}
				m := b.Elect(x, nil)
				if m == nil {
					continue
				}
				own[m]++
				m.Score.Traffic(100, 900)
			}
			mu.Lock()
			defer mu.Unlock()
			for m, c := range own {
				counts[m] += c
			}
		})
	}
	wg.Wait()
	return counts
}

// Members fail and return all the time, on several loops: while all are there
// each has its share, and one that was away is not made to catch up.
func TestSharesWithFailures(t *testing.T) {
	for _, method := range []string{"byrequests", "bybusyness"} {
		for _, loops := range []int{1, 4} {
			b := balancer(method, "a*1 b*2 c*3 d*4")
			list := b.Members.List()
			// Each of the last two is away for the same tenth of the elections of every
			// loop; who is left shares what would have been its.
			want := map[*Member]float64{}
			phases := [...]*Member{nil, list[2], nil, list[3], nil, nil, nil, nil, nil, nil}
			for _, gone := range phases {
				sum := 0
				for _, m := range list {
					if m != gone {
						sum += m.Factor
					}
				}
				for _, m := range list {
					if m != gone {
						want[m] += float64(m.Factor) / float64(sum) / float64(len(phases))
					}
				}
			}
			counts := map[*Member]int{}
			for range 100 {
				for _, gone := range phases {
					if gone != nil {
						gone.Health().Set(param.StatusDisabled, 0)
					}
					for m, c := range simulate(b, loops, elections/1000, nil) {
						counts[m] += c
					}
					if gone != nil {
						gone.Health().Set(0, param.StatusDisabled)
					}
				}
			}
			for _, m := range list {
				if got := float64(counts[m]) / elections; math.Abs(got-want[m]) > 0.001 {
					t.Errorf("%s by %d loops: %s has %.5f, want %.5f", method, loops, m.Worker.Name, got, want[m])
				}
			}
		}
	}
}

func TestElectionDoesNotAllocate(t *testing.T) {
	for _, method := range MethodNames() {
		for _, list := range []string{"a b c", "a*3 b c*2 d:H"} {
			b := balancer(method, list)
			x := at(start)
			b.Elect(x, nil)
			if n := testing.AllocsPerRun(1000, func() { b.Elect(x, nil) }); n != 0 {
				t.Errorf("%s of %s: %v allocations", method, list, n)
			}
		}
	}
}

func BenchmarkElect(b *testing.B) {
	for _, method := range MethodNames() {
		for _, size := range []int{1, 10, 100, 1000} {
			for _, weights := range []string{"even", "uneven"} {
				var list strings.Builder
				for i := range size {
					fmt.Fprintf(&list, " m%d", i)
					if weights == "uneven" {
						fmt.Fprintf(&list, "*%d", 1+i%9)
					}
				}
				b.Run(fmt.Sprintf("%s/%d/%s", method, size, weights), func(b *testing.B) {
					bal := balancer(method, list.String())
					x := at(start)
					for b.Loop() {
						bal.Elect(x, nil)
					}
				})
			}
		}
	}
}

// Of two that are drawn the less busy one is elected; the busiest of all never.
func TestTwoChoices(t *testing.T) {
	b := balancer("p2c", "a b c d")
	b.named("c").Score.Begin()
	for range 1000 {
		if m := b.Elect(at(start), nil); m == b.named("c") {
			t.Fatal("the busiest was elected")
		}
	}
}

func TestLeastTime(t *testing.T) {
	b := balancer("leasttime", "a b")
	x := at(start)
	elect := func() string { return name(b.Elect(x, nil)) }
	slow, fast := b.named("a").Score, b.named("b").Score
	if got := elect(); got != "a" {
		t.Errorf("nothing is known: %s", got)
	}
	slow.Begin()
	if got := elect(); got != "b" {
		t.Errorf("one has a request that nobody knows the length of: %s", got)
	}
	slow.End()
	slow.Took(100*time.Millisecond, start)
	fast.Took(10*time.Millisecond, start)
	if got := elect(); got != "b" {
		t.Errorf("the slow one: %s", got)
	}
	for range 10 {
		fast.Begin()
	}
	if got := elect(); got != "a" {
		t.Errorf("the fast one has ten: %s", got)
	}
	for range 10 {
		fast.End()
	}
	later := start.Add(time.Minute)
	x = at(later)
	fast.Took(10*time.Millisecond, later)
	if got := elect(); got != "a" {
		t.Errorf("what was slow a minute ago: %s", got)
	}
	slow.Took(time.Second, later)
	slow.Took(time.Millisecond, later.Add(time.Millisecond))
	if got := elect(); got != "b" {
		t.Errorf("a peak counts on: %s", got)
	}
}
