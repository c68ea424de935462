package pipeline

import (
	"bytes"
	"errors"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/wire"
)

// row is a stage with its function.
type row struct {
	name string
	do   func(*Pipeline, *exchange.Exchange) error
}

// stages are the stages of a request in order. One that responds returns
// errAnswered; any other error is a fault that needs a response.
var stages = [...]row{
	stageBind:      {"bind", (*Pipeline).bind},           // the virtual host
	stagePostRead:  {"post-read", (*Pipeline).postRead},  // early edits of header and environment
	stagePath:      {"path", (*Pipeline).normalize},      // the path sections and mappings see
	stageSections:  {"sections", (*Pipeline).sections},   // <Location> by path
	stageTranslate: {"translate", (*Pipeline).translate}, // mapping: the handler that will respond
	stageStorage:   {"storage", (*Pipeline).storage},     // <Proxy>, <Directory>, <Files> by target
	stageLimits:    {"limits", (*Pipeline).limits},       // limits of the merged configuration
	stageAccess:    {"access", (*Pipeline).access},       // access control
	stageFixups:    {"fixups", (*Pipeline).fixups},       // last changes
	stageHandle:    {"handle", (*Pipeline).handle},       // the response
}

// stage is the index of a stage.
type stage uint8

const (
	stageBind stage = iota
	stagePostRead
	stagePath
	stageSections
	stageTranslate
	stageStorage
	stageLimits
	stageAccess
	stageFixups
	stageHandle
)

// errAnswered ends the stages: the response was written.
var errAnswered = errors.New("answered")

// run takes x from a stage to the end.
func (p *Pipeline) run(x *exchange.Exchange, from stage) error {
	if err := p.runTo(x, from, stage(len(stages))); err != nil {
		return err
	}
	return errAnswered
}

// runTo takes x from a stage up to another, which is left out.
func (p *Pipeline) runTo(x *exchange.Exchange, from, to stage) error {
	for i := from; i < to; i++ {
		if x.Recorder != nil {
			x.Recorder.Record(record.Step{Name: stages[i].name})
		}
		if err := stages[i].do(p, x); err != nil {
			return err
		}
	}
	return nil
}

// bind chooses the virtual host by the connection's address and the Host.
func (p *Pipeline) bind(x *exchange.Exchange) error {
	asSent(x)
	p.pickSite(x)
	if x.Recorder != nil {
		recordHost(x)
	}
	if f := x.Site.Forward; f != nil && f.Claims(x) {
		x.Onward, x.Path = true, x.Req.Target
		return nil
	}
	if q := &x.Req; q.Form == message.AbsoluteForm && !ascii.EqualFoldBytes(q.Scheme, "http") && !ascii.EqualFoldBytes(q.Scheme, "https") {
		x.Path = q.Target
		x.Chain = x.Site.Sections.ForPath(x)
		return denied(400, fault.MalformedTarget, "the target has another scheme")
	}
	return nil
}

// asSent sets path and query as the client sent them: post-read steps see them
// so, and so does everything if the request is refused before they are decoded.
func asSent(x *exchange.Exchange) {
	q := &x.Req
	for len(q.Path) > 1 && q.Path[0] == '/' && q.Path[1] == '/' {
		q.Path = q.Path[1:] // httpd: ap_parse_uri, whatever MergeSlashes says
	}
	x.Path, x.Args, x.HasArgs = q.Path, q.Query, q.HasQ
	switch q.Form {
	case message.AuthorityForm:
		x.Path = q.Target
	case message.AbsoluteForm:
		x.LowerTargetHost()
	}
}

// maxHost limits a host name: longer ones match nothing.
const maxHost = 256

