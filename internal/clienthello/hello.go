package clienthello

import (
	"encoding/binary"
	"errors"
)

// ErrIncomplete says that the hello goes on beyond what was read.
var ErrIncomplete = errors.New("the ClientHello is not complete")

// ErrNone says that the bytes are no ClientHello, or not one that can be read.
var ErrNone = errors.New("not a ClientHello of TLS")

// Sizes and types (RFC 8446, 4 and 5.1).
const (
	recordHead  = 5
	handshake   = 22
	mostRecord  = 1 << 14
	messageHead = 4
	clientHello = 1
)

// MaxSize limits a hello, with the records around it, in bytes.
const MaxSize = 1 << 14

// ServerName returns the name in the hello that b begins with; "" where it has none.
// The hello may be spread over records; what follows it is not looked at. The
// name is one that could be a host's: letters, digits, hyphens, underscores and dots. The
// outer name of Encrypted Client Hello is a name like others. The error is
// ErrIncomplete when b may be the beginning of a hello, else ErrNone.
func ServerName(b []byte) (name string, err error) {
	m, err := message(b)
	if err != nil {
		return "", err
	}
	return nameIn(m)
}

// message returns the body of the handshake message that the records of b begin with.
// It is borrowed from b unless it is spread over records.
func message(b []byte) ([]byte, error) {
	var parts []byte // joined, of a message that is spread
	need, known := messageHead, false
	for rest := b; ; {
		if err := plausible(rest); err != nil {
			return nil, err
		}
		if len(rest) < recordHead {
			return nil, incomplete(b)
		}
		size := int(binary.BigEndian.Uint16(rest[3:]))
		part := rest[recordHead:min(len(rest), recordHead+size)]
		if len(parts) == 0 {
			parts = part[:len(part):len(part)]
		} else {
			parts = append(parts, part...)
		}
		if len(parts) > 0 && parts[0] != clientHello {
			return nil, ErrNone
		}
		if known = len(parts) >= messageHead; known {
			need = messageHead + int(parts[1])<<16 + int(parts[2])<<8 + int(parts[3])
		}
		switch {
		case need > MaxSize:
			return nil, ErrNone
		case known && len(parts) >= need:
			return parts[messageHead:need], nil
		case len(part) < size:
			return nil, incomplete(b)
		}
		rest = rest[recordHead+size:]
	}
}

// incomplete is ErrIncomplete for bytes that may grow to a hello of an allowed size.
func incomplete(b []byte) error {
	if len(b) >= MaxSize {
		return ErrNone
	}
	return ErrIncomplete
}

// plausible checks the head of a record, as far as it is there.
func plausible(b []byte) error {
	switch {
	case len(b) > 0 && b[0] != handshake, len(b) > 1 && b[1] != 3:
		return ErrNone
	case len(b) >= recordHead:
		if n := binary.BigEndian.Uint16(b[3:]); n == 0 || n > mostRecord {
			return ErrNone
		}
	}
	return nil
}

// reader takes fields from the front of a message. After a field that is not there it is bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

// number takes a number of n bytes.
func (r *reader) number(n int) (v int) {
	for _, c := range r.take(n) {
		v = v<<8 | int(c)
	}
	return v
}

// vector takes a field whose size comes first, in n bytes.
func (r *reader) vector(n int) reader {
	b := r.take(r.number(n))
	return reader{b: b, bad: r.bad}
}

// The extension and the type of a server name (RFC 6066, 3).
const (
	serverName = 0
	hostName   = 0
	maxName    = 255
)

// nameIn returns the server name in the body of a hello (RFC 8446, 4.1.2).
func nameIn(m []byte) (name string, err error) {
	r := reader{b: m}
	r.take(2 + 32) // version and random
	r.vector(1)    // session
	r.vector(2)    // cipher suites
	r.vector(1)    // compression
	if r.bad {
		return "", ErrNone
	}
	if len(r.b) == 0 { // without extensions
		return "", nil
	}
	all, seen := r.vector(2), false
	for len(all.b) > 0 {
		kind := all.number(2)
		ext := all.vector(2)
		switch {
		case all.bad || ext.bad, kind == serverName && seen:
			return "", ErrNone
		case kind == serverName:
			seen = true
			if name, err = hostIn(ext); err != nil {
				return "", err
			}
		}
	}
	if r.bad || all.bad || len(r.b) > 0 {
		return "", ErrNone
	}
	return name, nil
}

// hostIn returns the one host name of the extension.
func hostIn(ext reader) (string, error) {
	list := ext.vector(2)
	kind := list.number(1)
	name := list.vector(2)
	if ext.bad || list.bad || name.bad || len(ext.b) > 0 || len(list.b) > 0 || kind != hostName || !isName(name.b) {
		return "", ErrNone
	}
	return string(name.b), nil
}

func isName(b []byte) bool {
	for _, c := range b {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return len(b) > 0 && len(b) <= maxName && b[0] != '.' && b[len(b)-1] != '.'
}
