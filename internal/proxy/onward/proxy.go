package onward

import (
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/wire"
)

// Config has the settings of a forward proxy.
type Config struct {
	Ports    Ports          // AllowCONNECT
	Block    []string       // ProxyBlock
	Domain   string         // ProxyDomain, "" none
	Allow    []netip.Prefix // HeadgateForwardAllow
	Backends *forward.Backends
	Defaults forward.Defaults
	// Defined returns the handler of a worker of the configuration whose name url
	// begins with; nil: none.
	Defined func(url string) *forward.Handler
}

// Proxy is the forward proxy of one server. It implements exchange.ForwardProxy.
type Proxy struct {
	conf  Config
	block blocks
	guard guard

	mu       lock.Mutex // guards handlers; no wait happens while it is held
	handlers map[string]*forward.Handler
}

var _ exchange.ForwardProxy = (*Proxy)(nil)

// New makes a forward proxy.
func New(c Config) *Proxy {
	return &Proxy{conf: c, block: newBlocks(c.Block), guard: guard{c.Allow}, handlers: map[string]*forward.Handler{}}
}

// Claims implements exchange.ForwardProxy. A URL that names this site is not for
// another server. httpd: proxy_detect.
func (p *Proxy) Claims(x *exchange.Exchange) bool {
	q := &x.Req
	switch q.Form {
	case message.AuthorityForm:
		return true
	case message.AbsoluteForm:
	default:
		return false
	}
	scheme := x.Scheme()
	if !ascii.EqualFoldBytes(q.Scheme, scheme) {
		return true
	}
	host, text, _ := wire.SplitAuthority(q.Auth)
	port := uri.DefaultPort(scheme)
	if text != nil {
		n, err := strconv.ParseUint(string(text), 10, 16)
		if err != nil {
			return true
		}
		port = uint16(n)
	}
	own := x.Site.Port
	if own == 0 {
		own = x.Client.Local.Port()
	}
	return port != own || !x.Site.Named(string(host))
}

// Translate implements exchange.Translator.
func (p *Proxy) Translate(x *exchange.Exchange) (exchange.Handler, error) {
	x.HandlerName = "proxy-server"
	if x.Req.Form == message.AuthorityForm {
		x.Filename = x.Arena.String("proxy:" + tunnelTo(x))
		x.Out.URL, x.Out.Target = x.Arena.Join([]byte("proxy:"), x.Req.Target), x.Req.Target
		return (*connect)(p), nil
	}
	u, err := p.target(x)
	if err != nil {
		return nil, err
	}
	return &request{proxy: p, url: u}, nil
}

// target reads the URL of x, and sets what sections and backends see of it. The path
// stays as it was sent.
func (p *Proxy) target(x *exchange.Exchange) (u uri.URL, err error) {
	q := &x.Req
	host, text, _ := wire.SplitAuthority(q.Auth)
	u = uri.URL{Scheme: ascii.ToLower(string(q.Scheme)), Host: ascii.ToLower(string(bytes.Trim(host, "[]")))}
	if text != nil {
		n, err := strconv.ParseUint(string(text), 10, 16)
		if err != nil || n == 0 {
			return u, invalid("the port of the target is not one")
		}
		u.Port = uint16(n)
	}
	if len(host) == 0 {
		return u, invalid("the target has no host")
	}
	path := q.Path
	if string(path) == "*" {
		path = slash // as far as sections are concerned
	}
	origin := []byte("proxy:" + u.Scheme + "://" + u.HostPort())
	var query []byte
	if q.HasQ {
		query = x.Arena.Join(question, q.Query)
	}
	x.Out.URL, x.Out.Target = x.Arena.Join(origin, path, query), x.Arena.Join(q.Path, query)
	x.Filename = x.Out.URL
	if name := rooted(u.Host); name != u.Host || !uri.Plain(path) {
		site := uri.URL{Scheme: u.Scheme, Host: name, Port: u.Port}
		x.Filename = x.Arena.Join([]byte("proxy:"+site.Scheme+"://"+site.HostPort()), plain(x, path), query)
	}
	return u, nil
}

