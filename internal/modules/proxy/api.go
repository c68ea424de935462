package proxy

import (
	"context"
	"errors"
	"io"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/reactor"
)

// managerName is the handler that shows and changes balancers.
const managerName = "balancer-manager"

// api is the JSON API of a server's balancers: what SetHandler balancer-manager
// responds to a request with ?json. It declines all others.
type api struct {
	m      *manage.Manager
	server string // as m calls it
}

// newAPI returns the API of a server, if something may ask for it.
func newAPI(b *module.Builder, s *module.Server) *api {
	if b.Manager == nil || !b.Handles(managerName) {
		return nil
	}
	return &api{m: b.Manager, server: b.Catalog.Name(s.Site)}
}

// Handle implements exchange.Handler.
func (h *api) Handle(x *exchange.Exchange) error {
	if x.HandlerName != managerName || !manage.WantsJSON(string(x.Args)) {
		return exchange.ErrDeclined
	}
	c := apiCall{h: h, by: manage.Actor{User: string(x.User), Addr: x.RemoteAddr().String(), Via: "api"}}
	c.req = manage.Request{Method: string(x.Req.Method), Query: string(x.Args), Host: string(x.Req.Host)}
	for i := range x.Req.Header.Len() {
		switch f := x.Req.Header.At(i); {
		case f.ID == message.Origin:
			c.req.Origin = string(f.Value)
		case f.ID == message.ContentType:
			c.req.ContentType = string(f.Value)
		case ascii.EqualFold(string(f.Name), "Sec-Fetch-Site"):
			c.req.FetchSite = string(f.Value)
		}
	}
	body, whole, err := readAll(x, manage.MaxBody)
	if err != nil {
		return err
	}
	c.req.Body = string(body)
	a := manage.TooLarge()
	if whole {
		if a, err = reactor.Await(context.Background(), x.Loop, reactor.Files, c, callAPI); err != nil {
			return err
		}
	}
	return sendJSON(x, a)
}

// apiCall is a request of the API. It owns all it has.
type apiCall struct {
	h   *api
	by  manage.Actor
	req manage.Request
}

// callAPI does it. A change may be written to a file.
func callAPI(_ context.Context, c apiCall) (manage.Response, error) {
	return c.h.m.API(c.h.server, c.by, &c.req), nil
}

// readAll reads a body of at most so many bytes; whole is false where it is longer.
func readAll(x *exchange.Exchange, most int) (body []byte, whole bool, err error) {
	buf := make([]byte, 4096)
	for len(body) <= most {
		n, err := x.ReadBody(buf)
		body = append(body, buf[:n]...)
		switch {
		case errors.Is(err, io.EOF):
			return body, len(body) <= most, nil
		case err != nil:
			return nil, false, err
		}
	}
	return nil, false, nil
}

func sendJSON(x *exchange.Exchange, a manage.Response) error {
	r := &x.Resp
	add := func(name, value string) { r.Header.Add(x.Arena.String(name), x.Arena.String(value)) }
	r.Status = a.Status
	add("Content-Type", "application/json")
	add("Cache-Control", "no-store")
	add("X-Content-Type-Options", "nosniff")
	if a.Allow != "" {
		add("Allow", a.Allow)
	}
	r.Body = message.Framing{Kind: message.Length, Length: int64(len(a.Body))}
	if err := x.SendHead(false); err != nil {
		return err
	}
	return x.SendBody(a.Body, true)
}
