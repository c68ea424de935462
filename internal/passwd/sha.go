package passwd

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strconv"
	"strings"
)

// shaForm is one of the two forms made by rounds of SHA-2 (Ulrich Drepper's
// "Unix crypt using SHA-256 and SHA-512").
type shaForm struct {
	magic string
	new   func() hash.Hash
	order [][3]int // which bytes of the sum form each group of four characters
	last  []int    // those of the last group, fewer characters
}

var (
	sha256Form = shaForm{
		magic: "$5$", new: sha256.New,
		order: [][3]int{{0, 10, 20}, {21, 1, 11}, {12, 22, 2}, {3, 13, 23}, {24, 4, 14}, {15, 25, 5}, {6, 16, 26}, {27, 7, 17}, {18, 28, 8}, {9, 19, 29}},
		last:  []int{31, 30},
	}
	sha512Form = shaForm{
		magic: "$6$", new: sha512.New,
		order: [][3]int{
			{0, 21, 42}, {22, 43, 1}, {44, 2, 23}, {3, 24, 45}, {25, 46, 4}, {47, 5, 26}, {6, 27, 48}, {28, 49, 7}, {50, 8, 29}, {9, 30, 51}, {31, 52, 10},
			{53, 11, 32}, {12, 33, 54}, {34, 55, 13}, {56, 14, 35}, {15, 36, 57}, {37, 58, 16}, {59, 17, 38}, {18, 39, 60}, {40, 61, 19}, {62, 20, 41},
		},
		last: []int{63},
	}
)

// How often a hash is made: unless the stored form says, and at least and most.
const (
	usualRounds = 5000
	leastRounds = 1000
	mostRounds  = 999_999_999
)

// settings takes the salt and the number of rounds from a stored form; shown is
// how they are written in front of the hash.
func (f *shaForm) settings(stored string) (salt string, rounds int, shown string, ok bool) {
	rest, rounds, shown := stored[len(f.magic):], usualRounds, f.magic
	if n, more, found := strings.Cut(rest, "$"); found && strings.HasPrefix(n, "rounds=") {
		count, err := strconv.ParseUint(n[len("rounds="):], 10, 31)
		if err != nil || count < leastRounds || count > mostRounds {
			return "", 0, "", false
		}
		rest, rounds, shown = more, int(count), f.magic+n+"$"
	}
	salt, _, ok = strings.Cut(rest, "$")
	return salt[:min(len(salt), 16)], rounds, shown, ok
}

// crypt makes the whole stored form of a password with the settings of stored.
func (f *shaForm) crypt(stored, password string) (string, bool) {
	salt, rounds, shown, ok := f.settings(stored)
	if !ok {
		return "", false
	}
	sum := f.sum(password, salt, rounds)
	out := []byte(shown + salt + "$")
	for _, g := range f.order {
		out = appendSix(out, uint(sum[g[0]])<<16|uint(sum[g[1]])<<8|uint(sum[g[2]]), 4)
	}
	v := uint(0)
	for _, i := range f.last {
		v = v<<8 | uint(sum[i])
	}
	return string(appendSix(out, v, len(f.last)+1)), true
}

// sum makes the hash; the letters are those of the description.
func (f *shaForm) sum(password, salt string, rounds int) []byte {
	h := f.new()
	digest := func(parts ...[]byte) []byte {
		h.Reset()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	pw, s := []byte(password), []byte(salt)

	b := digest(pw, s, pw)
	parts := [][]byte{pw, s, stretched(b, len(pw))}
	for n := len(pw); n > 0; n >>= 1 {
		if n&1 != 0 {
			parts = append(parts, b)
		} else {
			parts = append(parts, pw)
		}
	}
	a := digest(parts...)

	p := stretched(digest(repeated(pw, len(pw))...), len(pw))
	q := stretched(digest(repeated(s, 16+int(a[0]))...), len(s))
	for i := range rounds {
		parts = parts[:0]
		first, second := a, p
		if i&1 != 0 {
			first, second = p, a
		}
		parts = append(parts, first)
		if i%3 != 0 {
			parts = append(parts, q)
		}
		if i%7 != 0 {
			parts = append(parts, p)
		}
		a = digest(append(parts, second)...)
	}
	return a
}

// stretched returns b as often as it takes for n bytes.
func stretched(b []byte, n int) []byte {
	out := make([]byte, 0, n+len(b))
	for len(out) < n {
		out = append(out, b...)
	}
	return out[:n]
}

// repeated returns b n times.
func repeated(b []byte, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}
