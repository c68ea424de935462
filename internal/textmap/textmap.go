package textmap

import "hash/maphash"

// Map holds a value for each of its texts. The zero value is empty.
type Map[V any] struct {
	cells []cell[V] // open addressed, a power of two long, never more than half full
	rest  *rest[V]  // nil while empty
}

// rest holds the fields that a look-up of an ordinary text does not need.
type rest[V any] struct {
	n    int           // cells in use
	long map[string]*V // texts that are too long for a cell
}

// cell holds one text with its value. With a V of 24 bytes it fills one cache line,
// with 88 bytes two. Tables of at least 64 or 32 cells are aligned to a cache line.
type cell[V any] struct {
	size uint8 // of the text, and one more; 0: the cell is free
	text [inline]byte
	V    V
}

// inline is the longest text that fits a cell: few names are longer.
const inline = 39

// seed makes collisions differ from one process to the next.
var seed = maphash.MakeSeed()

// Len counts the texts.
func (m *Map[V]) Len() int {
	if m.rest == nil {
		return 0
	}
	return m.rest.n + len(m.rest.long)
}

// Put sets the value of a text.
func (m *Map[V]) Put(text string, v V) {
	if m.rest == nil {
		m.rest = &rest[V]{long: make(map[string]*V)}
	}
	if len(text) > inline {
		m.rest.long[text] = &v
		return
	}
	if 2*(m.rest.n+1) > len(m.cells) {
		m.grow()
	}
	c := find(m.cells, []byte(text))
	if c.size == 0 {
		m.rest.n++
		c.size = uint8(len(text) + 1)
		copy(c.text[:], text)
	}
	c.V = v
}

// grow doubles the table.
func (m *Map[V]) grow() {
	old := m.cells
	m.cells = make([]cell[V], max(2, 2*len(old)))
	for i := range old {
		if c := &old[i]; c.size > 0 {
			*find(m.cells, c.text[:c.size-1]) = *c
		}
	}
}

// Get returns the value of a text.
func (m *Map[V]) Get(text []byte) (v V, ok bool) {
	if p := m.Find(text); p != nil {
		return *p, true
	}
	return v, false
}

// Find returns a pointer to a text's value, nil where there is none. It is valid
// until the next Put.
func (m *Map[V]) Find(text []byte) *V {
	if len(text) > inline && m.rest != nil {
		return m.rest.long[string(text)]
	}
	if len(text) > inline || len(m.cells) == 0 {
		return nil
	}
	if c := find(m.cells, text); c.size > 0 {
		return &c.V
	}
	return nil
}

// find returns the cell of a text, or the free cell where it belongs.
func find[V any](cells []cell[V], text []byte) *cell[V] {
	mask := len(cells) - 1
	for i := int(maphash.Bytes(seed, text)) & mask; ; i = (i + 1) & mask {
		c := &cells[i]
		if c.size == 0 || int(c.size) == len(text)+1 && string(c.text[:len(text)]) == string(text) {
			return c
		}
	}
}

// Each calls f for every text with a pointer to its value, in no order.
func (m *Map[V]) Each(f func(text string, v *V)) {
	for i := range m.cells {
		if c := &m.cells[i]; c.size > 0 {
			f(string(c.text[:c.size-1]), &c.V)
		}
	}
	if m.rest == nil {
		return
	}
	for text, v := range m.rest.long {
		f(text, v)
	}
}
