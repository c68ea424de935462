package gunzip

import "math/bits"

const (
	maxBits  = 15 // of a code
	fastBits = 9  // looked up at once
)

// table finds the symbol that bits begin with. Codes of up to fastBits are found by
// those bits, longer ones by counting from there (canonical codes, RFC 1951
// section 3.2.2).
type table struct {
	fast   [1 << fastBits]uint16 // symbol<<4 | length; 0: a longer code, or none
	count  [maxBits + 1]uint16   // codes by length
	sorted [288]uint16           // symbols by code
}

// build makes the table for the lengths of codes; false: they are no code. One of
// a single symbol, or of none, may be incomplete: zlib accepts that.
func (t *table) build(lengths []uint8) bool {
	clear(t.fast[:])
	clear(t.count[:])
	used := 0
	for _, n := range lengths {
		t.count[n]++
	}
	used = len(lengths) - int(t.count[0])
	t.count[0] = 0
	left := 1
	var next, first [maxBits + 2]int
	code := 0
	for n := 1; n <= maxBits; n++ {
		left = left<<1 - int(t.count[n])
		if left < 0 {
			return false
		}
		next[n] = code
		code = (code + int(t.count[n])) << 1
		first[n+1] = first[n] + int(t.count[n])
	}
	if left > 0 && (used > 1 || used == 1 && t.count[1] != 1) {
		return false
	}
	for sym, n := range lengths {
		if n == 0 {
			continue
		}
		t.sorted[first[n]] = uint16(sym)
		first[n]++
		c := next[n]
		next[n]++
		if n > fastBits {
			continue
		}
		entry := uint16(sym)<<4 | uint16(n)
		for i := int(bits.Reverse16(uint16(c)) >> (16 - n)); i < 1<<fastBits; i += 1 << n {
			t.fast[i] = entry
		}
	}
	return true
}

// find returns the symbol that b begins with, and the length of its code, lowest
// bit first; 0: no code begins like that.
func (t *table) find(b uint64) (sym uint16, n uint) {
	if e := t.fast[b&(1<<fastBits-1)]; e != 0 {
		return e >> 4, uint(e & 15)
	}
	code, first, index := 0, 0, 0
	for n = 1; n <= maxBits; n++ {
		code |= int(b & 1)
		b >>= 1
		count := int(t.count[n])
		if code-first < count {
			return t.sorted[index+code-first], n
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, 0
}
