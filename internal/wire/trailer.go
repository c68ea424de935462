package wire

import "github.com/headgate/headgate/internal/message"

// notInTrailer are the fields that a trailer section must not hold: those that
// frame or route a message, change how it is understood, authenticate it, or
// belong to one connection (RFC 9110 section 6.5.1), and those that the proxy
// itself sets.
var notInTrailer = [256]bool{
	message.Age: true, message.Authorization: true, message.CacheControl: true,
	message.Connection: true, message.ContentEncoding: true, message.ContentLength: true,
	message.ContentRange: true, message.ContentType: true, message.Cookie: true,
	message.Date: true, message.Expect: true, message.Expires: true,
	message.Forwarded: true, message.Host: true, message.HTTP2Settings: true,
	message.IfMatch: true, message.IfModifiedSince: true, message.IfNoneMatch: true,
	message.IfRange: true, message.IfUnmodifiedSince: true, message.KeepAlive: true,
	message.Location: true, message.MaxForwards: true, message.Pragma: true,
	message.ProxyAuthenticate: true, message.ProxyAuthorization: true,
	message.ProxyConnection: true, message.Range: true, message.RetryAfter: true,
	message.SetCookie: true, message.TE: true, message.Trailer: true,
	message.TransferEncoding: true, message.Upgrade: true, message.Vary: true,
	message.Via: true, message.Warning: true, message.WWWAuthenticate: true,
	message.XForwardedFor: true, message.XForwardedHost: true,
	message.XForwardedServer: true, message.XForwardedProto: true,
}

// TrailerForbidden reports whether a field must not be sent as a trailer.
func TrailerForbidden(id message.NameID) bool { return notInTrailer[id] }

// dropForbidden drops the fields that a trailer section must not have, from row
// first on, or all fields.
func dropForbidden(h *message.Header, first int, all bool) {
	for i := first; i < h.Len(); i++ {
		if f := h.At(i); all || notInTrailer[f.ID] {
			f.Flags |= message.Dropped
		}
	}
}
