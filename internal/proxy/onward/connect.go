package onward

import (
	"bytes"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/wire"
	"github.com/headgate/headgate/internal/worker"
)

// connect opens tunnels. It implements exchange.Handler.
type connect Proxy

// moduleConnect reports faults.
const moduleConnect = "proxy_connect"

// Handle implements exchange.Handler. httpd: proxy_connect_handler.
func (c *connect) Handle(x *exchange.Exchange) error {
	if x.Req.Verb != message.CONNECT {
		return exchange.ErrDeclined
	}
	if x.Req.Body.Kind != message.NoBody && (x.Req.Body.Kind != message.Length || x.Req.Body.Length > 0) {
		return refusal(400, "", "CONNECT with a body: what follows the head is the tunnel's")
	}
	p := (*Proxy)(c)
	u, err := destination(x)
	if err != nil {
		return err
	}
	if !p.conf.Ports.has(u.Port) {
		return portRefused("AllowCONNECT does not name the port " + strconv.Itoa(int(u.Port)))
	}
	if why := p.block.has(u.Host); why != "" {
		return blocked(u.Host, why)
	}
	if local, err := x.Chain.Forward.Prepare(x, x.Req.Auth); local || err != nil {
		return err
	}
	h, err := p.generic(address(u), u, p.conf.Backends.Tunnel)
	if err != nil {
		return err
	}
	return open(x, h.Opener(x.Req.Auth))
}

// destination reads host and port.
func destination(x *exchange.Exchange) (uri.URL, error) {
	host, text, ok := wire.SplitAuthority(x.Req.Auth)
	port, err := strconv.ParseUint(string(text), 10, 16)
	if !ok || err != nil || port == 0 || len(host) == 0 {
		return uri.URL{}, refusal(400, "", "the target of CONNECT is not host:port")
	}
	// Any scheme will do: nothing but the address is used of the worker.
	return uri.URL{Scheme: "http", Host: ascii.ToLower(string(bytes.Trim(host, "[]"))), Port: uint16(port)}, nil
}

func refusal(status int, id, why string) error {
	return &fault.Fault{
		Side: fault.Client, Module: moduleConnect, Phase: fault.Map, Kind: fault.Denied, Cause: fault.MalformedTarget, Status: status, ID: id, Detail: why, Close: true,
	}
}

func portRefused(why string) error {
	return &fault.Fault{
		Side: fault.Client, Module: moduleConnect, Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByConnectPort, Status: 403, Detail: why, Close: true, Reason: "Proxy Error",
	}
}

// open connects and hands both connections to a tunnel.
func open(x *exchange.Exchange, w *worker.Worker) error {
	conn, err := w.Acquire(x, true)
	if err != nil {
		f := fault.Of(err)
		if f.Side == fault.Backend {
			f.Module, f.ID = moduleConnect, "AH01024"
		}
		return f
	}
	if t := x.Tries.Last(); t != nil {
		t.End(x.Loop.Now())
	}
	way := conn.Way(w)
	backend, release := conn.Hand()
	x.Tunnel = &exchange.Upgrade{Backend: backend, Idle: idle(x), Way: way, Ending: exchange.Ending{Release: release}}
	r := &x.Resp
	r.Reset()
	r.Version, r.Status, r.Reason = message.HTTP11, 200, []byte("Connection Established")
	r.Header.Append(message.Other, []byte("Proxy-Agent"), x.Site.ServerHeader)
	if err := x.SendHead(true); err != nil {
		x.Tunnel = nil
		_ = backend.Abort()
		release()
		return &fault.Fault{Side: fault.Client, Module: moduleConnect, Phase: fault.SendResponse, Kind: fault.Aborted, Close: true, Err: err}
	}
	return nil
}

// idle is how long nothing may move.
func idle(x *exchange.Exchange) time.Duration { return max(x.Site.Timeout, x.Out.Timeout) }
