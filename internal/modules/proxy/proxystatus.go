package proxy

import (
	"errors"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// proxyStatusRow is ProxyStatusHeader: whether responses say, in a Proxy-Status field
// (RFC 9209), what went wrong and where.
//
// Ours: httpd has no such directive.
func proxyStatusRow() directive.Row {
	return directive.Row{
		Name: "ProxyStatusHeader", Module: "mod_proxy", Where: directive.ServerOrDir, Args: directive.Take1,
		Usage: "ProxyStatusHeader Off|On|local", Set: func(c *directive.Call) error {
			v, err := ParseProxyStatus(c.Arg(0))
			if err != nil {
				return err
			}
			dirSlot.Of(c.Dir).Told.To(v)
			return nil
		},
	}
}

// ParseProxyStatus reads the value of ProxyStatusHeader.
func ParseProxyStatus(word string) (exchange.ProxyStatus, error) {
	for i, name := range [...]string{exchange.ProxyStatusOff: "Off", exchange.ProxyStatusOn: "On", exchange.ProxyStatusLocal: "local"} {
		if ascii.EqualFold(word, name) {
			return exchange.ProxyStatus(i), nil
		}
	}
	return 0, errors.New("ProxyStatusHeader must be one of: Off | On | local")
}

// proxyStatusName is the name of the field.
var proxyStatusName = []byte("Proxy-Status")

// proxyStatus adds the field to responses: to those that tell of a fault, and to those
// of backends that say 5xx or have such a field themselves. What backends say stays.
type proxyStatus struct{ to exchange.ProxyStatus }

// Do implements exchange.Step.
func (s proxyStatus) Do(x *exchange.Exchange) error {
	f, local := x.Failed, inside(x)
	if s.to == exchange.ProxyStatusLocal && !local {
		return nil
	}
	if f == nil && !(x.Made == exchange.ByHandler && x.Tries.Begun() > 0 && (x.Resp.Status >= 500 || hasProxyStatus(&x.Resp.Header))) {
		return nil
	}
	b := append(x.Arena.Alloc(160), "headgate"...)
	switch {
	case f == nil:
		b = strconv.AppendInt(append(b, "; received-status="...), int64(x.Resp.Status), 10)
	case f.Replace:
		b = strconv.AppendInt(append(b, "; received-status="...), int64(f.Status), 10)
	case f.Named().About().Proxy != "":
		b = append(append(b, "; error="...), f.Named().About().Proxy...)
	}
	if t := x.Tries.Last(); local && t != nil && t.Addr != "" {
		b = appendString(append(b, "; next-hop="...), t.Addr)
	}
	if f != nil {
		b = appendString(append(b, "; details="...), f.Named().String()+", id "+string(x.FaultID()))
	}
	x.Resp.Header.Add(proxyStatusName, b)
	return nil
}

func hasProxyStatus(h *message.Header) bool {
	for i := range h.Len() {
		if f := h.At(i); f.ID == message.Other && f.Flags&message.Dropped == 0 && ascii.EqualFoldBytes(f.Name, string(proxyStatusName)) {
			return true
		}
	}
	return false
}

// inside says that the client is of this machine or a private network. A request that
// another proxy has passed on may be from anywhere, unless mod_remoteip knows.
func inside(x *exchange.Exchange) bool {
	addr := x.RemoteAddr()
	if !addr.IsLoopback() && !addr.IsPrivate() && !addr.IsLinkLocalUnicast() {
		return false
	}
	return x.Restored() || !forwarded(&x.Req.Header)
}

// forwarded says that a request names the client that another proxy got it from.
func forwarded(h *message.Header) bool {
	for i := range h.Len() {
		f := h.At(i)
		if f.Flags&message.Dropped == 0 && (ascii.EqualFoldBytes(f.Name, "X-Forwarded-For") || ascii.EqualFoldBytes(f.Name, "Forwarded")) {
			return true
		}
	}
	return false
}

// appendString appends a string of a structured field (RFC 9651 section 3.3.3).
func appendString(b []byte, text string) []byte {
	b = append(b, '"')
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		default:
			b = append(b, '?')
		}
	}
	return append(b, '"')
}
