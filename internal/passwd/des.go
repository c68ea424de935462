package passwd

import "strings"

// desCrypt makes the traditional form of crypt(3): two characters of salt and
// eleven of hash. Of a password the first eight characters count, and seven bits
// of each. It is DES by the letter of FIPS 46, bit by bit: a form that nobody
// should use need not be fast.
func desCrypt(stored, password string) (string, bool) {
	if len(stored) < 2 {
		return "", false
	}
	low, high := strings.IndexByte(alphabet, stored[0]), strings.IndexByte(alphabet, stored[1])
	if low < 0 || high < 0 || len(stored) != 13 {
		return "", false
	}
	keys := desKeys(password)
	expansion := desExpansion
	for i := range 12 { // each bit of the salt swaps two of the expansion
		if (low|high<<6)>>i&1 != 0 {
			expansion[i], expansion[i+24] = expansion[i+24], expansion[i]
		}
	}
	var block [66]byte // 64 bits, and two that are 0 for the last character
	for range 25 {
		desEncrypt(block[:64], &keys, &expansion)
	}
	out := []byte(stored[:2])
	for i := 0; i < len(block); i += 6 {
		v := byte(0)
		for _, bit := range block[i : i+6] {
			v = v<<1 | bit
		}
		out = append(out, alphabet[v])
	}
	return string(out), true
}

// desKeys makes the sixteen keys of the rounds, a byte for each bit.
func desKeys(password string) (keys [16][48]byte) {
	var key [64]byte
	for i := range min(len(password), 8) {
		for j := range 7 {
			key[8*i+j] = password[i] >> (6 - j) & 1
		}
	}
	var cd [56]byte
	for i, from := range desChoice1 {
		cd[i] = key[from-1]
	}
	for round, shift := range desShifts {
		for range shift {
			for _, half := range [][]byte{cd[:28], cd[28:]} {
				first := half[0]
				copy(half, half[1:])
				half[27] = first
			}
		}
		for i, from := range desChoice2 {
			keys[round][i] = cd[from-1]
		}
	}
	return keys
}

// desEncrypt encrypts a block in place, a byte for each of its 64 bits.
func desEncrypt(block []byte, keys *[16][48]byte, expansion *[48]byte) {
	var lr [64]byte
	for i, from := range desInitial {
		lr[i] = block[from-1]
	}
	left, right := lr[:32], lr[32:]
	for round := range keys {
		var f [32]byte
		for box := range 8 {
			v := [6]byte{}
			for i := range v {
				v[i] = right[expansion[6*box+i]-1] ^ keys[round][6*box+i]
			}
			s := desBoxes[box][v[0]<<5|v[5]<<4|v[1]<<3|v[2]<<2|v[3]<<1|v[4]]
			for i := range 4 {
				f[4*box+i] = s >> (3 - i) & 1
			}
		}
		var next [32]byte
		for i, from := range desPermutation {
			next[i] = left[i] ^ f[from-1]
		}
		copy(left, right)
		copy(right, next[:])
	}
	var out [64]byte
	copy(out[:32], right)
	copy(out[32:], left)
	for i, from := range desInitial { // the final permutation undoes the initial one
		block[from-1] = out[i]
	}
}
