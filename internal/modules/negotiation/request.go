package negotiation

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/negotiate"
)

// request collects what decides about x.
func (r *rules) request(x *exchange.Exchange) *negotiate.Request {
	h := &x.Req.Header
	rest := x.File().Rest
	q := &negotiate.Request{
		Types: accepted(h, "Accept"), Encodings: accepted(h, "Accept-Encoding"),
		Charsets: accepted(h, "Accept-Charset"), Languages: accepted(h, "Accept-Language"),
		Priority: r.priority, Force: r.force, PathInfo: len(rest) > 0,
		GET: x.Req.Verb == message.GET || x.Req.Verb == message.HEAD,
	}
	q.Negotiate, q.HasNegotiate = all(h, "Negotiate")
	q.Agent, _ = all(h, "User-Agent")
	if v, ok := x.Env.Get("prefer-language"); ok {
		q.Preferred = string(v)
	}
	if v, ok := x.Env.Get("gzip-only-text/html"); ok && string(v) == "1" {
		q.EncodedPages = true
	}
	q.Unencoded = x.Env.Has("no-gzip")
	return q
}

// accepted returns the elements of the fields with a name; nil: there is none.
func accepted(h *message.Header, name string) []negotiate.Range {
	if text, ok := all(h, name); ok {
		return negotiate.ParseAccept(text)
	}
	return nil
}

// all returns the values of the fields with a name as one list.
func all(h *message.Header, name string) (string, bool) {
	i := h.Next(0, name)
	if i < 0 {
		return "", false
	}
	text := string(h.At(i).Value)
	for i = h.Next(i+1, name); i >= 0; i = h.Next(i+1, name) {
		text += ", " + string(h.At(i).Value)
	}
	return text, true
}

// set sets a field of whatever response there will be.
func set(x *exchange.Exchange, name, value string) {
	x.Always.Del(name)
	add(x, name, value)
}

func add(x *exchange.Exchange, name, value string) {
	n := []byte(name)
	x.Always.Append(message.IDOf(n), n, x.Arena.String(value))
}

// vary adds names to Vary.
func vary(x *exchange.Exchange, names string) {
	if old, ok := x.Always.Lookup("Vary"); ok {
		names = string(old) + ", " + names
	}
	set(x, "Vary", names)
}

// describe sets the fields that tell of the choice. httpd: set_neg_headers.
func describe(x *exchange.Exchange, q *negotiate.Request, list []negotiate.Variant, r *negotiate.Result) {
	if r.Alternates && len(list) > 0 {
		add(x, "Alternates", q.ListAll(list))
	}
	if v := negotiate.Vary(list, r.Transparent); v != "" {
		vary(x, v)
	}
	if r.Transparent {
		tcn := "choice"
		if r.List {
			tcn = "list"
		}
		set(x, "TCN", tcn)
	}
}

// base returns the last part of a name.
func base(name []byte) []byte { return name[bytes.LastIndexByte(name, '/')+1:] }
