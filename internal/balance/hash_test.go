package balance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
)

// keyed makes a balancer with lbmethod=hash.
func keyed(t testing.TB, list, key string, bound float64) *Balancer {
	t.Helper()
	b := balancer("hash", list)
	k, err := ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	b.HashBy, b.HashBalance = k, bound
	return b
}

// owners elects for each of n paths.
func owners(b *Balancer, n int) []*Member {
	x, out := at(start), make([]*Member, n)
	for i := range out {
		x.Path = fmt.Appendf(x.Path[:0], "/path/%d", i)
		out[i] = b.Elect(x, nil)
	}
	return out
}

// A million keys, by one loop and by several: every member has its weight's share
// of them, within what the points of a ring promise.
func TestHashShares(t *testing.T) {
	for _, list := range []string{"a b c d e", "a*1 b*2 c*4 d*1.5 e*7.25 f*20", "a*3 b*3 c*3 d:H e:R", manyMembers(100)} {
		for _, loops := range []int{1, 4} {
			b := keyed(t, list, "path", 0)
			counts, n := map[*Member]int{}, elections
			var mu sync.Mutex
			var wg sync.WaitGroup
			for loop := range loops {
				wg.Go(func() {
					x, own := at(start), map[*Member]int{}
					for i := range n / loops {
						x.Path = fmt.Appendf(x.Path[:0], "/%d/%d", loop, i)
						own[b.Elect(x, nil)]++
					}
					mu.Lock()
					defer mu.Unlock()
					for m, c := range own {
						counts[m] += c
					}
				})
			}
			wg.Wait()
			total := 0
			for _, m := range among(b.Members.List(), start) {
				total += m.Factor
			}
			for _, m := range among(b.Members.List(), start) {
				want := float64(m.Factor) / float64(total)
				got := float64(counts[m]) / float64(n)
				// Four times the deviation of a share that is the sum of so many arcs.
				if within := 4 / math.Sqrt(pointsPerFactor*float64(m.Factor)/100); math.Abs(got/want-1) > within {
					t.Errorf("%.20s by %d loops: %s has %.5f, want %.5f within %.1f %%", list, loops, name(m), got, want, 100*within)
				}
			}
		}
	}
}

func manyMembers(n int) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, " m%d", i)
	}
	return list.String()
}

// Where a member goes only its keys move, and to all others; where it returns, or
// one is added, only its keys move.
func TestHashMoves(t *testing.T) {
	const keys = 50_000
	for _, list := range []string{"a b c d e", "a*1 b*5 c*2.5 d*1", manyMembers(40)} {
		b := keyed(t, list, "path", 0)
		before := owners(b, keys)
		for _, gone := range b.Members.List()[:4] {
			gone.Health().Set(param.StatusDisabled, 0)
			took := map[*Member]int{}
			for i, m := range owners(b, keys) {
				switch {
				case before[i] != gone && m != before[i]:
					t.Fatalf("%.20s without %s: key %d moved from %s to %s", list, name(gone), i, name(before[i]), name(m))
				case before[i] == gone:
					took[m]++
				}
			}
			if len(took) < min(len(b.Members.List())-1, 20) {
				t.Errorf("%.20s: only %d others took the keys of %s", list, len(took), name(gone))
			}
			gone.Health().Set(0, param.StatusDisabled)
		}
		for i, m := range owners(b, keys) {
			if m != before[i] {
				t.Fatalf("%.20s: key %d is not back", list, i)
			}
		}
		var added *Member
		b.Members.Change(func(list []*Member) []*Member {
			added = member("new")
			return append([]*Member{added}, list...)
		})
		moved := 0
		for i, m := range owners(b, keys) {
			if m == added {
				moved++
			} else if m != before[i] {
				t.Fatalf("%.20s: key %d moved to %s, which is not the new one", list, i, name(m))
			}
		}
		total := 0
		for _, m := range b.Members.List() {
			total += m.Factor
		}
		if want := float64(keys) * float64(added.Factor) / float64(total); math.Abs(float64(moved)/want-1) > 0.2 {
			t.Errorf("%.20s: %d keys moved to a new member, want about %.0f", list, moved, want)
		}
	}
}

