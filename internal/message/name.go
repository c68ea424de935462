package message

// NameID is the small number of a field name that is looked up by the proxy
// itself. Zero is any other name.
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

// String gives the canonical spelling, "" for Other.
func (id NameID) String() string { return names[id] }

// nameSlots is an open-addressed table from a cheap hash to ids. It is built
// once from names and never written again.
var nameSlots = buildNameSlots()

const nameMask = 255

func nameHash(n int, first, mid, last byte) uint8 {
	return uint8(n)*31 ^ (first|0x20)*7 ^ (mid|0x20)*13 ^ (last|0x20)*3
}

func buildNameSlots() (slots [nameMask + 1]NameID) {
	for id := Other + 1; id < numNames; id++ {
		s := names[id]
		h := nameHash(len(s), s[0], s[len(s)/2], s[len(s)-1])
		for slots[h] != 0 {
			h++
		}
		slots[h] = id
	}
	return slots
}

// IDOf gives the id of a field name in any case, Other when it is not known.
func IDOf(name []byte) NameID {
	n := len(name)
	if n == 0 {
		return Other
	}
	h := nameHash(n, name[0], name[n/2], name[n-1])
	for {
		id := nameSlots[h]
		if id == Other {
			return Other
		}
		if equalFold(name, names[id]) {
			return id
		}
		h++
	}
}

// equalFold compares ASCII without regard to case.
func equalFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}
