package snapshot

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
)

// randomIfs makes a list of conditions whose expressions are constants, and
// gives each section a number.
func randomIfs(t *testing.T, r *rand.Rand, depth int, next *int) (list []If) {
	for range r.IntN(4) {
		c := If{Chained: len(list) > 0 && list[len(list)-1].When != nil && r.IntN(2) == 0, Dir: mark(*next)}
		*next++
		if !c.Chained || r.IntN(3) > 0 {
			b, err := expr.ParseBool([]string{"true", "false"}[r.IntN(2)], expr.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c.When = b
		}
		if depth > 0 {
			c.Ifs = randomIfs(t, r, depth-1, next)
		}
		list = append(list, c)
	}
	return list
}

// holdingIn returns the conditions of a list that hold, by the simplest
// algorithm.
func holdingIn(x *exchange.Exchange, list []If) (out []If) {
	var e exchange.Evaluator
	held := false
	for _, c := range list {
		if c.Chained && held {
			continue
		}
		held = c.When == nil
		if c.When != nil {
			held, _ = e.Bool(c.When, x)
		}
		if held {
			out = append(out, c)
		}
	}
	return out
}

// Conditions merge level by level: those of the server and of the sections that
// apply, then those nested in them.
func TestConditionsAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		n := 0
		l := SectionLists{Inner: Inner{Ifs: randomIfs(t, r, 2, &n)}}
		dir := Section{Match: Folder("/"), Dir: mark(1000), Inner: Inner{Ifs: randomIfs(t, r, 2, &n)}}
		file := Section{Match: Name("f"), Dir: mark(2000), Inner: Inner{Ifs: randomIfs(t, r, 1, &n)}}
		dir.Inner.Files = []Section{file}
		loc := Section{Match: Prefix("/"), Dir: mark(3000), Inner: Inner{Ifs: randomIfs(t, r, 1, &n)}}
		l.Dirs, l.Locations = []Section{dir}, []Section{loc}
		s := NewSections(mark(-1), l, order)
		x := &exchange.Exchange{Path: []byte("/f"), Filename: []byte("/srv/f")}

		want := []int{-1, 1000, 2000, 3000}
		var level []If
		for _, list := range [][]If{l.Ifs, dir.Inner.Ifs, file.Inner.Ifs, loc.Inner.Ifs} {
			level = append(level, holdingIn(x, list)...)
		}
		for len(level) > 0 {
			var deeper []If
			for _, c := range level {
				v, _ := traceSlot.Peek(c.Dir)
				want = append(want, v.list...)
				deeper = append(deeper, holdingIn(x, c.Ifs)...)
			}
			level = deeper
		}
		if got := target(s, x).Handler; got != fmt.Sprint(want) {
			t.Fatalf("%s, want %v", got, want)
		}
	}
}
