package proxybalancer

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/uri"
)

// handler is the page of one server.
type handler struct {
	m       balancers
	server  string // as the Manager calls it
	trends  *trends
	clock   *clock.Clock
	version string
	methods []string // of load balancing
}

// Handle implements exchange.Handler. As in httpd it declines all but GET, HEAD
// and POST, but for those of the JSON API. What it shows is made off the loop: a server may have many members.
func (h *handler) Handle(x *exchange.Exchange) error {
	if x.HandlerName != name {
		return exchange.ErrDeclined
	}
	if manage.WantsJSON(string(x.Args)) {
		return h.json(x)
	}
	r := request{
		handler: h, path: pathOf(x.Path), name: string(x.ServerName()), now: h.clock.Now(),
		by: manage.Actor{User: string(x.User), Addr: x.RemoteAddr().String(), Via: name},
	}
	switch x.Req.Verb {
	case message.GET, message.HEAD:
		r.form = parseForm(string(x.Args)).query()
	case message.POST:
		if originOf(x).Of(string(x.Req.Host), r.name) != manage.OwnPage {
			x.Logf(logsink.Error, logged, "AH10187", "a change from another site is refused: neither Origin nor Referer names this server")
			return h.send(x, answer{status: 403, kind: textPlain, text: refusedText})
		}
		body, err := readAll(x, maxForm)
		switch {
		case errors.Is(err, errLong):
			return x.Reply(413)
		case err != nil:
			return err
		}
		r.post, r.form = true, parseForm(body)
	default:
		return exchange.ErrDeclined
	}
	a, err := reactor.Await(context.Background(), x.Loop, reactor.Computing, r, respond)
	if err != nil {
		return err
	}
	return h.send(x, a)
}

// pathOf returns the path of the page as its forms and redirects name it. It never
// names another host.
func pathOf(path []byte) string {
	return "/" + strings.TrimLeft(string(uri.AppendURI(nil, path)), "/")
}

// refusedText is the response to a change from elsewhere.
const refusedText = "Changes are made from this page only: the request has neither an Origin nor a Referer field of this server.\n"

// request is what somebody asks of the page. It owns all it has.
type request struct {
	*handler
	path, name string // of the page, encoded, and of the server
	now        time.Time
	by         manage.Actor
	post       bool
	form       form
}

// answer is what the page responds with.
type answer struct {
	status   int
	location string // of a redirect
	kind     string // Content-Type
	text     string
}

const (
	textHTML  = "text/html; charset=utf-8"
	textXML   = "text/xml"
	textPlain = "text/plain; charset=utf-8"
)

// respond changes what is to be changed, and shows the balancers as they are then.
func respond(_ context.Context, r request) (answer, error) {
	list := r.m.List(r.server)
	done, err := r.change(list)
	if r.post {
		if err == nil && r.form["back"] == "1" {
			return answer{status: 303, location: r.path + doneQuery(done)}, nil
		}
		list = r.m.List(r.server)
	}
	switch {
	case r.form.has("xml") && err == nil:
		return answer{status: 200, kind: textXML, text: xml(list)}, nil
	case r.form.has("xml"):
		return answer{status: statusOf(err), kind: textPlain, text: "Not changed: " + err.Error() + "\n"}, nil
	}
	text, werr := r.html(list, done, err)
	return answer{status: statusOf(err), kind: textHTML, text: text}, werr
}

// change makes the change of a form. Without a balancer there is none to make, as
// in httpd.
func (r *request) change(list []manage.Balancer) (manage.Entry, error) {
	if !r.post || !r.form.has("b") {
		return manage.Entry{}, nil
	}
	for i := range list {
		if list[i].Name == r.form["b"] {
			return changer{m: r.m, by: r.by, server: r.server}.apply(&list[i], r.form)
		}
	}
	return manage.Entry{}, &manage.Error{Kind: manage.NotFound, Reason: "this server has no balancer " + r.form["b"]}
}

// statusOf is the status of a page with an error.
func statusOf(err error) int {
	var e *manage.Error
	switch {
	case err == nil:
		return 200
	case errors.Is(err, errNonce), errors.Is(err, errFrozen):
		return 403
	case errors.As(err, &e) && e.Kind == manage.NotFound:
		return 404
	case errors.As(err, &e) && e.Kind == manage.Conflict:
		return 409
	}
	return 422
}

// send sends a response that nobody may keep: it shows one moment, to one client.
func (h *handler) send(x *exchange.Exchange, a answer) error {
	r := &x.Resp
	add := func(name, value string) { r.Header.Add(x.Arena.String(name), x.Arena.String(value)) }
	r.Status = a.status
	if a.location != "" {
		add("Location", a.location)
	}
	if a.kind != "" {
		add("Content-Type", a.kind)
	}
	if a.kind == textHTML {
		add("Content-Security-Policy", policy)
		add("Referrer-Policy", "same-origin")
	}
	if a.kind != textXML { // httpd: nothing
		add("Cache-Control", "no-store")
		add("X-Content-Type-Options", "nosniff")
	}
	r.Body = message.Framing{Kind: message.Length, Length: int64(len(a.text))}
	if err := x.SendHead(false); err != nil {
		return err
	}
	return x.SendBody([]byte(a.text), true)
}
