package route

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/worker"
)

// header is a protocol that can print the head it would send.
type header interface {
	// Head appends the head of x as it would be sent to w.
	Head(b []byte, x *exchange.Exchange, w *worker.Worker) ([]byte, error)
}

// Protocols returns protocols that take the places of given ones: they tell what
// would be sent, and respond by themselves.
func Protocols(of map[string]worker.Protocol) map[string]worker.Protocol {
	out := make(map[string]worker.Protocol, len(of))
	for scheme, p := range of {
		out[scheme] = &protocol{real: p}
	}
	return out
}

// protocol implements worker.Protocol.
type protocol struct{ real worker.Protocol }

// RoundTrip implements worker.Protocol.
func (p *protocol) RoundTrip(x *exchange.Exchange, w *worker.Worker) error {
	answer, _ := x.Recorder.(*player)
	if answer == nil {
		return errNoBackend
	}
	e := record.Backend{Worker: w.Name, URL: strings.TrimPrefix(string(x.Out.URL), "proxy:"), Reuses: w.Reuse && !x.Out.NoReuse}
	if name, ok := x.Env.Get("BALANCER_NAME"); ok {
		e.Balancer = string(name)
		e.URL = origin(w.Name) + string(x.Out.Target)
	}
	if h, ok := p.real.(header); ok {
		head, err := h.Head(nil, x, w)
		if err != nil {
			return err
		}
		for l := range bytes.SplitSeq(bytes.TrimRight(head, "\r\n"), []byte("\r\n")) {
			e.Head = append(e.Head, string(l))
		}
	}
	x.Recorder.Record(e)
	if err := probeReverse(x, e.URL); err != nil {
		return err
	}
	answer.response(x)
	discard, err := x.Relay.BackendHead(x)
	if discard || err != nil {
		return err
	}
	return x.SendHead(true)
}

// origin is the part of a worker's URL before its path.
func origin(url string) string {
	at := strings.Index(url, "://") + len("://")
	if slash := strings.IndexByte(url[at:], '/'); slash >= 0 {
		return url[:at+slash]
	}
	return url
}

// probeReverse asks what would become of a redirect of the backend to itself. It
// is the relay that says so, from a response that is thrown away.
func probeReverse(x *exchange.Exchange, url string) error {
	rec := x.Recorder
	x.Recorder = nil
	defer func() { x.Recorder = rec }()
	x.Resp.Reset()
	x.Resp.Status = 302
	url, _, _ = strings.Cut(url, "?")
	x.Resp.Header.AddID(message.Location, []byte(url))
	discard, err := x.Relay.BackendHead(x)
	if err != nil || discard {
		return err
	}
	now, _ := x.Resp.Header.Get(message.Location)
	if host, _ := x.Req.Header.Get(message.Host); string(now) == url && bytes.Equal(host, x.Out.Host) {
		return nil // ProxyPreserveHost: it will name the host that the client knows
	}
	rec.Record(record.Reverse{Location: url, Becomes: string(now)})
	return nil
}

// response makes what the backend responds.
func (p *player) response(x *exchange.Exchange) {
	r := &x.Resp
	r.Reset()
	r.Version, r.Status = message.HTTP11, p.status
	for _, f := range p.fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add([]byte(name), []byte(value))
	}
	if !r.Header.Has(message.ContentLength) && !message.NoContent(r.Status) {
		r.Header.AddID(message.ContentLength, []byte("0"))
	}
	r.Body = message.Framing{}
	if !message.NoContent(r.Status) {
		r.Body = message.Framing{Kind: message.Length}
	}
}
