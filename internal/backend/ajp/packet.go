package ajp

import (
	"encoding/binary"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
)

// The types of packet: those that are sent, then those of a container.
const (
	forwardRequest = 2
	cPing          = 10

	bodyChunk    = 3
	sendHeaders  = 4
	endResponse  = 5
	getBodyChunk = 6
	cPong        = 9
)

// The codes of attributes.
const (
	attrRemoteUser   = 3
	attrAuthType     = 4
	attrQueryString  = 5
	attrJVMRoute     = 6
	attrSSLCert      = 7
	attrSSLCipher    = 8
	attrSSLSession   = 9
	attrNamed        = 10
	attrSSLKeySize   = 11
	attrSecret       = 12
	attrStoredMethod = 13
	attrEnd          = 0xFF
)

// A packet begins with two fixed bytes and the length of its content. chunkLead is
// what is before the data of a packet of the body that is sent, chunkRest what is
// around the data in a container's, after the packet's header: type, length and a
// zero.
const (
	headSize  = 4
	chunkLead = headSize + 2
	chunkHead = 1 + 2
	chunkRest = chunkHead + 1
)

// minPacket is the size of packets, with their header, unless a larger one is
// configured; maxPacket is the largest.
const (
	minPacket = 8192
	maxPacket = 65536
)

// null is the length of a string that there is none of.
const null = 0xFFFF

// ping is CPING, whole.
const ping = "\x12\x34\x00\x01\x0a"

// end is the packet that ends a body.
const end = "\x12\x34\x00\x02\x00\x00"

// appendString appends a string: its length, its bytes and a zero. One that does
// not fit any packet is cut, and the packet is then too large.
func appendString[T ~string | ~[]byte](b []byte, s T) []byte {
	n := min(len(s), maxPacket-2)
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	return append(append(b, s[:n]...), 0)
}

// methodCode returns the code of a method, 0xFF if it has none and is sent as an
// attribute. httpd: ACL and SEARCH have codes that it does not use.
func methodCode(name []byte) byte {
	switch string(name) {
	case "OPTIONS":
		return 1
	case "GET":
		return 2
	case "HEAD":
		return 3
	case "POST":
		return 4
	case "PUT":
		return 5
	case "DELETE":
		return 6
	case "TRACE":
		return 7
	case "PROPFIND":
		return 8
	case "PROPPATCH":
		return 9
	case "MKCOL":
		return 10
	case "COPY":
		return 11
	case "MOVE":
		return 12
	case "LOCK":
		return 13
	case "UNLOCK":
		return 14
	case "REPORT":
		return 16
	case "VERSION-CONTROL":
		return 17
	case "CHECKIN":
		return 18
	case "CHECKOUT":
		return 19
	case "UNCHECKOUT":
		return 20
	case "MKWORKSPACE":
		return 22
	case "UPDATE":
		return 23
	case "LABEL":
		return 24
	case "MERGE":
		return 25
	case "BASELINE-CONTROL":
		return 26
	case "MKACTIVITY":
		return 27
	}
	return 0xFF
}

// Codes of names of fields begin at codes+1.
const codes = 0xA000

// requestCodes are the low bytes of the codes of known names.
var requestCodes = [64]byte{
	message.Accept: 1, message.AcceptEncoding: 3, message.AcceptLanguage: 4, message.Authorization: 5, message.Connection: 6,
	message.ContentType: 7, message.ContentLength: 8, message.Cookie: 9, message.Host: 11, message.Pragma: 12, message.Referer: 13,
	message.UserAgent: 14,
}

// appendName appends the name of a request's field, as a code if it has one.
func appendName(b []byte, f *message.Field) []byte {
	code := requestCodes[f.ID&63]
	if f.ID == message.Other {
		switch {
		case ascii.EqualFoldBytes(f.Name, "Accept-Charset"):
			code = 2
		case ascii.EqualFoldBytes(f.Name, "Cookie2"):
			code = 10
		}
	}
	if code == 0 {
		return appendString(b, f.Name)
	}
	return append(b, codes>>8, code)
}

// responseNames are the names of the codes of a response's fields.
var responseNames = [...][]byte{
	1: []byte("Content-Type"), []byte("Content-Language"), []byte("Content-Length"), []byte("Date"), []byte("Last-Modified"), []byte("Location"),
	[]byte("Set-Cookie"), []byte("Set-Cookie2"), []byte("Servlet-Engine"), []byte("Status"), []byte("WWW-Authenticate"),
}
