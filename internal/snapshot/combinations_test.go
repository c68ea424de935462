package snapshot

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
)

// counted compiles chains that record their key, and counts them.
func counted() (compile func(k []byte, _ []*accessFile) *exchange.Chain, n *int) {
	n = new(int)
	return func(k []byte, _ []*accessFile) *exchange.Chain {
		*n++
		return &exchange.Chain{Handler: string(k)}
	}, n
}

func comboKey(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }

// However many locations there are, each combination with the sections that
// apply to all is compiled once.
func TestManyLocations(t *testing.T) {
	const many = 10000
	list := make([]Section, 0, many+1)
	for i := range many {
		list = append(list, Section{Match: Prefix(fmt.Sprintf("/app%d", i)), Dir: mark(i)})
	}
	list = append(list, Section{Match: Prefix("/"), Dir: mark(-1)})
	compiled := 0
	s := NewSections(mark(-2), SectionLists{Locations: list}, func(dir *directive.Confs) *exchange.Chain {
		compiled++
		return order(dir)
	})
	before := compiled
	for range 2 {
		for i := range many {
			x := &exchange.Exchange{Path: fmt.Appendf(nil, "/app%d/x", i)}
			if got := s.ForPath(x).Handler; got != fmt.Sprintf("[-2 %d -1]", i) {
				t.Fatalf("%s: %s", x.Path, got)
			}
		}
	}
	if compiled != before+many {
		t.Errorf("%d combinations were compiled, want %d", compiled-before, many)
	}
}

// Combinations compiled at run time are limited, and those compiled in advance
// stay.
func TestCombinationsAreBounded(t *testing.T) {
	compile, n := counted()
	c := newCombinations(0, compile)
	for i := range 10 {
		c.build(comboKey(i))
	}
	for i := range 3 * maxCombinations {
		if got := c.get(comboKey(i), nil).Handler; got != string(comboKey(i)) {
			t.Fatalf("%x for %d", got, i)
		}
		if c.used > c.most || len(*c.table.Load()) > 4*c.most {
			t.Fatalf("%d combinations are kept in %d places", c.used, len(*c.table.Load()))
		}
	}
	before := *n
	for i := range 10 {
		c.get(comboKey(i), nil)
	}
	c.get(comboKey(3*maxCombinations-1), nil) // the newest
	c.get(nil, nil)
	if *n != before {
		t.Errorf("%d of what must be kept was compiled again", *n-before)
	}
}

func TestCombinationsTogether(t *testing.T) {
	c := newCombinations(0, func(k []byte, _ []*accessFile) *exchange.Chain { return &exchange.Chain{Handler: string(k)} })
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 3000 {
				k := comboKey((i*7 + g) % 2000)
				if got := c.get(k, nil).Handler; got != string(k) {
					t.Errorf("%x for %x", got, k)
				}
			}
		})
	}
	wg.Wait()
	if c.used != 2000 {
		t.Errorf("%d combinations, want 2000", c.used)
	}
}
