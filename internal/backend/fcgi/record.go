package fcgi

import "encoding/binary"

// The kinds of record that are sent or understood (section 8).
const (
	beginRequest = 1
	endRequest   = 3
	params       = 4
	stdin        = 5
	stdout       = 6
	stderr       = 7
)

const (
	version   = 1
	requestID = 1
	responder = 1 // the role
	keepConn  = 1 // the flag
)

// headSize is the size of a record's header, maxContent the most bytes in one
// record that leave it aligned, endSize the size of the content of endRequest.
const (
	headSize   = 8
	maxContent = 65528
	endSize    = 8
)

// header is the header of a record.
type header struct {
	version, kind byte
	id            uint16
	content       int
	padding       int
}

func parseHeader(b []byte) header {
	return header{
		version: b[0], kind: b[1], id: binary.BigEndian.Uint16(b[2:]),
		content: int(binary.BigEndian.Uint16(b[4:])), padding: int(b[6]),
	}
}

// appendHeader appends the header of a record of ours, which has no padding.
func appendHeader(b []byte, kind byte, content int) []byte {
	return append(b, version, kind, 0, requestID, byte(content>>8), byte(content), 0, 0)
}

// appendSize appends the size of a name or value.
func appendSize(b []byte, n int) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.BigEndian.AppendUint32(b, uint32(n)|1<<31)
}

// pairSize returns how many bytes a variable takes.
func pairSize(name string, value []byte) int {
	n := 2 + len(name) + len(value)
	if len(name) >= 0x80 {
		n += 3
	}
	if len(value) >= 0x80 {
		n += 3
	}
	return n
}
