package proxyproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Header is what a PROXY header says of a connection.
type Header struct {
	// Client is the address and port that the connection was made from. It is
	// invalid where the sender speaks of no other than itself: UNKNOWN, LOCAL.
	Client netip.AddrPort
	// Text is Client's address as version 1 wrote it, borrowed from the header;
	// nil in version 2.
	Text []byte
}

// ErrIncomplete says that the header goes on beyond what was read.
var ErrIncomplete = errors.New("the PROXY header is not complete")

// Bad is a header that cannot be accepted: the connection must end.
type Bad struct {
	ID   string // httpd's message id; "" where it says nothing
	Text string // holds bytes of the peer as they came
}

// Error implements error.
func (b *Bad) Error() string { return b.Text }

func bad(id, format string, args ...any) error {
	return &Bad{ID: id, Text: "RemoteIPProxyProtocol: " + fmt.Sprintf(format, args...)}
}

// MaxSize is the size of the largest header that is accepted, in bytes: of version
// 2, with addresses of UNIX sockets or as many bytes of anything else.
const MaxSize = headSize + 216

// The beginnings of a header.
const (
	signature1 = "PROXY "
	signature2 = "\r\n\r\n\x00\r\nQUIT\n"
)

// Parse reads the header that b begins with. n is its size. The error is
// ErrIncomplete when b may be its beginning, else a *Bad. Nothing is allocated
// unless there is an error.
func Parse(b []byte) (h Header, n int, err error) {
	switch {
	case begins(b, signature1):
		return parse1(b)
	case begins(b, signature2):
		return parse2(b)
	}
	return h, 0, bad("", "the connection does not begin with a PROXY header")
}

// begins reports whether b begins with a signature, as far as it goes.
func begins(b []byte, signature string) bool {
	n := min(len(b), len(signature))
	return string(b[:n]) == signature[:n]
}

// headSize is the size of the fixed part of version 2: signature, version and
// command, family and protocol, and the size of the rest.
const headSize = len(signature2) + 4

// The families of version 2 that are accepted, with the size of their addresses.
const (
	tcp4, size4 = 0x11, 12
	tcp6, size6 = 0x21, 36
)

// parse2 reads version 2. Whatever follows the addresses (TLVs) is skipped.
func parse2(b []byte) (h Header, n int, err error) {
	if len(b) > len(signature2) && b[len(signature2)]&0xF0 != 0x20 {
		return h, 0, bad("", "the connection does not begin with a PROXY header of a known version")
	}
	if len(b) < headSize {
		return h, 0, ErrIncomplete
	}
	command, family := b[len(signature2)]&0xF, b[len(signature2)+1]
	n = headSize + int(binary.BigEndian.Uint16(b[headSize-2:]))
	if n > MaxSize {
		return h, 0, bad("AH10186", "protocol header length too long: %d bytes", n)
	}
	if len(b) < n {
		return h, 0, ErrIncomplete
	}
	rest := b[headSize:n]
	switch {
	case command == 0: // LOCAL: the sender's own, a health check
	case command != 1:
		return h, 0, bad("AH03507", "unsupported command %.2x", b[len(signature2)])
	case family == tcp4 && len(rest) < size4:
		return h, 0, bad("AH10597", "address length %d too short for TCPv4", len(rest))
	case family == tcp4:
		h.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte(rest)), binary.BigEndian.Uint16(rest[8:]))
	case family == tcp6 && len(rest) < size6:
		return h, 0, bad("AH10598", "address length %d too short for TCPv6", len(rest))
	case family == tcp6:
		h.Client = netip.AddrPortFrom(netip.AddrFrom16([16]byte(rest)).Unmap(), binary.BigEndian.Uint16(rest[32:]))
	default:
		return h, 0, bad("AH10183", "unsupported protocol %.2x", family)
	}
	return h, n, nil
}

// maxLine is the longest header of version 1, with its CRLF. httpd: one more byte
// than the specification allows.
const maxLine = 108

// parse1 reads version 1, a line of words.
//
// Ours: a line feed alone does not continue the line, in which httpd then hides the
// request that follows, and a carriage return is the end or an error.
func parse1(b []byte) (h Header, n int, err error) {
	line := b[:min(len(b), maxLine)]
	switch i := bytes.IndexAny(line, "\r\n"); {
	case i < 0 && len(line) == maxLine, i == maxLine-1:
		return h, 0, bad("AH10185", "header too long")
	case i < 0, i == len(line)-1 && line[i] == '\r':
		return h, 0, ErrIncomplete
	case line[i] == '\n' || line[i+1] != '\n':
		return h, 0, bad("", "the line does not end in CRLF: '%s'", line[:i])
	default:
		h, err = parseLine(line[:i])
		return h, i + 2, err
	}
}
