package fcgi

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
)

// module reports faults and messages.
const module = "proxy_fcgi"

// prepare sets the variables of a request (httpd: send_environment).
func prepare(x *exchange.Exchange) {
	x.Out.Program = true
	conf := cgi.Conf(x)
	url, path := cgi.Target(x)
	r := cgi.Request{Filename: url}
	if conf.Generic {
		r.Filename = path
	}
	if f := x.File(); f != nil {
		r.PathInfo = f.Rest
		r.Filename = cgi.Unescaped(x, r.Filename, uri.SlashesOn) // it is the name of a file
	} else if x.Out.PathInfo != nil {
		pathInfo(x, path, &r)
	}
	x.Filename = url
	cgi.Common(x, &r)
	cgi.Script(x, &r)
	if x.Req.Body.Kind == message.Length {
		cgi.SetLength(x)
	}
	for _, s := range conf.FCGI {
		_ = s.Do(x) // it logs what it cannot evaluate
	}
}

// pathInfo sets the part of the backend's path that proxy-fcgi-pathinfo makes
// PATH_INFO.
func pathInfo(x *exchange.Exchange, path []byte, r *cgi.Request) {
	dot := -1
	switch how := string(x.Out.PathInfo); {
	case ascii.EqualFold(how, "full"):
		if f := exchange.FileAt(x.Loop, cgi.Unescaped(x, path, uri.SlashesNoDecode)); f.Mode != exchange.NoFile {
			r.Filename, r.PathInfo = f.Name, f.Rest
		}
		return
	case ascii.EqualFold(how, "first-dot"):
		dot = bytes.IndexByte(path, '.')
	case ascii.EqualFold(how, "last-dot"):
		dot = bytes.LastIndexByte(path, '.')
	case ascii.EqualFold(how, "unescape"):
		r.PathInfo = cgi.Unescaped(x, path, uri.SlashesNoDecode)
		return
	default:
		r.PathInfo = path
		return
	}
	if dot < 0 {
		return
	}
	if slash := bytes.IndexByte(path[dot:], '/'); slash >= 0 {
		r.PathInfo = cgi.Unescaped(x, path[dot+slash:], uri.SlashesNoDecode)
	}
}

// Begin implements attempt.Codec. A program does not confirm that it wants the
// body.
func (c *codec) Begin(x *exchange.Exchange) (length bool) {
	x.Out.Expect = false
	return x.Out.SendCL
}

// AppendHead implements attempt.Codec.
func (c *codec) AppendHead(b []byte, h *attempt.Head) []byte {
	c.reset(h)
	h.Body = attempt.Body{Lead: headSize, Most: maxContent}
	var flags byte
	if h.Reuse {
		flags = keepConn
	}
	b = append(appendHeader(b, beginRequest, 8), 0, responder, flags, 0, 0, 0, 0, 0)
	cgi.SetLength(h.X)
	b = c.appendParams(b)
	return appendHeader(b, params, 0)
}

// appendParams appends the environment of the exchange. No variable is divided
// between records: many programs read each record on its own.
func (c *codec) appendParams(b []byte) []byte {
	vars := c.x.Env.All()
	for i := 0; i < len(vars); {
		at, size := len(b), 0
		b = appendHeader(b, params, 0)
		for ; i < len(vars); i++ {
			v := &vars[i]
			n := pairSize(v.Name, v.Value)
			if n > maxContent {
				c.x.Logf(logsink.Warn, module, "AH02536", "the variable %.64s is left out: its %d bytes do not fit a record", v.Name, len(v.Value))
				continue
			}
			if size+n > maxContent {
				break
			}
			size += n
			b = appendSize(appendSize(b, len(v.Name)), len(v.Value))
			b = append(append(b, v.Name...), v.Value...)
		}
		if size == 0 {
			return b[:at]
		}
		appendHeader(b[:at], params, size)
	}
	return b
}

// text appends a request as lines.
func text(b []byte, x *exchange.Exchange) []byte {
	b = append(b, "FastCGI responder\r\n"...)
	cgi.SetLength(x)
	for _, v := range x.Env.All() {
		b = append(append(append(b, v.Name...), ": "...), v.Value...)
		b = append(b, "\r\n"...)
	}
	return b
}

// AppendLead implements attempt.Codec.
func (c *codec) AppendLead(b []byte, n int) []byte { return appendHeader(b, stdin, n) }

// AppendTail implements attempt.Codec.
func (c *codec) AppendTail(b []byte, _ int) []byte { return b }

// AppendEnd implements attempt.Codec.
func (c *codec) AppendEnd(b []byte) []byte { return appendHeader(b, stdin, 0) }
