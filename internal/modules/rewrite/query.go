package rewrite

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
)

// splitQuery removes the query from the result of a rule and sets it as the
// request's. httpd: splitout_queryargs.
func (u *run) splitQuery(r *rule) {
	x := u.x
	if n, query := absolute(x.Filename); n > 0 && !query {
		setArgs(x, nil)
		return
	}
	if r.flags&flagNoQuery != 0 {
		if u.traces(2) {
			u.tracef(2, "", "discarding query string, no parse from substitution")
		}
		setArgs(x, nil)
		return
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
		return
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
}

// setArgs sets the request's query; nil means none.
func setArgs(x *exchange.Exchange, q []byte) { x.Args, x.HasArgs = q, q != nil }