// rooted returns a host name without the dot at its end, which names the same host.
func rooted(host string) string { return strings.TrimSuffix(host, ".") }

// tunnelTo returns the target of CONNECT as sections match it: the name in lower case,
// the port without zeros ahead of it.
func tunnelTo(x *exchange.Exchange) string {
	u, err := destination(x)
	if err != nil {
		return string(x.Req.Target)
	}
	u.Host = rooted(u.Host)
	return address(u)
}

var slash, question = []byte("/"), []byte("?")

// plain returns the path that another server will take path for, so that sections
// match what is requested and not how it is written.
func plain(x *exchange.Exchange, path []byte) []byte {
	clean, err := uri.Clean(x.Arena.Alloc(len(path)), path, true)
	if err != nil {
		return path
	}
	decoded, err := uri.Unescape(x.Arena.Alloc(len(clean)), clean, uri.SlashesNoDecode)
	if err != nil {
		return path
	}
	return uri.AppendURI(x.Arena.Alloc(3*len(decoded)), decoded)
}

func invalid(why string) error {
	return &fault.Fault{Side: fault.Client, Module: "proxy", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.MalformedTarget, Status: 400, Close: true, Detail: why}
}

// request sends one request on. It implements exchange.Handler.
type request struct {
	proxy *Proxy
	url   uri.URL
}

// Handle implements exchange.Handler. httpd: proxy_handler.
func (r *request) Handle(x *exchange.Exchange) error {
	p, u := r.proxy, r.url
	if p.conf.Domain != "" && (x.Req.Verb == message.GET || x.Req.Verb == message.HEAD) && dotless(u.Host) {
		return p.qualified(x, u)
	}
	if why := p.block.has(u.Host); why != "" {
		return blocked(u.Host, why)
	}
	h, err := p.handler(u, string(x.Filename[len("proxy:"):]))
	if err != nil {
		return err
	}
	return h.Handle(x)
}

// dotless reports whether a host is a bare name of the own domain. httpd:
// ap_proxy_is_domainname and the word localhost.
func dotless(host string) bool { return !strings.ContainsAny(host, ".:") && host != "localhost" }

// qualified redirects to the host's name in the domain.
func (p *Proxy) qualified(x *exchange.Exchange, u uri.URL) error {
	at := len("proxy:") + len(u.Scheme) + len("://") + len(u.Host)
	out := x.Reply(301)
	out.Location = x.Arena.Join([]byte(u.Scheme), []byte("://"), []byte(u.Host), []byte(p.conf.Domain), x.Out.URL[at:])
	return out
}

// handler returns what sends requests to the server of a URL. url is its form without
// dots in the path, so that a worker for a part of a server is not used for another
// part. A worker that is only for this machine is not for clients of a forward proxy.
func (p *Proxy) handler(u uri.URL, url string) (exchange.Handler, error) {
	if h := p.conf.Defined(url); h != nil && !p.guard.keeps(h.Socket, h.Worker.Host) {
		return h, nil
	}
	return p.generic(u.Scheme+"://"+address(u), u, p.conf.Backends.Generic)
}

// address returns host:port.
func address(u uri.URL) string { return net.JoinHostPort(u.Host, strconv.Itoa(int(u.ActualPort()))) }

// generic returns the worker with a name, for the address in u. It keeps no
// connections.
func (p *Proxy) generic(name string, u uri.URL, build func(uri.URL, forward.Defaults) (*forward.Handler, error)) (*forward.Handler, error) {
	p.mu.Lock()
	h := p.handlers[name]
	p.mu.Unlock()
	if h != nil {
		return h, nil
	}
	h, err := build(u, p.conf.Defaults)
	if err != nil {
		return nil, err
	}
	h.Name, h.Refuses = name, p.guard.refuses
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.handlers) >= maxHandlers {
		clear(p.handlers)
	}
	p.handlers[name] = h
	return h, nil
}

// maxHandlers bounds the handlers that are kept. Who requests more servers than that
// makes them be built again, which costs little.
const maxHandlers = 1024
