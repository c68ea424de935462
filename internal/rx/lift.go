package rx

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// lift appends src to dst with each byte from 0x80 up as the two bytes of its
// rune in re2Dialect.
func lift(dst, src []byte) []byte {
	for _, c := range src {
		if c < 0x80 {
			dst = append(dst, c)
			continue
		}
		r := re2Dialect.high + rune(c)
		dst = append(dst, 0xc0|byte(r>>6), 0x80|byte(r&0x3f))
	}
	return dst
}

// lower turns an index into lifted bytes into one into the subject.
func lower(lifted []byte, at int) int {
	n := at
	for i := 0; i < at; i++ {
		if lifted[i] >= 0xc0 {
			n--
		}
	}
	return n
}

// liftRunes appends src to dst as the runes of its bytes in netDialect.
func liftRunes(dst []rune, src []byte) []rune {
	for _, c := range src {
		r := rune(c)
		if c >= 0x80 {
			r += netDialect.high
		}
		dst = append(dst, r)
	}
	return dst
}
