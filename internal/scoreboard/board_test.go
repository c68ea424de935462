package scoreboard_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/scoreboard"
)

func TestBoard(t *testing.T) {
	b := scoreboard.New(2)
	at := time.Unix(1000, 0)
	long := []byte("GET /" + strings.Repeat("x", 100) + " HTTP/1.1")
	one := b.Begin(0, at, scoreboard.Request{Client: []byte("10.0.0.1"), Protocol: []byte("HTTP/1.1"), Host: "a", Port: 80, Line: []byte("GET / HTTP/1.1")})
	two := b.Begin(1, at, scoreboard.Request{Client: []byte("::1"), Line: long, Tail: true})
	three := b.Begin(1, at, scoreboard.Request{Line: long})
	one.End(at.Add(2*time.Second), 100)
	rows := b.Rows()
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	want := scoreboard.Row{
		Begun: at, Ended: at.Add(2 * time.Second), Requests: 1, Bytes: 100, Last: 2 * time.Second, All: 2 * time.Second,
		Client: "10.0.0.1", Host: "a", Port: 80, Protocol: "HTTP/1.1", Line: "GET / HTTP/1.1",
	}
	if rows[0] != want {
		t.Errorf("%+v", rows[0])
	}
	if r := rows[1]; !r.Busy || r.Loop != 1 || r.Number != 0 || len(r.Line) != 63 || !strings.HasSuffix(r.Line, "x HTTP/1.1") {
		t.Errorf("%+v", r)
	}
	if r := rows[2]; r.Number != 1 || len(r.Line) != 63 || !strings.HasPrefix(r.Line, "GET /x") {
		t.Errorf("%+v", r)
	}
	two.End(at.Add(time.Second), 1)
	three.End(at.Add(-time.Second), 1) // a clock that was set back
	if again := b.Begin(1, at, scoreboard.Request{}); again != three {
		t.Error("a free slot is not used again")
	}
	if got := b.Totals(); got != (scoreboard.Totals{Requests: 3, Bytes: 102, Duration: 3 * time.Second}) {
		t.Errorf("%+v", got)
	}
}

// Loops count at the same time while somebody reads.
func TestTogether(t *testing.T) {
	const loops, each = 4, 1000
	b := scoreboard.New(loops)
	var wg sync.WaitGroup
	for i := range loops {
		wg.Go(func() {
			for range each {
				b.Begin(i, time.Unix(1, 0), scoreboard.Request{Line: []byte("GET / HTTP/1.1")}).End(time.Unix(2, 0), 10)
			}
		})
	}
	for range 100 {
		if slices.ContainsFunc(b.Rows(), func(r scoreboard.Row) bool { return r.Line != "GET / HTTP/1.1" }) {
			t.Error("a row is torn")
		}
	}
	wg.Wait()
	if got := b.Totals(); got.Requests != loops*each || got.Duration != loops*each*time.Second {
		t.Errorf("%+v", got)
	}
}

func TestNoAllocation(t *testing.T) {
	b := scoreboard.New(1)
	r := scoreboard.Request{Client: []byte("10.0.0.1"), Host: "a", Line: []byte("GET / HTTP/1.1")}
	if n := testing.AllocsPerRun(100, func() { b.Begin(0, time.Unix(1, 0), r).End(time.Unix(2, 0), 1) }); n > 0.1 {
		t.Errorf("%v allocations", n)
	}
}
