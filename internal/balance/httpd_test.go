package balance

import (
	"slices"
	"testing"
)

// standings returns where the members of b stand.
func standings(b *Balancer) (list []int64) {
	for _, m := range b.Members.List() {
		list = append(list, b.Standing(m))
	}
	return list
}

// Where members stand after each election of httpd's byrequests: weights 1, 2, 4.
func TestStandings(t *testing.T) {
	b, x := balancer("byrequests", "a*1 b*2 c*4"), at(start)
	for i, want := range [][]int64{
		{100, 200, -300}, {200, -300, 100}, {300, -100, -200}, {-300, 100, 200}, {-200, 300, -100}, {-100, -200, 300}, {0, 0, 0}, {100, 200, -300},
	} {
		m := b.Elect(x, nil)
		if got := standings(b); !slices.Equal(got, want) {
			t.Errorf("election %d, of %s: %v, want %v", i+1, name(m), got, want)
		}
	}
}

// A member that is down keeps where it stood, and makes up for nothing beyond that
// when it returns, however it was taken out. A session takes its member's turn: all
// that can be used are added their factors, and it pays for them.
func TestStandingsOfMembersThatAreDown(t *testing.T) {
	for _, way := range comings {
		b, x := balancer("byrequests", "a*1 b*2 c*4"), at(start)
		b.Sticky = "S"
		c := b.named("c")
		got := play(b, x, 2)
		way.goes(c)
		got += play(b, x, 2)
		if s := b.Standing(c); s != 100 {
			t.Errorf("%s: c stands at %d while it is away, not at 100", way.name, s)
		}
		way.back(c)
		if got += play(b, x, 8); got != "cbaacbccbacc" { // as recorded of httpd: test/diff, manager-standings
			t.Errorf("%s: %s", way.name, got)
		}
		before := standings(b)
		b.Honour(x, b.named("a"))
		after := standings(b)
		for i, change := range []int64{100 - 700, 200, 400} {
			if after[i]-before[i] != change {
				t.Errorf("a session with a: member %d goes from %d to %d", i, before[i], after[i])
			}
		}
	}
}

// bytraffic divides what was sent and what was received by the factor, each
// without a remainder; the first of those that have moved least is elected, and
// nothing is forgotten.
func TestTrafficIsDividedAsInHTTPD(t *testing.T) {
	for _, tt := range []struct {
		sentA, bodyA, sentB, bodyB int64
		want                       string
	}{
		{0, 0, 0, 0, "a"},
		{299, 299, 0, 0, "a"}, // both are less than one for a factor of 300
		{300, 0, 0, 0, "b"},
		{0, 300, 99, 99, "b"},
		{300, 300, 100, 100, "a"},
		{300, 300, 199, 99, "b"},
		{1 << 40, 0, 1 << 38, 0, "b"},
	} {
		b := balancer("bytraffic", "a*3 b")
		b.named("a").Score.Traffic(tt.sentA, tt.bodyA)
		b.named("b").Score.Traffic(tt.sentB, tt.bodyB)
		if got := name(b.Elect(at(start), nil)); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// What was counted begins at nothing with another method, and not when a member
// comes back: so it was recorded of httpd (test/diff, manager-standings and
// manager-methods).
func TestAnotherMethodBeginsAtNothing(t *testing.T) {
	for _, method := range []string{"bybusyness", "bytraffic"} {
		b, x := balancer("byrequests", "a*1 b*2 c*4"), at(start)
		play(b, x, 3)
		for _, other := range []string{method, "byrequests"} {
			c := b.Config
			c.Method = MethodOf(other)
			b = b.With(c)
			got := play(b, x, 3)
			if want := map[bool]string{true: "aaa", false: "cbc"}[other == "bytraffic"]; got != want {
				t.Errorf("%s after %s: %s, want %s", other, method, got, want)
			}
			b.named("a").Score.Traffic(1<<20, 1<<20)
		}
	}
}
