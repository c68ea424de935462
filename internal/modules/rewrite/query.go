package rewrite

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// splitQuery takes the query off the result of a rule. false: the request is
// refused. httpd: splitout_queryargs.
func (u *run) splitQuery(r *rule) bool {
	x := u.x
	if n, query := absolute(x.Filename); n > 0 && !query {
		setArgs(x, nil)
		return true
	}
	if r.flags&flagNoQuery != 0 {
		if u.traces(2) {
			u.tracef(2, "", "discarding query string, no parse from substitution")
		}
		setArgs(x, nil)
		return true
	}
	if r.flags&flagDiscard != 0 {
		setArgs(x, nil)
		if u.traces(2) {
			u.tracef(2, "", "discarding query string")
		}
	}
	at := bytes.IndexByte(x.Filename, '?')
	if r.flags&flagQueryLast != 0 {
		at = bytes.LastIndexByte(x.Filename, '?')
	}
	if at < 0 {
		return true
	}
	if r.flags&flagAllow3F == 0 && has3F(x) {
		x.Logf(logsink.Error, "rewrite", "AH10508", "Unsafe URL with %%3f URL rewritten without UnsafeAllow3F")
		u.status = 403
		return false
	}
	whole := x.Filename
	query := whole[at+1:]
	x.Filename = whole[:at:at]
	switch {
	case r.flags&flagAppend == 0:
		setArgs(x, query)
	case len(query) > 0 && x.HasArgs:
		setArgs(x, x.Arena.Join(query, []byte("&"), x.Args))
	case len(query) > 0:
		setArgs(x, x.Arena.Join(query, []byte("&")))
	}
	switch n := len(x.Args); {
	case n == 0:
		setArgs(x, nil)
	case x.Args[n-1] == '&':
		x.Args = x.Args[:n-1]
	}
	if u.traces(3) {
		args := "<none>"
		if x.HasArgs {
			args = string(x.Args)
		}
		u.tracef(3, "", "split uri=%s -> uri=%s, args=%s", whole, x.Filename, args)
	}
	return true
}

// setArgs sets the query; nil: there is none.
func setArgs(x *exchange.Exchange, q []byte) { x.Args, x.HasArgs = q, q != nil }

// has3F reports whether the request was sent with an encoded question mark,
// which a group of a pattern may hold as a real one.
func has3F(x *exchange.Exchange) bool {
	p := x.Req.Target
	if x.Redirected != nil {
		p = x.Req.Path
	}
	for i := 0; i+2 < len(p); i++ {
		if p[i] == '%' && p[i+1] == '3' && p[i+2]|0x20 == 'f' {
			return true
		}
	}
	return false
}
