package logconfig

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// noteCause is the note with the fault of the exchange. It is ours: no module
// sets it.
const noteCause = "error-cause"

// headerIn joins the fields of one name, as httpd does when it reads them.
func headerIn(arg string) value {
	if id := message.IDOf([]byte(arg)); id != message.Other {
		return knownIn(id)
	}
	return func(dst []byte, x *exchange.Exchange) []byte { return appendJoined(dst, &x.Req.Header, arg) }
}

// knownIn is headerIn for a name that has an id.
func knownIn(id message.NameID) value {
	set := message.SetOf(id)
	return func(dst []byte, x *exchange.Exchange) []byte {
		h := &x.Req.Header
		if !h.MayHave(set) {
			return append(dst, '-')
		}
		found := false
		rows := h.Rows()
		for i := range rows {
			f := &rows[i]
			if f.ID != id || f.Flags&message.Dropped != 0 {
				continue
			}
			if found {
				dst = append(dst, ", "...)
			}
			dst, found = appendEscaped(dst, f.Value), true
		}
		if !found {
			dst = append(dst, '-')
		}
		return dst
	}
}

func trailerIn(arg string) value {
	return func(dst []byte, x *exchange.Exchange) []byte { return appendJoined(dst, &x.Req.Trailer, arg) }
}

func trailerOut(arg string) value {
	return func(dst []byte, x *exchange.Exchange) []byte { return appendFirst(dst, &x.Resp.Trailer, arg) }
}

// headerOut returns a field as the client got it. httpd: Content-Type is shown
// without parameters, only Set-Cookie is joined.
func headerOut(arg string) value {
	switch message.IDOf([]byte(arg)) {
	case message.ContentType:
		return func(dst []byte, x *exchange.Exchange) []byte {
			v, _ := x.Resp.Header.Get(message.ContentType)
			v, _, _ = bytes.Cut(v, []byte{';'})
			return appendOr(dst, bytes.TrimRight(v, " \t"))
		}
	case message.SetCookie:
		return func(dst []byte, x *exchange.Exchange) []byte { return appendJoined(dst, &x.Resp.Header, arg) }
	case message.ContentLength:
		return contentLengthOut
	case message.TransferEncoding:
		return transferEncodingOut
	case message.Date, message.Server:
		return func(dst []byte, x *exchange.Exchange) []byte {
			if x.Made != exchange.ByHandler { // httpd: its own are printed, and are in no table
				return append(dst, '-')
			}
			return appendFirst(dst, &x.Resp.Header, arg)
		}
	case message.Connection:
		return connectionOut
	case message.KeepAlive:
		return keepAliveOut
	}
	return func(dst []byte, x *exchange.Exchange) []byte { return appendFirst(dst, &x.Resp.Header, arg) }
}

// contentLengthOut and transferEncodingOut show the framing: the front prints
// those fields from it.
func contentLengthOut(dst []byte, x *exchange.Exchange) []byte {
	if x.Committed && x.Resp.Body.Kind == message.Length {
		return strconv.AppendInt(dst, x.Resp.Body.Length, 10)
	}
	return appendFirst(dst, &x.Resp.Header, "Content-Length")
}

func transferEncodingOut(dst []byte, x *exchange.Exchange) []byte {
	if x.Committed && x.Resp.Body.Kind == message.Chunked {
		return append(dst, "chunked"...)
	}
	return appendFirst(dst, &x.Resp.Header, "Transfer-Encoding")
}

// connectionOut and keepAliveOut show what the front said of the connection.
func connectionOut(dst []byte, x *exchange.Exchange) []byte {
	switch {
	case x.Tunnel != nil:
		return append(dst, "Upgrade"...)
	case !x.Committed:
		return append(dst, '-')
	}
	from := len(dst)
	if x.Resp.Status == 426 && x.Resp.Header.Has(message.Upgrade) {
		dst = append(dst, "Upgrade, "...)
	}
	switch {
	case !x.KeptAlive:
		return append(dst, "close"...)
	case wire.HasToken(&x.Req.Header, message.Connection, "keep-alive"):
		return append(dst, "Keep-Alive"...)
	case len(dst) > from:
		return dst[:len(dst)-2]
	}
	return append(dst, '-')
}

