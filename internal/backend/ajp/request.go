package ajp

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// Begin implements attempt.Codec. A container does not confirm that it wants the
// body.
func (c *codec) Begin(x *exchange.Exchange) (length bool) {
	x.Out.Expect, x.Out.NoVia = false, true
	return false
}

// AppendHead implements attempt.Codec. With ping= a question goes before the
// request. httpd: ajp_marshal_into_msgb.
func (c *codec) AppendHead(b []byte, h *attempt.Head) []byte {
	size := packetSize(h.Worker.Packet)
	c.reset(h, size)
	start := len(b)
	b = c.appendRequest(b, h)
	n := len(b) - start
	if n > size {
		h.Refuse = "the request does not fit in a packet of " + strconv.Itoa(size) + " bytes (ProxyIOBufferSize)"
		return b[:start]
	}
	if h.Ping {
		c.pinging, h.Held, h.Again = true, true, true
		return append(b[:start], ping...)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(n-headSize))
	h.Body = attempt.Body{Lead: chunkLead, Most: size - chunkLead, Pull: true}
	if c.x.Req.Body.Kind == message.Length && c.x.Req.Body.Length > 0 {
		h.Body.First = h.Body.Most
	}
	return b
}

// packetSize returns the size of packets for ProxyIOBufferSize (httpd:
// ap_proxy_ajp_request).
func packetSize(buffer int32) int {
	return min(max(minPacket, (int(buffer)+1023)&^1023), maxPacket)
}

