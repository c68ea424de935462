package wire

import (
	"math"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
)

// Chunks decodes one chunked body as it arrives, without copying it. Reset
// begins a body. The data and the verdict do not depend on the pieces in which
// the bytes arrive.
type Chunks struct {
	trailer  *message.Header
	limits   *Limits
	left     int64 // bytes of the current chunk still to come
	credit   int64 // bytes of extensions the peer may still send
	line     int   // bytes on this line that the size does not need
	digits   int
	state    chunkState
	lenient  bool // a backend's body: see ResetResponse
	overlong bool // see Overlong
	scan     HeadScan
	bad      error
}

type chunkState uint8

const (
	chunkSize   chunkState = iota // in the size
	chunkBlank                    // in the blanks after a size
	chunkExt                      // in an extension
	chunkQuote                    // in a quoted string of one
	chunkEscape                   // after its backslash
	chunkLF                       // after the CR of the size line
	chunkData                     // in the data
	chunkDataCR                   // after the data
	chunkDataLF                   // after the data and CR
	chunkTrailer
	chunkDone
	chunkFailed
)

const (
	maxChunkDigits = 16
	maxChunkExt    = 8 << 10  // bytes of extensions on one line
	firstCredit    = 16 << 10 // bytes of extensions before any data
	maxCredit      = 1 << 20
)

// Reset begins a body. Its trailer fields are added to trailer, nil drops them;
// limits limits them like a head's.
func (c *Chunks) Reset(trailer *message.Header, limits *Limits) {
	*c = Chunks{trailer: trailer, limits: limits, credit: firstCredit}
}

// ResetResponse begins a body that a backend sends. It accepts what has only
// one possible meaning: blanks after a chunk size, which old servers use as
// padding (RFC 7230 appendix C), and any number of leading zeros, up to the
// limit that extensions have.
func (c *Chunks) ResetResponse(trailer *message.Header, limits *Limits) {
	c.Reset(trailer, limits)
	c.lenient = true
}

// InTrailer reports that all data and the last chunk were read, but not the end
// of the trailer section.
func (c *Chunks) InTrailer() bool { return c.state == chunkTrailer }

// Overlong reports, for a response's body that is Done, that its trailer
// section exceeded the limits. The data is complete; no trailer field was kept,
// and the start of the next message is not known.
func (c *Chunks) Overlong() bool { return c.overlong }

// Done reports that the body and its trailer section were read to the end.
func (c *Chunks) Done() bool { return c.state == chunkDone }

// Next reads from buf up to and including the next piece of data. It returns
// the bytes used and the data, which is part of buf and ends where the used
// bytes end. With n == 0 and no error either the body is Done or buf needs more
// bytes: a trailer section is read as a whole, and its fields borrow from buf.
// An error is a *Bad and final.
func (c *Chunks) Next(buf []byte) (n int, data []byte, err error) {
	for n < len(buf) {
		switch c.state {
		case chunkData:
			piece := buf[n:]
			if int64(len(piece)) > c.left {
				piece = piece[:c.left:c.left]
			}
			if c.left -= int64(len(piece)); c.left == 0 {
				c.state = chunkDataCR
			}
			return n + len(piece), piece, nil
		case chunkTrailer:
			m, err := c.trailers(buf[n:])
			if err != nil {
				return n, nil, c.fail(err)
			}
			return n + m, nil, nil
		case chunkDone:
			return n, nil, nil
		case chunkFailed:
			return n, nil, c.bad
		case chunkSize:
			m, err := c.size(buf[n:])
			if err != nil {
				return n, nil, c.fail(err)
			}
			n += m
		default:
			if err := c.lineByte(buf[n]); err != nil {
				return n, nil, c.fail(err)
			}
			n++
		}
	}
	return n, nil, nil
}

func (c *Chunks) fail(err error) error {
	c.state, c.bad = chunkFailed, err
	return err
}