// What was tried gives its keys to the next on the ring, as if it were not there.
func TestHashTried(t *testing.T) {
	b := keyed(t, "a b c d", "path", 0)
	before := owners(b, 1000)
	b.named("c").Health().Set(param.StatusDisabled, 0)
	without := owners(b, 1000)
	b.named("c").Health().Set(0, param.StatusDisabled)
	x := at(start)
	for i, m := range before {
		if name(m) != "c" {
			continue
		}
		x.Path = fmt.Appendf(x.Path[:0], "/path/%d", i)
		if got := b.Elect(x, []*Member{m}); got != without[i] {
			t.Fatalf("key %d: %s, want %s", i, name(got), name(without[i]))
		}
	}
}

// Other processes, and later versions, must elect alike.
func TestHashIsStable(t *testing.T) {
	b := keyed(t, "a b c*2", "path", 0)
	got := ""
	for _, m := range owners(b, 40) {
		got += name(m)
	}
	if want := stableOwners; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

const stableOwners = "ccbbcbccccaacccbabcbaacacacccbcabbbabcba"

// No member has more than hashbalance= times its share of what is under way, not
// even if one key is all that is asked for; on several loops each may be one too
// late to see it. A loop can be held up between its election and its look at the
// numbers, so the share is of the most that were under way so far.
func TestHashBound(t *testing.T) {
	for _, loops := range []int{1, 4} {
		for _, bound := range []float64{1, 1.25, 2} {
			b := keyed(t, "a b*2 c d*4 e", "path", bound)
			total := 0
			for _, m := range b.Members.List() {
				total += m.Factor
			}
			var over, peak atomic.Int64
			var wg sync.WaitGroup
			for loop := range loops {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(loop), 7))
					x := at(start)
					var open []*Member
					for range 20_000 {
						if len(open) > 0 && r.IntN(100) < len(open) {
							b.End(open[0])
							open = open[1:]
							continue
						}
						x.Path = append(x.Path[:0], "/hot"...)
						if r.IntN(4) == 0 {
							x.Path = fmt.Appendf(x.Path, "%d", r.IntN(1000))
						}
						m := b.Elect(x, nil)
						b.Begin(m)
						open = append(open, m)
						busy, all := m.Score.Busy(), b.Group.busy.Load()+int64(loops)
						if loops > 1 {
							all = highest(&peak, all)
						}
						most := math.Ceil(bound*float64(all)*float64(m.Factor)/float64(total)) + float64(2*(loops-1))
						if float64(busy) > most {
							over.Store(busy)
						}
					}
					for _, m := range open {
						b.End(m)
					}
				})
			}
			wg.Wait()
			if n := over.Load(); n > 0 {
				t.Errorf("%d loops, hashbalance=%v: a member had %d requests", loops, bound, n)
			}
			if n := b.Group.busy.Load(); n != 0 {
				t.Errorf("%d requests are left", n)
			}
		}
	}
}

// highest returns the highest number that peak was given.
func highest(peak *atomic.Int64, n int64) int64 {
	for {
		high := peak.Load()
		if high >= n {
			return high
		}
		if peak.CompareAndSwap(high, n) {
			return n
		}
	}
}

