package tlsconn

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"sync"
	"unsafe"
)

// crypto/tls keeps the memory of its input with each connection: a ClientHello is
// 2 KiB, and after one record of the longest kind it has 34 KiB for as long as the
// connection lives. It has no call to get rid of that, so this file finds the three
// fields that hold it. A Go in which they have other names or types keeps its memory,
// and TestShed fails.

// inner returns the input fields of a connection.
type inner struct {
	raw    *bytes.Buffer // records as they came, from the head of the first
	text   *bytes.Reader // data still to be returned by Read; in raw's memory
	shakes *bytes.Buffer // handshake messages
}

// offsets are where the fields of inner are in a tls.Conn.
type offsets struct {
	raw, text, shakes uintptr
	known             bool
}

var fields = locate(reflect.TypeFor[tls.Conn]())

// locate finds the fields of inner in a type.
func locate(t reflect.Type) offsets {
	raw, a := t.FieldByName("rawInput")
	text, b := t.FieldByName("input")
	shakes, c := t.FieldByName("hand")
	buffer, reader := reflect.TypeFor[bytes.Buffer](), reflect.TypeFor[bytes.Reader]()
	if !a || !b || !c || raw.Type != buffer || text.Type != reader || shakes.Type != buffer {
		return offsets{}
	}
	return offsets{raw.Offset, text.Offset, shakes.Offset, true}
}

// within returns the fields of c, which must be used by the reader of c only.
func (o offsets) within(c *tls.Conn) inner {
	p := unsafe.Pointer(c)
	return inner{(*bytes.Buffer)(unsafe.Add(p, o.raw)), (*bytes.Reader)(unsafe.Add(p, o.text)), (*bytes.Buffer)(unsafe.Add(p, o.shakes))}
}

// recordRoom is what crypto/tls wants for the longest record: head, ciphertext, and
// bytes.MinRead, which it adds to what it waits for.
const recordRoom = recordHead + 16384 + 256 + bytes.MinRead

// records has the memory that readers lend to crypto/tls.
var records = sync.Pool{New: func() any { return new([recordRoom]byte) }}

// lend lends crypto/tls memory for its next record, if it has none.
func (c *Conn) lend() {
	if !fields.known || c.lent != nil {
		return
	}
	if in := fields.within(c.tls); in.raw.Cap() == 0 {
		c.lent = records.Get().(*[recordRoom]byte)
		*in.raw = *bytes.NewBuffer(c.lent[:0])
	}
}

// shed takes all memory for input from crypto/tls, once it holds none. more reports
// whether it does hold data that Read will return.
func (c *Conn) shed() (more bool) {
	if !fields.known {
		return false
	}
	in := fields.within(c.tls)
	if in.text.Len() > 0 {
		return true
	}
	if in.raw.Len() > 0 || in.shakes.Len() > 0 { // part of a record, or of a message
		return false
	}
	*in.raw, *in.text, *in.shakes = bytes.Buffer{}, bytes.Reader{}, bytes.Buffer{}
	if c.lent != nil {
		records.Put(c.lent)
		c.lent = nil
	}
	return false
}
