package message

import "strconv"

// Arena holds bytes made for one exchange: appended header values, canonical
// paths. Reset at the end of the exchange reuses its block; a larger need
// than the block allocates and is dropped again at Reset.
type Arena struct {
	block []byte
	used  int
	spare [][]byte // oversize pieces, dropped at Reset
}

// arenaBlock is the size of the block an exchange keeps: most edits fit.
const arenaBlock = 4096

// Alloc returns a slice of length 0 and capacity of at least n that belongs to
// the caller until Reset.
func (a *Arena) Alloc(n int) []byte {
	if a.block == nil {
		a.block = make([]byte, arenaBlock)
	}
	if a.used+n > len(a.block) {
		b := make([]byte, 0, n)
		a.spare = append(a.spare, b)
		return b
	}
	b := a.block[a.used : a.used : a.used+n]
	a.used += n
	return b
}

// Join copies the parts one after the other.
func (a *Arena) Join(parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := a.Alloc(n)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// String copies s.
func (a *Arena) String(s string) []byte { return append(a.Alloc(len(s)), s...) }

// Int prints n in decimal.
func (a *Arena) Int(n int64) []byte { return strconv.AppendInt(a.Alloc(20), n, 10) }

// Scratch lends the free part of the block, with length 0, for text that is not
// kept, and a mark for Unscratch. Slices allocated meanwhile come from
// elsewhere. Text that outgrows the block moves to newly allocated memory.
func (a *Arena) Scratch() (b []byte, mark int) {
	if a.block == nil {
		a.block = make([]byte, arenaBlock)
	}
	mark = a.used
	a.used = len(a.block)
	return a.block[mark:mark], mark
}

// Unscratch ends the loan of Scratch.
func (a *Arena) Unscratch(mark int) { a.used = mark }

// Reset ends the validity of every slice. In tests the block is poisoned, so
// that the use of a slice that was kept too long is seen.
func (a *Arena) Reset(poison bool) {
	if poison {
		for i := range a.block[:a.used] {
			a.block[i] = 0xDB
		}
	}
	a.used = 0
	clear(a.spare)
	a.spare = a.spare[:0]
}

// Release frees the block: an idle connection keeps no buffer.
func (a *Arena) Release() { *a = Arena{} }
