package message

import (
	"encoding/binary"
	"math/bits"

	"github.com/headgate/headgate/internal/ascii"
)

// NameID is the small number of a field name that the proxy itself looks up.
// Zero is any other name.
type NameID uint8

// Known field names.
const (
	Other NameID = iota
	Accept
	AcceptEncoding
	AcceptLanguage
	Age
	Allow
	Authorization
	CacheControl
	Connection
	ContentEncoding
	ContentLanguage
	ContentLength
	ContentLocation
	ContentRange
	ContentType
	Cookie
	Date
	Destination
	ETag
	Expect
	Expires
	Forwarded
	From
	Host
	HTTP2Settings
	IfMatch
	IfModifiedSince
	IfNoneMatch
	IfRange
	IfUnmodifiedSince
	KeepAlive
	LastModified
	Location
	MaxForwards
	Origin
	Pragma
	ProxyAuthenticate
	ProxyAuthorization
	ProxyConnection
	Range
	Referer
	RetryAfter
	Server
	SetCookie
	TE
	Trailer
	TransferEncoding
	Upgrade
	URI
	UserAgent
	Vary
	Via
	Warning
	WWWAuthenticate
	XForwardedFor
	XForwardedHost
	XForwardedServer
	XForwardedProto
	numNames
)

var names = [numNames]string{
	Accept: "Accept", AcceptEncoding: "Accept-Encoding", AcceptLanguage: "Accept-Language",
	Age: "Age", Allow: "Allow", Authorization: "Authorization", CacheControl: "Cache-Control",
	Connection: "Connection", ContentEncoding: "Content-Encoding", ContentLanguage: "Content-Language",
	ContentLength: "Content-Length", ContentLocation: "Content-Location", ContentRange: "Content-Range",
	ContentType: "Content-Type", Cookie: "Cookie", Date: "Date", Destination: "Destination", ETag: "ETag",
	Expect: "Expect", Expires: "Expires", Forwarded: "Forwarded", From: "From", Host: "Host",
	HTTP2Settings: "HTTP2-Settings", IfMatch: "If-Match", IfModifiedSince: "If-Modified-Since",
	IfNoneMatch: "If-None-Match", IfRange: "If-Range", IfUnmodifiedSince: "If-Unmodified-Since",
	KeepAlive: "Keep-Alive", LastModified: "Last-Modified", Location: "Location",
	MaxForwards: "Max-Forwards", Origin: "Origin", Pragma: "Pragma", ProxyAuthenticate: "Proxy-Authenticate",
	ProxyAuthorization: "Proxy-Authorization", ProxyConnection: "Proxy-Connection", Range: "Range",
	Referer: "Referer", RetryAfter: "Retry-After", Server: "Server", SetCookie: "Set-Cookie", TE: "TE",
	Trailer: "Trailer", TransferEncoding: "Transfer-Encoding", Upgrade: "Upgrade", URI: "URI",
	UserAgent: "User-Agent", Vary: "Vary", Via: "Via", Warning: "Warning",
	WWWAuthenticate: "WWW-Authenticate", XForwardedFor: "X-Forwarded-For",
	XForwardedHost: "X-Forwarded-Host", XForwardedServer: "X-Forwarded-Server",
	XForwardedProto: "X-Forwarded-Proto",
}

// Names is the number of known names, Other included.
const Names = numNames

// String returns the canonical spelling, "" for Other.
func (id NameID) String() string { return names[id] }

// nameRow is a known name as IDOf compares it: words of its bytes in lower case.
type nameRow struct {
	head, mid, tail uint64
	n               uint8
	id              NameID
	_               [6]byte // a row never straddles two cache lines
}

// maxName is the longest known name.
const maxName = 24

// nameTable has the known names at their hashes. No two share a hash: a test
// checks this and says which factor to use when a new name collides.
var nameTable = buildNameTable()

const (
	nameBits   = 7
	nameFactor = 0x185d5ba4f92e2768
)

func buildNameTable() (t [1 << nameBits]nameRow) {
	for id := Other + 1; id < numNames; id++ {
		s := ascii.AppendLower(nil, names[id])
		head, tail := ends(s)
		t[nameHash(len(s), head, tail)] = nameRow{head: head, mid: middle(s), tail: tail, n: uint8(len(s)), id: id}
	}
	return t
}

// nameHash does not depend on case.
func nameHash(n int, head, tail uint64) uint64 {
	return nameKey(n, head, tail) * nameFactor >> (64 - nameBits)
}

func nameKey(n int, head, tail uint64) uint64 {
	const fold = 0x2020202020202020
	return (head | fold) ^ bits.RotateLeft64(tail|fold, 29) ^ uint64(n)
}

// ends returns the first and the last bytes of a name: together all of it up to
// 16. The name must not be empty.
func ends(s []byte) (head, tail uint64) {
	n := len(s)
	switch {
	case n >= 8:
		return load8(s), load8(s[n-8:])
	case n >= 4:
		return load4(s), load4(s[n-4:])
	}
	return uint64(s[0]) | uint64(s[n/2])<<8, uint64(s[n-1])
}

// middle returns the bytes of a longer name that ends leaves out.
func middle(s []byte) uint64 {
	if len(s) <= 16 {
		return 0
	}
	return load8(s[8:])
}

// IDOf returns the id of a field name in any case, Other when it is not known.
func IDOf(name []byte) NameID {
	n := len(name)
	if n == 0 {
		return Other
	}
	head, tail := ends(name)
	r := &nameTable[nameHash(n, head, tail)]
	if int(r.n) != n || differ(head, r.head)|differ(tail, r.tail) != 0 || n > 16 && differ(middle(name), r.mid) != 0 {
		return Other
	}
	return r.id
}

func load8(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

func load4(b []byte) uint64 { return uint64(binary.LittleEndian.Uint32(b)) }

// differ is zero if x equals y except for the case of letters. y consists of
// lower-case letters, digits, hyphens and zeros: of these only letters have bit
// 0x40.
func differ(x, y uint64) uint64 { return (x ^ y) &^ (y & 0x4040404040404040 >> 1) }