func keepAliveOut(dst []byte, x *exchange.Exchange) []byte {
	if !x.Committed || !x.KeptAlive || x.Tunnel != nil || !wire.HasToken(&x.Req.Header, message.Connection, "keep-alive") {
		return append(dst, '-')
	}
	return wire.AppendKeepAlive(dst, x.Site.KeepAliveTimeout, int(x.Site.MaxKeepAlive), x.Client.Requests)
}

func appendFirst(dst []byte, h *message.Header, name string) []byte {
	for i := h.Next(0, name); i >= 0; i = h.Next(i+1, name) {
		if f := h.At(i); f.Flags&message.Hop == 0 {
			return appendEscaped(dst, f.Value)
		}
	}
	return append(dst, '-')
}

func appendJoined(dst []byte, h *message.Header, name string) []byte {
	i := h.Next(0, name)
	if i < 0 {
		return append(dst, '-')
	}
	dst = appendEscaped(dst, h.At(i).Value)
	for i = h.Next(i+1, name); i >= 0; i = h.Next(i+1, name) {
		dst = append(dst, ", "...)
		dst = appendEscaped(dst, h.At(i).Value)
	}
	return dst
}

func envVar(arg string) value {
	return func(dst []byte, x *exchange.Exchange) []byte { return appendVar(dst, &x.Env, arg) }
}

// ownNotes are notes that no module sets: they are taken from what the exchange
// keeps.
var ownNotes = []struct {
	name  string
	value value
}{
	{noteCause, errorCause}, {"proxy-status", backendStatus}, {"proxy-source-port", backendPort},
}

func note(arg string) value {
	for _, n := range ownNotes {
		if ascii.EqualFold(arg, n.name) {
			return n.value
		}
	}
	return func(dst []byte, x *exchange.Exchange) []byte { return appendVar(dst, &x.Notes, arg) }
}

func errorCause(dst []byte, x *exchange.Exchange) []byte {
	if x.Fault == nil {
		return append(dst, '-')
	}
	return appendEach(dst, x.Fault.Error())
}

// backendStatus is the status of the latest response of a backend.
func backendStatus(dst []byte, x *exchange.Exchange) []byte {
	tries := x.Tries.All()
	for i := len(tries) - 1; i >= 0; i-- {
		if s := tries[i].Status; s != 0 {
			return strconv.AppendInt(dst, int64(s), 10)
		}
	}
	return append(dst, '-')
}

// backendPort is the port of our end of the connection to a backend.
func backendPort(dst []byte, x *exchange.Exchange) []byte {
	if t := x.Tries.Last(); t != nil && t.Port != 0 {
		return strconv.AppendUint(dst, uint64(t.Port), 10)
	}
	return append(dst, '-')
}

// appendVar appends a variable. httpd: its tables ignore case; the exact name
// is preferred.
func appendVar(dst []byte, v *exchange.Vars, name string) []byte {
	if text, ok := v.Get(name); ok {
		return appendEscaped(dst, text)
	}
	for _, e := range v.All() {
		if ascii.EqualFold(e.Name, name) {
			return appendEscaped(dst, e.Value)
		}
	}
	return append(dst, '-')
}

// cookie returns the value of a request cookie. Several Cookie fields are
// searched one by one. httpd: names ignore case, and a cookie without a value
// counts as absent.
func cookie(arg string) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		h := &x.Req.Header
		for i := h.Next(0, "Cookie"); i >= 0; i = h.Next(i+1, "Cookie") {
			if v := findCookie(h.At(i).Value, arg); v != nil {
				return appendEscaped(dst, v)
			}
		}
		return append(dst, '-')
	}
}

func findCookie(list []byte, name string) []byte {
	for len(list) > 0 {
		var pair []byte
		pair, list, _ = bytes.Cut(list, []byte{';'})
		n, v, _ := bytes.Cut(bytes.TrimLeft(pair, "="), []byte{'='})
		n, v = bytes.Trim(n, " \t"), bytes.Trim(v, " \t")
		if len(n) > 0 && len(v) > 0 && ascii.EqualFoldBytes(n, name) {
			return v
		}
	}
	return nil
}
