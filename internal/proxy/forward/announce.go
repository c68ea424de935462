package forward

import (
	"math"
	"slices"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

// Names of the fields added here, in httpd's spelling.
var (
	nameMaxForwards = []byte("Max-Forwards")
	nameVia         = []byte("Via")
	nameFor         = []byte("X-Forwarded-For")
	nameHost        = []byte("X-Forwarded-Host")
	nameServer      = []byte("X-Forwarded-Server")
	comma           = []byte(", ")
)

// Via is ProxyVia.
type Via uint8

// The values of ProxyVia.
const (
	ViaOff Via = iota
	ViaOn
	ViaFull
	ViaBlock
)

// Announcer adds the fields that tell backends about the client. It is built
// once for a combination of sections.
type Announcer struct {
	MaxForwards  int64 // added if the client sent none; negative: not added
	Via          Via
	PreserveHost bool
	AddHeaders   bool
	Reverse      bool // not a forward proxy: X-Forwarded-* are for reverse ones only

	name []byte // of the site; nil: that of the exchange's

	Version string // of the server, for ProxyVia Full: "Apache/2.4.71"
}

// Prepare fills x.Out.Host and the fields of x.Out.Extra that mod_proxy adds or
// changes. host is the backend's host[:port]. local reports that the request
// ends here, with this server's response to TRACE or OPTIONS.
//
// Fields that the client's Connection lists are no longer part of the request:
// nothing is appended to their values.
func (f *Announcer) Prepare(x *exchange.Exchange, host []byte) (local bool, err error) {
	h := &x.Req.Header
	if f.MaxForwards >= 0 || h.MayHave(hops) {
		if local, err = f.countForward(x); local || err != nil {
			return local, err
		}
	}
	clientHost, _ := h.Get(message.Host)
	x.Out.Host, x.Out.Preserved = host, f.PreserveHost && !x.Onward
	if x.Out.Preserved {
		x.Out.Host = clientHost
		if len(clientHost) == 0 {
			x.Out.Host = x.Arena.String(x.Site.Name)
		}
	}
	if f.Via != ViaOff {
		f.requestVia(x)
	}
	if x.User != nil && h.MayHave(proxyLogin) && !x.Env.Has("Proxy-Chain-Auth") {
		dropLogin(h)
	}
	if f.AddHeaders && f.Reverse && !x.Onward {
		f.announce(x, clientHost)
	}
	return false, nil
}

// Sets of fields that most requests do not have.
var (
	hops      = message.SetOf(message.MaxForwards)
	forwarded = message.SetOf(message.XForwardedFor, message.XForwardedHost, message.XForwardedServer)
)

// proxyLogin are the credentials for a proxy. Where this one has asked for them they
// are not the next one's.
var proxyLogin = message.SetOf(message.ProxyAuthorization)

func dropLogin(h *message.Header) {
	for i := range h.Len() {
		if v := h.At(i); v.ID == message.ProxyAuthorization {
			v.Flags |= message.Hop
		}
	}
}

// announce adds the X-Forwarded fields.
func (f *Announcer) announce(x *exchange.Exchange, clientHost []byte) {
	name := f.name
	if name == nil {
		name = x.Arena.String(x.Site.Name)
	}
	add := extra
	if x.Req.Header.MayHave(forwarded) {
		add = addTo
	}
	add(x, message.XForwardedFor, nameFor, x.ClientIP())
	if len(clientHost) > 0 {
		add(x, message.XForwardedHost, nameHost, clientHost)
	}
	add(x, message.XForwardedServer, nameServer, name)
}

// countForward applies Max-Forwards (RFC 9110 section 7.6.2).
func (f *Announcer) countForward(x *exchange.Exchange) (local bool, err error) {
	left := f.MaxForwards
	if value, ok := merged(x, message.MaxForwards); ok {
		n, rest := ascii.LeadingDigits(string(value))
		switch {
		case n < 0 || n == math.MaxInt64 || rest != "":
			return false, maxForwardsFault("Max-Forwards request header could not be parsed")
		case n > 0:
			left = n - 1
		case x.Req.Verb == message.TRACE || x.Req.Verb == message.OPTIONS:
			return true, nil
		default:
			return false, maxForwardsFault("Max-Forwards has reached zero - proxy loop?")
		}
	}
	if left >= 0 {
		extra(x, message.MaxForwards, nameMaxForwards, x.Arena.Int(left))
	}
	return false, nil
}

func maxForwardsFault(detail string) error {
	return &fault.Fault{
		Side: fault.Client, Module: "proxy", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.MaxForwards, Status: 400, ID: "AH10188", Detail: detail,
		Reason: "Proxy Error",
	}
}

// requestVia adds this server to Via, or removes Via from the request.
func (f *Announcer) requestVia(x *exchange.Exchange) {
	switch f.Via {
	case ViaOff:
	case ViaBlock:
		h := &x.Req.Header
		for i := range h.Len() {
			if v := h.At(i); v.ID == message.Via {
				v.Flags |= message.Hop
			}
		}
	default:
		addTo(x, message.Via, nameVia, f.viaValue(x))
	}
}

// ResponseVia adds a separate Via field to the response, with the version of
// the request as httpd does.
func (f *Announcer) ResponseVia(x *exchange.Exchange) {
	if f.Via == ViaOn || f.Via == ViaFull {
		x.Resp.Header.Append(message.Via, nameVia, f.viaValue(x))
	}
}

// viaValue makes "1.1 name[:port]", with the server's version for Full. httpd:
// the name is ServerName even if the client's Host names the server; the port
// is that of the client's Host.
func (f *Announcer) viaValue(x *exchange.Exchange) []byte {
	v := int64(x.Req.Version)
	b := x.Arena.Alloc(len("1.1 :65535 ()") + len(x.Site.Name) + len(f.Version) + 20)
	b = append(strconv.AppendInt(b, v/10, 10), '.')
	b = append(strconv.AppendInt(b, v%10, 10), ' ')
	b = x.AppendServerPort(append(b, x.Site.Name...))
	if f.Via == ViaFull {
		b = append(append(append(b, " ("...), f.Version...), ')')
	}
	return b
}

// addTo appends value to the client's values of a name.
func addTo(x *exchange.Exchange, id message.NameID, name, value []byte) {
	if old, ok := merged(x, id); ok {
		value = x.Arena.Join(old, comma, value)
	}
	extra(x, id, name, value)
}

// merged returns the client's values of a name, joined as one.
func merged(x *exchange.Exchange, id message.NameID) (value []byte, ok bool) {
	h := &x.Req.Header
	for i := range h.Len() {
		f := h.At(i)
		switch {
		case f.ID != id || f.Flags&(message.Dropped|message.Hop) != 0:
		case ok:
			value = x.Arena.Join(value, comma, f.Value)
		default:
			value, ok = f.Value, true
		}
	}
	return value, ok
}

// extra sets a field of the backend's request.
func extra(x *exchange.Exchange, id message.NameID, name, value []byte) {
	for i := range x.Out.Extra {
		if x.Out.Extra[i].ID == id {
			x.Out.Extra[i].Value = value
			return
		}
	}
	n := len(x.Out.Extra)
	if n == cap(x.Out.Extra) {
		x.Out.Extra = slices.Grow(x.Out.Extra, extraRoom)
	}
	x.Out.Extra = x.Out.Extra[:n+1]
	f := &x.Out.Extra[n]
	f.Name, f.Value, f.ID, f.Flags = name, value, id, 0
}

// extraRoom is enough for the fields added to most requests.
const extraRoom = 4