// appendRequest appends the packet of the request. Its length is not set yet.
func (c *codec) appendRequest(b []byte, h *attempt.Head) []byte {
	x := h.X
	method := methodCode(x.Req.Method)
	b = append(b, ping[:2]...)
	b = append(b, 0, 0, forwardRequest, method)
	b = appendProtocol(b, x.Req.Version)
	path, query, hasQuery := bytes.Cut(x.Out.Target, []byte("?"))
	b = appendString(b, path)
	b = appendString(b, x.ClientIP())
	b = binary.BigEndian.AppendUint16(b, null) // the client's name, which is not looked up
	b = appendString(b, x.ServerName())
	b = binary.BigEndian.AppendUint16(b, x.Client.Local.Port())
	b = append(b, flag(x.Encrypted()))
	b = appendFields(b, x)
	if h.Worker.Secret != "" {
		b = appendString(append(b, attrSecret), h.Worker.Secret)
	}
	if x.User != nil {
		b = appendString(append(b, attrRemoteUser), x.User)
	}
	if x.AuthType != "" {
		b = appendString(append(b, attrAuthType), x.AuthType)
	}
	if hasQuery {
		b = appendString(append(b, attrQueryString), query)
	}
	if route, ok := x.Notes.Get("session-route"); ok {
		b = appendString(append(b, attrJVMRoute), route)
	}
	if x.Encrypted() {
		b = appendTLS(b, x)
	}
	if method == 0xFF {
		b = appendString(append(b, attrStoredMethod), x.Req.Method)
	}
	return append(appendNamed(b, x), attrEnd)
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

func appendProtocol(b []byte, v message.Version) []byte {
	at := len(b)
	b = exchange.AppendProtocol(append(b, 0, 0), v)
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return append(b, 0)
}

// appendFields appends the number of fields and the fields. They are the client's,
// those about its connection included. How the body is delimited is what Body says,
// as a filter may have changed it.
func appendFields(b []byte, x *exchange.Exchange) []byte {
	at, n, framed := len(b), 0, false
	b = append(b, 0, 0)
	rows := x.Req.Header.Rows()
	for i := range rows {
		f := &rows[i]
		value := f.Value
		switch {
		case f.Flags&message.Dropped != 0:
			continue
		case f.ID == message.ContentLength && x.Req.Body.Kind != message.Length:
			continue
		case f.ID == message.ProxyAuthorization && f.Flags&message.Hop != 0:
			continue // it was for this server
		case f.ID == message.TransferEncoding:
			if x.Req.Body.Kind != message.Chunked {
				continue
			}
			framed = true
		case f.ID == message.Expect && x.Req.Body.Kind == message.NoBody:
			continue
		case f.ID == message.MaxForwards:
			value = forwards(x, value)
		}
		b = appendString(appendName(b, f), value)
		n++
	}
	if x.Req.Body.Kind == message.Chunked && !framed {
		b = appendString(appendString(b, "Transfer-Encoding"), "chunked")
		n++
	}
	if added := &x.Out; !x.Req.Header.MayHave(message.SetOf(message.MaxForwards)) {
		for i := range added.Extra {
			if f := &added.Extra[i]; f.ID == message.MaxForwards {
				b = appendString(appendString(b, f.Name), f.Value)
				n++
			}
		}
	}
	binary.BigEndian.PutUint16(b[at:], uint16(n))
	return b
}

// forwards returns the value of Max-Forwards that mod_proxy has made of a client's.
func forwards(x *exchange.Exchange, value []byte) []byte {
	for i := range x.Out.Extra {
		if f := &x.Out.Extra[i]; f.ID == message.MaxForwards {
			return f.Value
		}
	}
	return value
}

// tlsAttributes are the attributes with one string about TLS.
var tlsAttributes = [...]struct {
	code     byte
	variable string
}{
	{attrSSLCert, "SSL_CLIENT_CERT"}, {attrSSLCipher, "SSL_CIPHER"}, {attrSSLSession, "SSL_SESSION_ID"},
}

// appendTLS appends what is known of the client's TLS.
func appendTLS(b []byte, x *exchange.Exchange) []byte {
	for _, a := range &tlsAttributes {
		b = appendVariable(append(b, a.code), a.variable, x, 1)
	}
	size := exchange.AppendTLSVar(x.Arena.Alloc(8), "SSL_CIPHER_USEKEYSIZE", x)
	if n, rest := ascii.LeadingDigits(string(size)); len(size) > 0 && rest == "" {
		b = binary.BigEndian.AppendUint16(append(b, attrSSLKeySize), uint16(n))
	}
	return b
}

// appendVariable appends the value of a variable of mod_ssl as a string. If it is
// empty, it removes the lead bytes before it.
func appendVariable(b []byte, name string, x *exchange.Exchange, lead int) []byte {
	at := len(b)
	b = exchange.AppendTLSVar(append(b, 0, 0), name, x)
	n := len(b) - at - 2
	if n == 0 {
		return b[:at-lead]
	}
	binary.BigEndian.PutUint16(b[at:], uint16(min(n, maxPacket-2)))
	return append(b, 0)
}

// appendNamed appends the attributes that have a name: what the protocol forgot, and
// the variables whose name begins with AJP_.
func appendNamed(b []byte, x *exchange.Exchange) []byte {
	if x.Encrypted() {
		at := len(b)
		b = appendString(append(b, attrNamed), "AJP_SSL_PROTOCOL")
		b = appendVariable(b, "SSL_PROTOCOL", x, len(b)-at)
	}
	b = appendString(append(b, attrNamed), "AJP_REMOTE_PORT")
	var digits [5]byte
	b = appendString(b, strconv.AppendUint(digits[:0], uint64(x.Remote().Port()), 10))
	b = appendString(append(b, attrNamed), "AJP_LOCAL_ADDR")
	at := len(b)
	b = x.Client.Local.Addr().Unmap().AppendTo(append(b, 0, 0))
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	b = append(b, 0)
	vars := x.Env.All()
	for i := range vars {
		if name, ok := strings.CutPrefix(vars[i].Name, "AJP_"); ok {
			b = appendString(appendString(append(b, attrNamed), name), vars[i].Value)
		}
	}
	return b
}

// AppendLead implements attempt.Codec.
func (c *codec) AppendLead(b []byte, n int) []byte {
	b = binary.BigEndian.AppendUint16(append(b, ping[:2]...), uint16(n+2))
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

// AppendTail implements attempt.Codec.
func (c *codec) AppendTail(b []byte, _ int) []byte { return b }

// AppendEnd implements attempt.Codec.
func (c *codec) AppendEnd(b []byte) []byte { return append(b, end...) }

// text appends a request as lines, without the secret.
func text(b []byte, x *exchange.Exchange) []byte {
	b = append(append(b, "AJP "...), x.Req.Method...)
	b = append(append(b, ' '), x.Out.Target...)
	b = append(b, "\r\nremote_addr: "...)
	b = append(b, x.ClientIP()...)
	b = append(b, "\r\nserver_name: "...)
	b = append(append(b, x.ServerName()...), "\r\n"...)
	rows := x.Req.Header.Rows()
	for i := range rows {
		if f := &rows[i]; f.Flags&message.Dropped == 0 {
			b = append(append(append(b, f.Name...), ": "...), f.Value...)
			b = append(b, "\r\n"...)
		}
	}
	vars := x.Env.All()
	for i := range vars {
		if name, ok := strings.CutPrefix(vars[i].Name, "AJP_"); ok {
			b = append(append(append(b, "attribute "...), name...), ": "...)
			b = append(append(b, vars[i].Value...), "\r\n"...)
		}
	}
	return b
}
