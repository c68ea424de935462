package gunzip

// fill reads bits ahead, as many as there is room for.
func (d *Decoder) fill(src []byte, used *int) {
	for d.n <= 56 && *used < len(src) {
		d.bits |= uint64(src[*used]) << d.n
		*used++
		d.n += 8
	}
}

// need reports whether n bits are ready, reading ahead.
func (d *Decoder) need(src []byte, used *int, n uint) bool {
	if d.n < n {
		d.fill(src, used)
	}
	return d.n >= n
}

// take returns n bits that are ready.
func (d *Decoder) take(n uint) uint {
	v := uint(d.bits & (1<<n - 1))
	d.bits, d.n = d.bits>>n, d.n-n
	return v
}

// order is the order of the lengths of a dynamic block (RFC 1951 section 3.2.7).
var order = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// blocks decodes what is made of bits, until src or the room is at its end.
func (d *Decoder) blocks(src []byte) (used int) {
	for d.err == nil {
		switch d.state {
		case atBlock:
			if !d.need(src, &used, 3) {
				return used
			}
			d.last = d.take(1) == 1
			d.begin(d.take(2))
		case inStored:
			if !d.need(src, &used, 32) {
				return used
			}
			n, complement := d.take(16), d.take(16)
			if n != ^complement&0xffff {
				d.err = ErrData
				return used
			}
			d.stored, d.state = int(n), inBytes
			return used
		case inCounts:
			if !d.need(src, &used, 14) {
				return used
			}
			d.nlit, d.ndist, d.nlen = int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
			if d.nlit > 286 || d.ndist > 30 {
				d.err = ErrData
				return used
			}
			d.read, d.state = 0, inLengths
			clear(d.codes[:])
		case inLengths:
			for ; d.read < d.nlen; d.read++ {
				if !d.need(src, &used, 3) {
					return used
				}
				d.codes[order[d.read]] = uint8(d.take(3))
			}
			if !d.literal.build(d.codes[:19]) {
				d.err = ErrData
				return used
			}
			clear(d.codes[:])
			d.read, d.state = 0, inCodes
		case inCodes:
			if !d.lengths(src, &used) {
				return used
			}
		case inSymbols:
			if !d.symbols(src, &used) {
				return used
			}
		default:
			return used
		}
	}
	return used
}

// begin begins a block of a kind.
func (d *Decoder) begin(kind uint) {
	switch kind {
	case 0:
		d.take(d.n % 8)
		d.state = inStored
	case 1:
		d.fixed()
		d.state = inSymbols
	case 2:
		d.state = inCounts
	default:
		d.err = ErrData
	}
}

// fixed builds the codes of RFC 1951 section 3.2.6.
func (d *Decoder) fixed() {
	c := d.codes[:288]
	for i := range c {
		switch {
		case i < 144:
			c[i] = 8
		case i < 256:
			c[i] = 9
		case i < 280:
			c[i] = 7
		default:
			c[i] = 8
		}
	}
	d.literal.build(c)
	for i := range 32 {
		d.codes[i] = 5
	}
	d.offset.build(d.codes[:32])
}

// lengths reads the lengths of the codes of a dynamic block; false: it needs more
// input, or there is an error.
func (d *Decoder) lengths(src []byte, used *int) bool {
	for all := d.nlit + d.ndist; d.read < all; {
		d.fill(src, used)
		sym, n := d.literal.find(d.bits)
		if n == 0 && d.n >= maxBits {
			d.err = ErrData
			return false
		}
		if n == 0 || n > d.n {
			return false
		}
		if sym < 16 {
			d.take(n)
			d.codes[d.read] = uint8(sym)
			d.read++
			continue
		}
		extra, base := uint(2), 3 // 16: the length before, again
		switch sym {
		case 17:
			extra = 3
		case 18:
			extra, base = 7, 11
		}
		if n+extra > d.n {
			return false
		}
		d.take(n)
		repeat, value := base+int(d.take(extra)), uint8(0)
		if sym == 16 {
			if d.read == 0 {
				d.err = ErrData
				return false
			}
			value = d.codes[d.read-1]
		}
		if d.read+repeat > all {
			d.err = ErrData
			return false
		}
		for range repeat {
			d.codes[d.read] = value
			d.read++
		}
	}
	if d.codes[256] == 0 || !d.literal.build(d.codes[:d.nlit]) || !d.offset.build(d.codes[d.nlit:d.nlit+d.ndist]) {
		d.err = ErrData
		return false
	}
	d.state = inSymbols
	return true
}

// The bases of lengths and distances, and how many bits are added to them (RFC
// 1951 section 3.2.5).
var (
	lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthMore = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase   = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distMore   = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// symbols decodes literals and copies; false: it needs more input or room, or
// there is an error. A symbol with all that belongs to it has 48 bits at most: it
// is used up only if all of it is there.
func (d *Decoder) symbols(src []byte, used *int) bool {
	for {
		if d.copy > 0 && !d.paste() {
			return false
		}
		if d.n < 48 {
			d.fill(src, used)
		}
		bits, have := d.bits, d.n
		sym, n := d.literal.find(bits)
		if n == 0 || n > have {
			return d.short(n, have)
		}
		bits, have = bits>>n, have-n
		if sym < 256 {
			if d.w == room {
				return false
			}
			d.out[d.w] = byte(sym)
			d.w++
			d.bits, d.n = bits, have
			continue
		}
		if sym == 256 {
			d.bits, d.n = bits, have
			d.endBlock()
			return true
		}
		if sym -= 257; int(sym) >= len(lengthBase) {
			d.err = ErrData
			return false
		}
		more := uint(lengthMore[sym])
		if more > have {
			return false
		}
		length := int(lengthBase[sym]) + int(bits&(1<<more-1))
		bits, have = bits>>more, have-more
		sym, n = d.offset.find(bits)
		if n == 0 || n > have {
			return d.short(n, have)
		}
		bits, have = bits>>n, have-n
		if int(sym) >= len(distBase) {
			d.err = ErrData
			return false
		}
		if more = uint(distMore[sym]); more > have {
			return false
		}
		dist := int(distBase[sym]) + int(bits&(1<<more-1))
		d.bits, d.n = bits>>more, have-more
		if dist > d.w {
			d.err = ErrData
			return false
		}
		d.copy, d.dist = length, dist
	}
}

// short tells a code that does not exist from one that is not complete: it
// returns false, for more input.
func (d *Decoder) short(n, have uint) bool {
	if n == 0 && have >= maxBits {
		d.err = ErrData
	}
	return false
}

// paste copies what was decoded before; false: there is no room for all of it.
func (d *Decoder) paste() bool {
	n := min(d.copy, room-d.w)
	from := d.w - d.dist
	if n <= d.dist {
		copy(d.out[d.w:d.w+n], d.out[from:from+n])
	} else {
		for i := range n { // it reaches into itself
			d.out[d.w+i] = d.out[from+i]
		}
	}
	d.w += n
	d.copy -= n
	return d.copy == 0
}
