package snapshot

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
)

// combinations caches the compiled chains by the sections they merge. It is
// read without a lock; a new combination is compiled under a lock.
type combinations struct {
	compile func(k []byte, over []*accessFile) *exchange.Chain
	none    *exchange.Chain // of no section
	seed    maphash.Seed
	table   atomic.Pointer[comboTable]

	mu   lock.Mutex // guards what follows, and adding
	used int        // entries of the table
	most int        // how many are kept
}

// comboTable is open addressed, a power of two long and never full. Entries
// are only added; a larger table replaces it.
type comboTable []atomic.Pointer[combination]

type combination struct {
	key   string
	hash  uint64
	chain *exchange.Chain
	built bool // with the snapshot, not at run time
}

// maxCombinations limits how many combinations compiled at run time are kept, in
// addition to some for each section. Above it they are dropped and compiled again
// when needed.
const (
	maxCombinations = 4096
	perSection      = 8
)

func newCombinations(sections int, compile func(k []byte, over []*accessFile) *exchange.Chain) *combinations {
	c := &combinations{compile: compile, none: compile(nil, nil), seed: maphash.MakeSeed(), most: maxCombinations + perSection*sections}
	first := make(comboTable, 2)
	c.table.Store(&first)
	return c
}

// build compiles a combination in advance.
func (c *combinations) build(k []byte) { c.insert(k, nil, true) }

// get returns the chain of a combination, whose .htaccess files are in over.
func (c *combinations) get(k []byte, over []*accessFile) *exchange.Chain {
	if len(k) == 0 {
		return c.none
	}
	if e := c.table.Load().find(k, maphash.Bytes(c.seed, k)); e != nil {
		return e.chain
	}
	return c.insert(k, over, false)
}

func (c *combinations) insert(k []byte, over []*accessFile, built bool) *exchange.Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &combination{key: string(k), hash: maphash.Bytes(c.seed, k), built: built}
	if old := c.table.Load().find(k, e.hash); old != nil {
		return old.chain
	}
	e.chain = c.compile([]byte(e.key), over) // not k, which is on the caller's stack
	if !built && c.used >= c.most {
		c.replace(func(e *combination) bool { return e.built })
	} else if 2*(c.used+1) > len(*c.table.Load()) {
		c.replace(func(*combination) bool { return true })
	}
	c.table.Load().put(e)
	c.used++
	return e.chain
}

// replace moves the entries to keep into a table with room for as many again.
func (c *combinations) replace(keep func(*combination) bool) {
	var kept []*combination
	old := *c.table.Load()
	for i := range old {
		if e := old[i].Load(); e != nil && keep(e) {
			kept = append(kept, e)
		}
	}
	size := 4
	for size < 4*len(kept) {
		size *= 2
	}
	fresh := make(comboTable, size)
	for _, e := range kept {
		fresh.put(e)
	}
	c.used = len(kept)
	c.table.Store(&fresh)
}

func (t comboTable) find(k []byte, hash uint64) *combination {
	mask := uint64(len(t) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		e := t[i].Load()
		if e == nil || e.hash == hash && e.key == string(k) {
			return e
		}
	}
}

func (t comboTable) put(e *combination) {
	mask := uint64(len(t) - 1)
	i := e.hash & mask
	for t[i].Load() != nil {
		i = (i + 1) & mask
	}
	t[i].Store(e)
}
