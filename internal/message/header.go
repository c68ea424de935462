package message

import (
	"slices"

	"github.com/headgate/headgate/internal/ascii"
)

// Flag marks a field for the code that prints the header.
type Flag uint8

// Field flags.
const (
	// Hop marks a field that belongs to one connection: never forwarded
	// (RFC 9110 section 7.6.1).
	Hop Flag = 1 << iota
	// Dropped marks a field that was unset. It stays in the table so that no
	// other field has to move.
	Dropped
	// Printed marks a field that a printer has written before the others.
	Printed
)

// Field is one header line.
type Field struct {
	Name  []byte
	Value []byte
	ID    NameID
	Flags Flag
}

// IDSet is a set of known names: bit 1<<id for each.
type IDSet uint64

// The names must fit the set.
const _ = uint(64 - numNames)

// SetOf makes a set.
func SetOf(ids ...NameID) (s IDSet) {
	for _, id := range ids {
		s |= 1 << (id & 63)
	}
	return s
}

// Header is the fields of one head in the order they came. The zero value is
// empty; Reset keeps its table.
type Header struct {
	fields []Field
	seen   IDSet // the ids of all rows, dropped ones included
}

// firstRows is the initial size of a table: most heads have fewer rows.
const firstRows = 16

// Clone returns a header with the same rows, which borrow the same bytes.
func (h *Header) Clone() Header { return Header{fields: slices.Clone(h.fields), seen: h.seen} }

// keptRows is the largest table that is kept from one message to the next.
const keptRows = 1024

// Reset empties the header and keeps its table, unless that is very large.
func (h *Header) Reset() {
	h.fields, h.seen = h.fields[:0], 0
	if cap(h.fields) > keptRows {
		h.fields = nil
	}
}

// Len counts the rows of the table, dropped ones included.
func (h *Header) Len() int { return len(h.fields) }

// At returns row i for reading and flagging.
func (h *Header) At(i int) *Field { return &h.fields[i] }

// Rows returns the table for reading and flagging.
func (h *Header) Rows() []Field { return h.fields }

// MayHave says whether the table has, or had, a row with an id of set.
func (h *Header) MayHave(set IDSet) bool { return h.seen&set != 0 }

// Append adds a field whose id is known to the caller.
func (h *Header) Append(id NameID, name, value []byte) {
	n := len(h.fields)
	if n == cap(h.fields) {
		h.grow()
	}
	h.fields = h.fields[:n+1]
	h.seen |= 1 << (id & 63)
	f := &h.fields[n]
	f.Name, f.Value, f.ID, f.Flags = name, value, id, 0
}

// Prepend puts the rows of o, without dropped ones, before those of h.
func (h *Header) Prepend(o *Header) {
	n := 0
	for i := range o.fields {
		if o.fields[i].Flags&Dropped == 0 {
			n++
		}
	}
	if n == 0 {
		return
	}
	old := len(h.fields)
	for range n {
		h.Append(Other, nil, nil)
	}
	copy(h.fields[n:], h.fields[:old])
	n = 0
	for i := range o.fields {
		if o.fields[i].Flags&Dropped == 0 {
			h.fields[n] = o.fields[i]
			n++
		}
	}
	h.seen |= o.seen
}

// grow makes room for more rows.
func (h *Header) grow() {
	bigger := make([]Field, len(h.fields), max(firstRows, 2*cap(h.fields)))
	copy(bigger, h.fields)
	h.fields = bigger
}

// Add adds a field, looking its id up.
func (h *Header) Add(name, value []byte) { h.Append(IDOf(name), name, value) }

// AddID adds a known field under its canonical spelling.
func (h *Header) AddID(id NameID, value []byte) { h.Append(id, canonical[id], value) }

// Get returns the first value of a known name.
func (h *Header) Get(id NameID) ([]byte, bool) {
	if h.seen>>(id&63)&1 == 0 {
		return nil, false
	}
	return h.find(id)
}

func (h *Header) find(id NameID) ([]byte, bool) {
	for i := range h.fields {
		f := &h.fields[i]
		if f.ID == id && f.Flags&Dropped == 0 {
			return f.Value, true
		}
	}
	return nil, false
}

// Has says whether a known name is present.
func (h *Header) Has(id NameID) bool { _, ok := h.Get(id); return ok }

// Count returns the number of fields with a known name.
func (h *Header) Count(id NameID) int {
	n := 0
	for i := range h.fields {
		if h.fields[i].ID == id && h.fields[i].Flags&Dropped == 0 {
			n++
		}
	}
	return n
}

// Next returns the index of the next live field named name at or after i, -1
// when there is none. The name is compared without regard to case.
func (h *Header) Next(i int, name string) int {
	for ; i < len(h.fields); i++ {
		f := &h.fields[i]
		if f.Flags&Dropped == 0 && ascii.EqualFoldBytes(f.Name, name) {
			return i
		}
	}
	return -1
}

// Lookup returns the first value of any name.
func (h *Header) Lookup(name string) ([]byte, bool) {
	if i := h.Next(0, name); i >= 0 {
		return h.fields[i].Value, true
	}
	return nil, false
}

// SetID replaces the first field of a known name, drops further ones, and
// appends one if there was none. The replaced field keeps its position and
// takes the canonical spelling. It then counts as set by the proxy: a peer that
// lists the name as a connection option does not remove it.
func (h *Header) SetID(id NameID, value []byte) {
	if h.seen>>(id&63)&1 == 0 {
		h.AddID(id, value)
		return
	}
	found := false
	for i := range h.fields {
		f := &h.fields[i]
		if f.ID != id || f.Flags&Dropped != 0 {
			continue
		}
		if found {
			f.Flags |= Dropped
			continue
		}
		found = true
		*f = Field{Name: canonical[id], Value: value, ID: id}
	}
	if !found {
		h.AddID(id, value)
	}
}

// DelID drops every field of a known name.
func (h *Header) DelID(id NameID) {
	if h.seen>>(id&63)&1 == 0 {
		return
	}
	for i := range h.fields {
		if h.fields[i].ID == id {
			h.fields[i].Flags |= Dropped
		}
	}
}

// Del drops every field of any name, without regard to case.
func (h *Header) Del(name string) {
	for i := h.Next(0, name); i >= 0; i = h.Next(i+1, name) {
		h.fields[i].Flags |= Dropped
	}
}

// canonical holds the names as bytes, so that adding one does not allocate.
var canonical = buildCanonical()

func buildCanonical() (c [numNames][]byte) {
	for id, s := range names {
		c[id] = []byte(s)
	}
	return c
}