// pickSite is bind without an error: refusals are logged with their virtual
// host if the name is known.
func (p *Pipeline) pickSite(x *exchange.Exchange) {
	b := x.Client.Base.(*bound)
	if b.set.Single() {
		return // it is the site already
	}
	if b.site != nil && string(b.host[:b.size]) == string(x.Req.Host) {
		x.Site = b.site
		return
	}
	host, _, ok := wire.SplitAuthority(x.Req.Host)
	if !ok || len(host) > maxHost {
		return
	}
	var buf [maxHost]byte
	lower := buf[:copy(buf[:], host)]
	for i, c := range lower {
		lower[i] = ascii.Lower(c)
	}
	lower = bytes.TrimSuffix(lower, []byte(".")) // httpd: fix_hostname
	x.Site = b.snap.VHosts.Pick(b.set, lower)
	b.keep(x.Req.Host, x.Site)
}

// normalize resolves and decodes the path for all later stages. Mappings that
// match it undecoded are tried in between.
func (p *Pipeline) normalize(x *exchange.Exchange) error {
	if x.Onward || x.Req.Form == message.AuthorityForm || wholeServer(x) ||
		!x.Site.PreTranslate && uri.Plain(x.Req.Path) {
		return nil // it is the path as sent; nothing writes to it
	}
	return decode(x)
}

// decode is normalize for paths that decoding may change.
func decode(x *exchange.Exchange) error {
	o := uri.Options{Slashes: uri.Slashes(x.Site.EncodedSlashes), Merge: x.Site.MergeSlashes}
	path, err := uri.Clean(x.Arena.Alloc(len(x.Req.Path)), x.Req.Path, o.Merge)
	if err == nil && x.Site.PreTranslate {
		x.Path = path
		x.Chain = x.Site.Sections.ForPath(x)
		if err := ask(x, x.Chain.PreTranslate); err != nil || x.Mapped != nil {
			return err
		}
	}
	if err != nil {
		return badPath(x, err)
	}
	// Not in place: what the path was cleaned into may still be looked at.
	decoded, err := uri.Decode(x.Arena.Alloc(len(path)), path, o)
	if err != nil {
		err = badPath(x, err)
		x.Path = uri.Shown(x.Arena.Alloc(len(path)), path)
		return err
	}
	x.Path = decoded
	return nil
}

// wholeServer reports whether the request is for the server and not for a path:
// OPTIONS *, or http://host without a path (RFC 9112 section 3.2.4).
func wholeServer(x *exchange.Exchange) bool { return string(x.Req.Path) == "*" }

// badPath is the fault of a path that cannot be decoded.
func badPath(x *exchange.Exchange, err error) error {
	x.Path = x.Req.Path
	x.Chain = x.Site.Sections.ForPath(x)
	f := &fault.Fault{
		Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.MalformedPath, Status: 400, ID: "AH00026",
		Detail: "invalid URI path", Err: err,
	}
	if e := (*uri.Error)(nil); errors.As(err, &e) {
		f.Status = e.Status
	}
	return f
}

// sections finds the merged configuration by path.
func (p *Pipeline) sections(x *exchange.Exchange) error {
	if x.Chain = x.Site.Only; x.Chain == nil {
		x.Chain = x.Site.Sections.ForPath(x)
	}
	return nil
}

func (p *Pipeline) postRead(x *exchange.Exchange) error {
	if from := x.Client.Proxied; from != nil {
		x.SetRemote(*from) // also where a reload has ended RemoteIPProxyProtocol since
	}
	if x.Site.Early {
		if err := do(x, x.Site.PostRead); err != nil {
			return err
		}
	}
	if c := x.Client; (c.Secure != nil || c.Plain) && x.Redirected == nil {
		return encrypted(x, c)
	}
	return nil
}

// encrypted checks a request on a connection that began with TLS, or should have.
func encrypted(x *exchange.Exchange, c *exchange.Client) error {
	var err error
	if c.Secure != nil {
		err = c.Secure.Admits(x, !c.Base.(*bound).set.Single())
	} else {
		err = plainFault()
	}
	if err != nil {
		x.Chain = x.Site.Sections.ForPath(x) // whose error documents apply
	}
	return err
}