// The forms of hashkey=: what is the same goes to the same member, what differs
// does not always, and requests without a key take turns.
func TestHashKeys(t *testing.T) {
	type request struct {
		path, args, ip string
		fields         [][2]string
	}
	exchangeOf := func(r request) *exchange.Exchange {
		x := at(start)
		x.Path, x.Args, x.HasArgs = []byte(r.path), []byte(r.args), r.args != ""
		x.Client = &exchange.Client{Remote: netip.AddrPortFrom(netip.MustParseAddr(r.ip), 9)}
		for _, f := range r.fields {
			x.Req.Header.Add([]byte(f[0]), []byte(f[1]))
		}
		return x
	}
	with := func(name, value string) [][2]string { return [][2]string{{name, value}} }
	for _, tt := range []struct {
		key         string
		same, other func(i int) request // by i: those of same have one key
		none        request
	}{
		{"uri", func(i int) request { return request{"/a", "q", "::1", with("X", fmt.Sprint(i))} },
			func(i int) request { return request{"/a", fmt.Sprint(i), "::1", nil} }, request{}},
		{"PATH", func(i int) request { return request{"/a", fmt.Sprint(i), "::1", nil} },
			func(i int) request { return request{fmt.Sprint("/", i), "", "::1", nil} }, request{}},
		{"ip", func(i int) request { return request{fmt.Sprint("/", i), "", "192.0.2.1", nil} },
			func(i int) request { return request{"/", "", fmt.Sprintf("192.0.2.%d", i), nil} }, request{}},
		{"header:x-user", func(i int) request { return request{fmt.Sprint("/", i), "", "::1", with("X-User", "me")} },
			func(i int) request { return request{"/", "", "::1", with("X-User", fmt.Sprint(i))} }, request{"/", "", "::1", nil}},
		{"cookie:SID", func(i int) request { return request{"/", "", "::1", with("Cookie", fmt.Sprintf("n=%d; SID=1", i))} },
			func(i int) request { return request{"/", "", "::1", with("Cookie", fmt.Sprintf("n=1; SID=%d", i))} },
			request{"/", "", "::1", with("Cookie", "OTHER=1")}},
		{"%{REQUEST_METHOD}%{req:X-A}", func(i int) request { return request{fmt.Sprint("/", i), "", "::1", with("X-A", "1")} },
			func(i int) request { return request{"/", "", "::1", with("X-A", fmt.Sprint(i))} }, request{"/", "", "::1", nil}},
	} {
		b := keyed(t, "a b c", tt.key, 0)
		owner, seen := b.Elect(exchangeOf(tt.same(0)), nil), map[string]bool{}
		for i := range 100 {
			if m := b.Elect(exchangeOf(tt.same(i)), nil); m != owner {
				t.Errorf("%s: request %d goes to %s, not %s", tt.key, i, name(m), name(owner))
			}
			seen[name(b.Elect(exchangeOf(tt.other(i)), nil))] = true
		}
		if len(seen) != 3 {
			t.Errorf("%s: other keys go to %v", tt.key, seen)
		}
		if tt.none.path != "" {
			x := exchangeOf(tt.none)
			if got := play(b, x, 6); got != "abcabc" {
				t.Errorf("%s: without a key: %s", tt.key, got)
			}
		}
	}
}

func TestParseKey(t *testing.T) {
	const forms = "hashkey must be uri, path, ip, header:NAME, cookie:NAME or an expression with %{...}"
	for text, want := range map[string]string{
		"uri": "", "Path": "", "ip": "", "header:X-User": "", "COOKIE:SID": "", "%{REMOTE_USER}": "", "a%{HTTP_HOST}b": "",
		"": forms, "url": forms, "uri:": forms, "ip:1": forms, "header": forms, "cookies:a": forms, "static": forms,
		"header:": "hashkey=header must be followed by the name of a header", "header:a b": "hashkey=header must be followed by the name of a header",
		"cookie:a=b":        "hashkey=cookie must be followed by the name of a cookie",
		"%{NOPE}":           "cannot parse hashkey: ",
		"%{REQUEST_STATUS}": "hashkey cannot depend on the response, which comes after the election",
		"%{resp:X}":         "hashkey cannot depend on the response, which comes after the election",
	} {
		_, err := ParseKey(text)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, want %q", text, got, want)
		}
	}
}

// FuzzParseKey: whatever is taken makes a key of a request or says that it has
// none.
func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"uri", "path", "ip", "header:X", "cookie:c", "%{HTTP_HOST}", "%{req:a}-%{REMOTE_ADDR}", "%{", "header:"} {
		f.Add(s)
	}
	b := balancer("hash", "a b c")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseKey(s)
		if err != nil {
			return
		}
		x := at(start)
		x.Path, x.Client, x.Site = []byte("/p"), &exchange.Client{}, &exchange.Site{}
		b.HashBy = k
		b.Group.Changed()
		if b.Elect(x, nil) == nil {
			t.Fatal("nobody is elected")
		}
	})
}

// The points are in the order that slices.Sort has.
func TestRingIsSorted(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100, 70_000} {
		r := make(ring, n)
		for i := range r {
			r[i] = rand.Uint64()&^math.MaxUint32 | uint64(i)
			if i%5 == 4 { // at the place of the one before
				r[i] = r[i-1]&^math.MaxUint32 | uint64(i)
			}
		}
		want := slices.Clone(r)
		slices.Sort(want)
		if !slices.Equal(r.sorted(), want) {
			t.Errorf("%d points are not sorted", n)
		}
	}
}
