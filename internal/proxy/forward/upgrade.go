package forward

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// upgrade is the plain form of upgrade= (v) for a backend of a scheme.
func upgrade(scheme, v string) string {
	switch {
	case v == "" && (scheme == "ws" || scheme == "wss"):
		return "WebSocket"
	case ascii.EqualFold(v, "none"):
		return ""
	}
	return v
}

// upgrades returns the Upgrade field for a worker that lets clients change to a
// protocol; nil: an ordinary request is sent (httpd:
// ap_proxy_worker_can_upgrade). h2c concerns one connection and is never
// forwarded (RFC 9113 section 3.1).
func upgrades(x *exchange.Exchange, allowed string) []byte {
	asked := wire.UpgradeOf(&x.Req.Header)
	if asked == nil || x.Req.Version != message.HTTP11 || x.Out.Force10 {
		return nil
	}
	var out []byte
	for rest := asked; len(rest) > 0; {
		var one []byte
		one, rest, _ = bytes.Cut(rest, []byte(","))
		one = bytes.TrimSpace(one)
		if len(one) == 0 || ascii.EqualFoldBytes(one, "h2c") || allowed != "*" && !ascii.EqualFoldBytes(one, allowed) {
			continue
		}
		if out != nil {
			out = append(out, ", "...)
		}
		out = append(out, one...)
	}
	return out
}

// insists applies x.Out.Insist, which is for workers by ws:// and wss:// only. False:
// the request must change protocols and does not. httpd sends the name as upgrade=
// has it.
func (h *Handler) insists(x *exchange.Exchange) bool {
	o := &x.Out
	switch o.Insist = IsSocket(h.Scheme); {
	case !o.Insist:
	case o.Upgrade == nil:
		return false
	case h.Upgrade != "*":
		o.Upgrade = []byte(h.Upgrade)
	}
	return true
}

// IsSocket reports whether a scheme is ws or wss.
func IsSocket(scheme string) bool { return scheme == "ws" || scheme == "wss" }

// upgradeFirst is the response to a request that does not change to the protocol
// that its worker is for (RFC 9110 section 15.5.22). httpd sends the value of
// upgrade=, whatever it is.
func upgradeFirst(x *exchange.Exchange, allowed string) error {
	if allowed == "" {
		allowed = "NONE"
	}
	r := x.Reply(426)
	r.Cause = fault.UpgradeRequired
	r.Fields = append(r.Fields, message.Field{ID: message.Upgrade, Name: []byte("Upgrade"), Value: []byte(allowed), Flags: message.Hop})
	return r
}
