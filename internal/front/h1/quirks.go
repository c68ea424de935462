package h1

import (
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// quirks applies the variables for clients that do not behave as their version
// says, and returns the version for the status line. httpd:
// basic_http_header_check and ap_set_keepalive.
func (st *state) quirks(r *message.Response) (version message.Version) {
	o, x := &st.out, &st.x
	version = message.HTTP11
	o.old = x.Env.Has("downgrade-1.0")
	force := x.Env.Has("force-response-1.0")
	if x.Env.Has("force-no-vary") {
		r.Header.Del("Vary")
		o.old, force = true, true
	}
	o.last = x.Env.Has("nokeepalive") || o.old && !wire.HasToken(&x.Req.Header, message.Connection, "keep-alive")
	if force && (o.old || x.Req.Version < message.HTTP11) {
		version, o.last = message.HTTP10, true
	}
	return version
}