// plainFault is the fault of a client that speaks plain HTTP to a port for TLS.
// httpd: HTTP_ON_HTTPS_PORT.
func plainFault() *fault.Fault {
	return &fault.Fault{
		Side: fault.Client, Module: "ssl", Phase: fault.Handshake, Kind: fault.TLS, Cause: fault.PlainOnTLS, Status: 400, Close: true, ID: "AH01996",
		Detail: "plain HTTP was spoken on a port for TLS",
		Page:   "Your client spoke plain HTTP to a port of this server that expects TLS. Please use a URL that begins with https:// instead.",
	}
}

// translate finds the handler that will respond.
func (p *Pipeline) translate(x *exchange.Exchange) error {
	switch {
	case x.Site.Pass != nil:
		return pass(x)
	case x.Mapped != nil:
		return nil
	case x.Onward: // httpd: no rewriting, no alias
		h, err := x.Site.Forward.Translate(x)
		x.Mapped = h
		return err
	}
	return ask(x, x.Chain.Translate)
}

// pass maps a connection that is passed on unread. A request cannot be: it came by a
// connection to another virtual host.
func pass(x *exchange.Exchange) (err error) {
	if !x.Client.Passed {
		return denied(421, fault.Misdirected, "connections to "+x.Site.Name+" are passed on unread (HeadgatePassthrough)")
	}
	x.Mapped, err = x.Site.Pass.Translate(x)
	return err
}

var slash = []byte("/")

// ask calls translators until one decides.
func ask(x *exchange.Exchange, list []exchange.Translator) error {
	if x.Recorder != nil {
		return askRecorded(x, list)
	}
	_, err := askEach(x, list)
	return err
}

// askEach is ask. It returns the index of the translator that decided, len(list) if
// none did.
func askEach(x *exchange.Exchange, list []exchange.Translator) (by int, err error) {
	for i, t := range list {
		h, err := t.Translate(x)
		switch {
		case err == nil:
			x.Mapped = h
			return i, nil
		case errors.Is(err, exchange.ErrDeclined):
			continue
		case errors.Is(err, exchange.ErrDone):
			return i, nil
		}
		return i, err
	}
	return len(list), nil
}

// storage merges the sections matched by target below those matched by path.
func (p *Pipeline) storage(x *exchange.Exchange) error {
	if wholeServer(x) && x.Mapped == nil {
		if x.Filename == nil {
			x.Filename = x.Arena.Join(x.Arena.String(x.Site.DocumentRoot), slash, x.Path)
		}
		return nil // httpd: http_send_options, which no access control comes before
	}
	if x.Filename == nil && len(x.Path) > 0 && x.Path[0] == '/' {
		x.Filename = append(append(x.Arena.Alloc(len(x.Site.DocumentRoot)+len(x.Path)), x.Site.DocumentRoot...), x.Path...)
		if x.Recorder != nil {
			recordFile(x)
		}
	}
	x.Store()
	if x.Site.Only != nil && !x.Local() {
		return nil
	}
	chain, err := x.Site.Sections.ForTarget(x)
	x.Chain = chain
	return err
}

// limits enforces limits that are known before any processing.
func (p *Pipeline) limits(x *exchange.Exchange) error {
	q := &x.Req
	if l := x.Chain.LimitBody; l > 0 && q.Body.Kind == message.Length && q.Body.Length > l {
		return &fault.Fault{
			Side: fault.Client, Module: "core", Phase: fault.ReadBody, Kind: fault.TooLarge, Cause: fault.BodyTooLarge, Status: 413, Close: true, ID: "AH01588",
			Detail: "content-length is larger than LimitRequestBody",
		}
	}
	switch {
	case q.Verb == message.CONNECT && !x.Onward:
		return denied(405, fault.MethodNotAllowed, "CONNECT is not allowed here")
	case q.Verb == message.TRACE && x.Site.Trace == exchange.TraceOff:
		f := denied(405, fault.TraceOff, "TRACE is switched off by TraceEnable")
		f.Close = false
		return f
	case q.Verb == message.TRACE && x.Site.Trace != exchange.TraceExtended && q.Body.Kind != message.NoBody:
		return denied(413, fault.TraceOff, "TRACE with a body")
	}
	return nil
}

