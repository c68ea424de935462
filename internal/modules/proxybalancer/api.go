package proxybalancer

import (
	"context"
	"errors"
	"io"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/reactor"
)

// json responds to a request with ?json: the JSON API.
func (h *handler) json(x *exchange.Exchange) error {
	kind, _ := x.Req.Header.Get(message.ContentType)
	c := apiCall{h: h, by: manage.Actor{User: string(x.User), Addr: x.RemoteAddr().String(), Via: "api"}}
	c.req = manage.Request{
		Method: string(x.Req.Method), Query: string(x.Args), Host: string(x.Req.Host), Name: string(x.ServerName()),
		ContentType: string(kind), From: originOf(x),
	}
	body, err := readAll(x, manage.MaxBody)
	a := manage.TooLarge()
	if !errors.Is(err, errLong) {
		if err != nil {
			return err
		}
		c.req.Body = body
		if a, err = reactor.Await(context.Background(), x.Loop, reactor.Files, c, callAPI); err != nil {
			return err
		}
	}
	return sendJSON(x, a)
}

// apiCall is a request of the API. It owns all it has.
type apiCall struct {
	h   *handler
	by  manage.Actor
	req manage.Request
}

// callAPI does it. A change may be written to a file.
func callAPI(_ context.Context, c apiCall) (manage.Response, error) {
	return c.h.m.API(c.h.server, c.by, &c.req), nil
}

// errLong says that a body is longer than it may be.
var errLong = errors.New("the body is too long")

// readAll reads a body of at most so many bytes, else errLong.
func readAll(x *exchange.Exchange, most int) (string, error) {
	var body []byte
	buf := make([]byte, 4096)
	for {
		n, err := x.ReadBody(buf)
		body = append(body, buf[:n]...)
		switch {
		case len(body) > most:
			return "", errLong
		case errors.Is(err, io.EOF):
			return string(body), nil
		case err != nil:
			return "", err
		}
	}
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