// size reads the digits of a chunk size and the byte after them (RFC 9112
// section 7.1).
func (c *Chunks) size(b []byte) (int, error) {
	i := 0
	for ; i < len(b) && class[b[i]]&isHex != 0; i++ {
		if err := c.digit(); err != nil {
			return 0, err
		}
		digit, _ := ascii.Unhex(b[i])
		c.left = c.left<<4 | int64(digit)
	}
	if i == len(b) {
		return i, nil
	}
	if c.digits == 0 {
		return 0, errChunkSize
	}
	switch {
	case b[i] == '\r':
		c.state = chunkLF
	case b[i] == ';':
		c.state = chunkExt
		return i + 1, c.pay()
	case isBlank(b[i]): // RFC 9110 section 5.6.3; from a client only before an extension
		c.state = chunkBlank
		return i + 1, c.pay()
	default:
		return 0, errChunkSize
	}
	return i + 1, nil
}

// digit counts a digit of a size before it is added.
func (c *Chunks) digit() error {
	if c.left > math.MaxInt64>>4 {
		return errChunkHuge
	}
	if c.digits++; c.digits <= maxChunkDigits {
		return nil
	}
	if !c.lenient {
		return errChunkDigits
	}
	return c.pay()
}

// lineByte reads one byte of a size line after the size, or of the line end after
// the data. An extension is dropped, but its quotes are followed: a reader that
// allows a line end in a quoted string must not be misled.
func (c *Chunks) lineByte(b byte) error {
	switch c.state {
	case chunkLF:
		return c.expect(b, '\n', chunkData, errChunkLine)
	case chunkDataCR:
		return c.expect(b, '\r', chunkDataLF, errChunkEnd)
	case chunkDataLF:
		c.digits, c.line = 0, 0
		return c.expect(b, '\n', chunkSize, errChunkEnd)
	case chunkEscape:
		c.state = chunkQuote
		if class[b]&isValue == 0 {
			return errChunkExt
		}
		return c.pay()
	}
	switch {
	case b == '\r' && (c.state == chunkExt || c.lenient && c.state == chunkBlank):
		c.state = chunkLF
		return nil
	case b == '\n':
		return errChunkLine
	case class[b]&isValue == 0:
		return errChunkExt
	case c.state == chunkBlank && b == ';':
		c.state = chunkExt
	case c.state == chunkBlank && !isBlank(b):
		return errChunkSize
	case c.state == chunkExt && b == '"':
		c.state = chunkQuote
	case c.state == chunkQuote && b == '"':
		c.state = chunkExt
	case c.state == chunkQuote && b == '\\':
		c.state = chunkEscape
	}
	return c.pay()
}

// expect accepts one fixed byte.
func (c *Chunks) expect(b, want byte, next chunkState, err error) error {
	if b != want {
		return err
	}
	c.state = next
	if next != chunkData {
		return nil
	}
	if c.left == 0 {
		c.state = chunkTrailer
		c.scan = HeadScan{first: true}
	}
	c.credit = min(c.credit+min(c.left, maxCredit), maxCredit)
	return nil
}

// pay counts a byte of an extension, a blank or a needless zero. A peer may
// send as many of these as it sends data, in addition to a first credit: they
// cost work and carry nothing.
func (c *Chunks) pay() error {
	c.line++
	c.credit--
	if c.line > maxChunkExt || c.credit < 0 {
		return errChunkExtSize
	}
	return nil
}

// trailers reads the trailer section once all of it is in b.
func (c *Chunks) trailers(b []byte) (int, error) {
	n, err := c.scan.Request(b, c.limits)
	if c.lenient && (err == errFieldSize || err == errHeadSize) { //nolint:errorlint // as they are declared
		c.state, c.overlong = chunkDone, true
		return 0, nil
	}
	if n == 0 || err != nil {
		return 0, err
	}
	first := 0
	if c.trailer != nil {
		first = c.trailer.Len()
	}
	f := fieldReader{header: c.trailer, folds: c.lenient} // httpd: of a head's leniency a trailer section has only this
	_, err = f.read(b[:n], 0)
	if c.trailer != nil {
		dropForbidden(c.trailer, first, err != nil)
	}
	if err != nil {
		return 0, err
	}
	c.state = chunkDone
	return n, nil
}