func denied(status int, cause fault.Cause, why string) *fault.Fault {
	return &fault.Fault{
		Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.InvalidInput, Cause: cause, Status: status, Detail: why, Close: true,
	}
}

// access runs the access checks. httpd: a request that follows from another one,
// with the same configuration, is not checked again, and has its user.
func (p *Pipeline) access(x *exchange.Exchange) error {
	if m := x.Main; m != nil && m.Chain == x.Chain {
		x.User, x.AuthType, x.Judged = m.User, m.AuthType, m.Judged
		return nil
	}
	if err := do(x, x.Chain.Parse); err != nil {
		return err
	}
	if r := x.Redirected; r != nil && r.Judged && r.Chain == x.Chain {
		x.User, x.AuthType, x.Judged = r.User, r.AuthType, true
		return nil
	}
	x.Judged = true
	return do(x, x.Chain.Access)
}

func (p *Pipeline) fixups(x *exchange.Exchange) error {
	if len(x.Chain.Types) > 0 && x.File() != nil {
		if err := do(x, x.Chain.Types); err != nil {
			return err
		}
	}
	if err := do(x, x.Chain.Fixups); err != nil {
		return err
	}
	if len(x.Chain.Local) > 0 && x.File() != nil {
		if err := do(x, x.Chain.Local); err != nil {
			return err
		}
	}
	return do(x, x.Chain.Late)
}

func do(x *exchange.Exchange, list []exchange.Step) error {
	for _, s := range list {
		if err := s.Do(x); err != nil {
			return err
		}
	}
	return nil
}

// handle produces the response: by the mapped handler, else by the first
// content handler that accepts it.
func (p *Pipeline) handle(x *exchange.Exchange) error {
	if len(x.Chain.Inputs) > 0 && x.Req.Body.Kind != message.NoBody {
		if err := x.BeginBody(); err != nil {
			return err
		}
	}
	if x.Mapped != nil {
		if err := x.Mapped.Handle(x); err == nil || !errors.Is(err, exchange.ErrDeclined) {
			return err
		}
	}
	for _, h := range x.Chain.Handlers {
		if err := h.Handle(x); err == nil || !errors.Is(err, exchange.ErrDeclined) {
			return err
		}
	}
	return p.fallback(x)
}

// sendsFiles reports whether a file is sent where this handler is named: not where
// another was meant to run it.
func sendsFiles(handler string) bool {
	return handler == "" || handler == "default-handler" || handler == "httpd/unix-directory"
}

// fallback responds to a request that no handler accepted.
func (p *Pipeline) fallback(x *exchange.Exchange) error {
	switch x.Req.Verb {
	case message.OPTIONS:
		return answerOptions(x)
	case message.TRACE:
		return answerTrace(x)
	case message.GET, message.HEAD, message.POST:
		if sendsFiles(x.HandlerName) {
			return p.files.Serve(x)
		}
		return &fault.Fault{
			Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.HandlerUnknown, Status: 404, ID: "AH01794",
			Detail: "there is no handler " + x.HandlerName + ", and what it was meant to run is not shown",
		}
	case message.OtherMethod:
		if !wire.Registered(x.Req.Method) {
			f := denied(501, fault.MethodUnknown, "method is not known here")
			f.Allow = true
			return f
		}
	}
	return &fault.Fault{
		Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.MethodNotAllowed, Status: 405, Allow: true,
		Detail: "method is not allowed here",
	}
}
