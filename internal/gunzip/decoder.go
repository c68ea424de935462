package gunzip

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// What can be wrong with a stream.
var (
	ErrMagic    = errors.New("it does not begin as gzip does")
	ErrMethod   = errors.New("the method is not deflate")
	ErrFlags    = errors.New("reserved flags are set")
	ErrData     = errors.New("the compressed data is invalid")
	ErrChecksum = errors.New("the checksum does not match")
	ErrLength   = errors.New("the length does not match")
)

const (
	window = 32 << 10 // how far back a copy can reach
	room   = 2 * window
)

// state is what the decoder expects next.
type state uint8

const (
	inHeader  state = iota // the ten bytes that every header has
	inFields               // optional fields of the header
	atBlock                // the three bits that begin a block
	inStored               // the length of a stored block
	inBytes                // the bytes of one
	inCounts               // how many codes a dynamic block has
	inLengths              // the lengths of the codes that describe them
	inCodes                // the lengths of its codes
	inSymbols              // symbols
	inTrailer              // checksum and length
	ended
)

// Decoder decodes one gzip member. Reset makes it ready for another.
type Decoder struct {
	state state
	last  bool // the block is the last
	err   error

	bits uint64 // not yet used, the next one lowest
	n    uint   // how many

	head  [10]byte // of the header, then of its fields and the trailer
	have  int      // bytes in head
	flags byte     // fields of the header that are still to come
	skip  int      // bytes of the extra field that are still to come; -1: its length is

	stored int // bytes of a stored block that are still to come
	copy   int // bytes of a copy that are still to come
	dist   int // how far back it begins

	codes   [320]uint8 // lengths of codes
	read    int        // how many of them are known
	nlit    int
	ndist   int
	nlen    int
	literal table
	offset  table

	out   [room]byte // what was decoded: the window, and what nobody has taken
	w     int        // end of what was decoded
	r     int        // end of what was taken
	crc   uint32
	total uint64
}

// Reset makes d ready for another stream.
func (d *Decoder) Reset() {
	d.state, d.last, d.err, d.bits, d.n, d.have, d.flags, d.skip = inHeader, false, nil, 0, 0, 0, 0, -1
	d.stored, d.copy, d.w, d.r, d.crc, d.total = 0, 0, 0, 0, 0, 0
}

// New returns a decoder.
func New() *Decoder {
	d := new(Decoder)
	d.Reset()
	return d
}

// Decode decodes src into dst, and returns how much it has filled of dst and used
// of src. It stops when one of them is at its end; the error is io.EOF after the
// last byte of the member, when its checksum was found right. Bytes of src that
// are not used then are not part of the member.
func (d *Decoder) Decode(dst, src []byte) (filled, used int, err error) {
	for {
		if d.r < d.w {
			n := copy(dst[filled:], d.out[d.r:d.w])
			d.r += n
			filled += n
			if d.r < d.w {
				return filled, used, nil
			}
		}
		if d.err != nil {
			return filled, used, d.err
		}
		if filled == len(dst) && filled > 0 {
			return filled, used, nil
		}
		if d.w == room { // all of it was taken: what copies can reach stays
			copy(d.out[:window], d.out[window:])
			d.w, d.r = window, window
		}
		from := d.w
		n, more := d.step(src[used:])
		used += n
		if d.w > from {
			d.crc = crc32.Update(d.crc, crc32.IEEETable, d.out[from:d.w])
			d.total += uint64(d.w - from)
		}
		if !more && d.w == from && d.err == nil {
			return filled, used, nil
		}
	}
}

// Begun reports whether d has used any byte.
func (d *Decoder) Begun() bool { return d.state != inHeader || d.have > 0 }

// Header returns the ten bytes that the stream began with; they are valid after
// ErrMethod and ErrMagic.
func (d *Decoder) Header() []byte { return d.head[:len(d.head):len(d.head)] }

// Expanded returns how many bytes were decoded so far.
func (d *Decoder) Expanded() uint64 { return d.total }

