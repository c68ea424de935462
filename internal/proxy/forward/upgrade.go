package forward

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
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