// step decodes until the room is full or src is used; more: it can go on without
// more input, once there is room.
func (d *Decoder) step(src []byte) (used int, more bool) {
	for d.err == nil {
		was, n := d.state, 0
		switch d.state {
		case inHeader:
			n = d.header(src[used:])
		case inFields:
			n = d.fields(src[used:])
		case inBytes:
			n = d.raw(src[used:])
			if d.w == room {
				return used + n, true
			}
		case inTrailer:
			// The checksum is compared once all before it is counted.
			if d.w > d.r {
				return used, true
			}
			n = d.trailer(src[used:])
		case ended:
			d.err = io.EOF
			return used, false
		default:
			n = d.blocks(src[used:])
			if d.w == room {
				return used + n, true
			}
		}
		used += n
		if d.state == was && used == len(src) {
			return used, false
		}
	}
	return used, false
}

// gather fills head up to n bytes and reports whether it has them. Bytes that
// were read as bits come first.
func (d *Decoder) gather(src []byte, n int) (used int, ok bool) {
	for d.have < n {
		switch {
		case d.n >= 8:
			d.head[d.have] = byte(d.bits)
			d.bits, d.n = d.bits>>8, d.n-8
		case used < len(src):
			d.head[d.have] = src[used]
			used++
		default:
			return used, false
		}
		d.have++
	}
	d.have = 0
	return used, true
}

// The flags of a header (RFC 1952 section 2.3.1).
const (
	hasCRC     = 1 << 1
	hasExtra   = 1 << 2
	hasName    = 1 << 3
	hasComment = 1 << 4
	reserved   = 0xe0
)

func (d *Decoder) header(src []byte) (used int) {
	used, ok := d.gather(src, 10)
	if !ok {
		return used
	}
	switch h := &d.head; {
	case h[2] != 8:
		d.err = ErrMethod
	case h[0] != 0x1f || h[1] != 0x8b:
		d.err = ErrMagic
	case h[3]&reserved != 0:
		d.err = ErrFlags
	default:
		d.flags, d.state = h[3]&(hasCRC|hasExtra|hasName|hasComment), inFields
	}
	return used
}

// fields skips the optional fields, in their order.
func (d *Decoder) fields(src []byte) (used int) {
	for used < len(src) || d.flags == 0 {
		switch {
		case d.flags&hasExtra != 0:
			if d.skip < 0 {
				n, ok := d.gather(src[used:], 2)
				used += n
				if !ok {
					return used
				}
				d.skip = int(binary.LittleEndian.Uint16(d.head[:]))
			}
			n := min(d.skip, len(src)-used)
			d.skip -= n
			used += n
			if d.skip == 0 {
				d.flags, d.skip = d.flags&^hasExtra, -1
			}
		case d.flags&(hasName|hasComment) != 0:
			b := src[used]
			used++
			if b == 0 {
				if d.flags&hasName != 0 {
					d.flags &^= hasName
				} else {
					d.flags &^= hasComment
				}
			}
		case d.flags&hasCRC != 0:
			n, ok := d.gather(src[used:], 2)
			used += n
			if ok {
				d.flags &^= hasCRC
			}
		default:
			d.state = atBlock
			return used
		}
	}
	return used
}

// trailer compares checksum and length.
func (d *Decoder) trailer(src []byte) (used int) {
	used, ok := d.gather(src, 8)
	if !ok {
		return used
	}
	switch {
	case binary.LittleEndian.Uint32(d.head[:]) != d.crc:
		d.err = ErrChecksum
	case binary.LittleEndian.Uint32(d.head[4:]) != uint32(d.total):
		d.err = ErrLength
	default:
		d.state = ended
	}
	return used
}

// raw copies bytes of a stored block.
func (d *Decoder) raw(src []byte) (used int) {
	for d.stored > 0 && d.n >= 8 && d.w < room {
		d.out[d.w] = byte(d.bits)
		d.w++
		d.stored--
		d.bits, d.n = d.bits>>8, d.n-8
	}
	if d.n < 8 {
		used = copy(d.out[d.w:], src[:min(d.stored, len(src))])
		d.w += used
		d.stored -= used
	}
	if d.stored == 0 {
		d.endBlock()
	}
	return used
}

func (d *Decoder) endBlock() {
	d.state = atBlock
	if d.last {
		d.state = inTrailer
		d.bits, d.n = d.bits>>(d.n%8), d.n-d.n%8 // the rest of the byte
	}
}

// Excess returns how many bytes after the end of the member d has used.
func (d *Decoder) Excess() int {
	if d.state != ended {
		return 0
	}
	return int(d.n / 8)
}
