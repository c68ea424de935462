package exchange

import (
	"context"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// Evaluator evaluates expressions about exchanges. It keeps the memory of
// evaluations between them, so that the common cases do not allocate. The zero
// value is ready; it is safe for concurrent use and must not be copied.
type Evaluator struct {
	pool sync.Pool // of *evaluation
}

// evaluation is one evaluation in progress.
type evaluation struct {
	expr.State
	env exprEnv
}

// Bool evaluates a condition. An error means that it could not be evaluated.
func (e *Evaluator) Bool(b *expr.Bool, x *Exchange) (bool, error) {
	v := e.take(x)
	ok, err := b.Eval(&v.env, &v.State)
	e.give(v)
	return ok, err
}

// BoolVary is Bool, and adds the request fields that the condition reads to the
// Vary field of h, whatever its outcome.
func (e *Evaluator) BoolVary(b *expr.Bool, x *Exchange, h *message.Header) (bool, error) {
	v := e.take(x)
	v.env.varies = v.env.varies[:0]
	v.env.vary = true
	ok, err := b.Eval(&v.env, &v.State)
	v.env.vary = false
	if names := v.env.varies; len(names) > 0 {
		if i := h.Next(0, "Vary"); i >= 0 {
			f := h.At(i)
			f.Value = x.Arena.Join(f.Value, []byte(", "), names)
		} else {
			h.AddID(message.Vary, x.Arena.Join(names))
		}
	}
	e.give(v)
	return ok, err
}

// Match evaluates a condition and, where it holds, calls then with the state,
// which knows the groups of its last regular expression: valid during the call.
func (e *Evaluator) Match(b *expr.Bool, x *Exchange, then func(x *Exchange, st *expr.State)) (bool, error) {
	v := e.take(x)
	ok, err := b.Eval(&v.env, &v.State)
	if ok {
		then(x, &v.State)
	}
	e.give(v)
	return ok, err
}

// StringIf evaluates a string where a condition holds (ok), with the groups of its last
// regular expression; a nil string is not evaluated.
func (e *Evaluator) StringIf(b *expr.Bool, s *expr.String, x *Exchange) (out []byte, ok bool, err error) {
	v := e.take(x)
	if ok, err = b.Eval(&v.env, &v.State); ok && s != nil {
		out, err = s.Append(x.Arena.Alloc(64), &v.env, &v.State)
	}
	e.give(v)
	return out, ok, err
}

// String evaluates a string into the arena of x.
func (e *Evaluator) String(s *expr.String, x *Exchange) ([]byte, error) {
	v := e.take(x)
	out, err := s.Append(x.Arena.Alloc(64), &v.env, &v.State)
	e.give(v)
	return out, err
}

func (e *Evaluator) take(x *Exchange) *evaluation {
	v, _ := e.pool.Get().(*evaluation)
	if v == nil {
		v = new(evaluation)
	}
	v.env.x = x
	return v
}

func (e *Evaluator) give(v *evaluation) {
	v.env.x = nil
	v.Reset()
	e.pool.Put(v)
}

// exprEnv gives expressions access to an exchange.
type exprEnv struct {
	expr.OSFiles
	x      *Exchange
	vary   bool   // names of request fields are collected
	varies []byte // joined by ", "
}

var _ expr.Env = (*exprEnv)(nil)

// apiVersion is the number of httpd's module interface, which is the same for
// all 2.4.
const apiVersion = "20120211"

// exprVars computes each variable. A variable without a row is always empty:
// REMOTE_IDENT and CONN_LOG_ID.
var exprVars = [...]func(dst []byte, x *Exchange) []byte{
	expr.RequestMethod:   func(dst []byte, x *Exchange) []byte { return append(dst, x.Req.Method...) },
	expr.RequestScheme:   func(dst []byte, x *Exchange) []byte { return append(dst, x.Scheme()...) },
	expr.RequestURI:      func(dst []byte, x *Exchange) []byte { return append(dst, x.Path...) },
	expr.DocumentURI:     documentURI,
	expr.RequestFilename: appendFilename,
	expr.ScriptFilename:  appendFilename,
	expr.LastModified:    func(dst []byte, _ *Exchange) []byte { return expr.AppendTime(dst, expr.LastModified, time.Unix(0, 0)) },
	expr.ScriptUser:      scriptUser,
	expr.ScriptGroup:     scriptGroup,
	expr.PathInfo:        pathInfo,
	expr.QueryString:     func(dst []byte, x *Exchange) []byte { return append(dst, x.Args...) },
	expr.IsSubreq:        isSubrequest,
	expr.TheRequest:      func(dst []byte, x *Exchange) []byte { return append(dst, x.Req.Line...) },
	expr.RemoteAddr:      func(dst []byte, x *Exchange) []byte { return append(dst, x.ClientIP()...) },
	expr.RemotePort: func(dst []byte, x *Exchange) []byte {
		return strconv.AppendUint(dst, uint64(x.Client.Remote.Port()), 10)
	},
	expr.RemoteHost:          func(dst []byte, x *Exchange) []byte { return append(dst, x.ClientIP()...) },
	expr.RemoteUser:          func(dst []byte, x *Exchange) []byte { return append(dst, x.User...) },
	expr.AuthType:            func(dst []byte, x *Exchange) []byte { return append(dst, x.AuthType...) },
	expr.ServerName:          func(dst []byte, x *Exchange) []byte { return x.AppendHostName(dst) },
	expr.ServerPort:          func(dst []byte, x *Exchange) []byte { return strconv.AppendUint(dst, uint64(x.ServerPort()), 10) },
	expr.ServerAdmin:         func(dst []byte, x *Exchange) []byte { return append(dst, x.Site.Admin...) },
	expr.ServerProtocol:      func(dst []byte, x *Exchange) []byte { return AppendProtocol(dst, x.Req.Version) },
	expr.DocumentRoot:        func(dst []byte, x *Exchange) []byte { return append(dst, x.Site.DocumentRoot...) },
	expr.ContentType:         contentType,
	expr.Handler:             func(dst []byte, x *Exchange) []byte { return append(dst, x.HandlerName...) },
	expr.HTTP2:               onOff(func(x *Exchange) bool { return x.Req.Version == message.HTTP20 }),
	expr.HTTPS:               onOff(func(x *Exchange) bool { return x.Client.TLS }),
	expr.IPv6:                onOff(func(x *Exchange) bool { return x.Client.Remote.Addr().Unmap().Is6() }),
	expr.RequestStatus:       requestStatus,
	expr.RequestLogID:        func(dst []byte, x *Exchange) []byte { return append(dst, x.LogID...) },
	expr.ConnRemoteAddr:      func(dst []byte, x *Exchange) []byte { return append(dst, x.Client.PeerIP...) },
	expr.ContextDocumentRoot: contextRoot,
	expr.ContextPrefix:       func(dst []byte, x *Exchange) []byte { return append(dst, x.ContextPrefix...) },
	expr.TimeYear:            timeVar(expr.TimeYear),
	expr.TimeMon:             timeVar(expr.TimeMon),
	expr.TimeDay:             timeVar(expr.TimeDay),
	expr.TimeHour:            timeVar(expr.TimeHour),
	expr.TimeMin:             timeVar(expr.TimeMin),
	expr.TimeSec:             timeVar(expr.TimeSec),
	expr.TimeWday:            timeVar(expr.TimeWday),
	expr.Time:                timeVar(expr.Time),
	expr.APIVersion:          text(apiVersion),
	expr.ServerSoftware:      func(dst []byte, x *Exchange) []byte { return append(dst, x.Site.ServerHeader...) },
}

// contextRoot is the folder of the Alias that has mapped x, else DocumentRoot.
func contextRoot(dst []byte, x *Exchange) []byte {
	if x.ContextRoot != nil {
		return append(dst, x.ContextRoot...)
	}
	return append(dst, x.Site.DocumentRoot...)
}

// text, onOff and timeVar make values for exprVars.
func text(s string) func([]byte, *Exchange) []byte {
	return func(dst []byte, _ *Exchange) []byte { return append(dst, s...) }
}

// documentURI returns the path, unless a variable of that name overrides it.
func documentURI(dst []byte, x *Exchange) []byte {
	if v, ok := x.Env.Get("DOCUMENT_URI"); ok {
		return append(dst, v...)
	}
	return append(dst, x.Path...)
}

func onOff(is func(*Exchange) bool) func([]byte, *Exchange) []byte {
	return func(dst []byte, x *Exchange) []byte {
		if is(x) {
			return append(dst, "on"...)
		}
		return append(dst, "off"...)
	}
}

// timeVar returns the time the request began, in local time as httpd does.
func timeVar(v expr.Var) func([]byte, *Exchange) []byte {
	return func(dst []byte, x *Exchange) []byte {
		t := x.Times.Start
		if t.IsZero() {
			t = time.Now()
		}
		return expr.AppendTime(dst, v, t.Local())
	}
}

// PageType is the type of generated pages, as httpd sends it.
const PageType = "text/html; charset=iso-8859-1"

// contentType returns the type of the response; for an error response whose
// page is being made, the page's.
func contentType(dst []byte, x *Exchange) []byte {
	v, ok := x.Resp.Header.Get(message.ContentType)
	if !ok && !x.Committed && x.Resp.Status >= 400 {
		return append(dst, PageType...)
	}
	return append(dst, v...)
}

// requestStatus is 200 until another status is known; an internal redirect
// begins with the status that caused it.
func requestStatus(dst []byte, x *Exchange) []byte {
	status := 200
	switch {
	case x.Status != 0:
		status = x.Status
	case x.Resp.Status != 0:
		status = x.Resp.Status
	case x.Redirected != nil:
		status = x.Redirected.Status
	}
	return strconv.AppendInt(dst, int64(status), 10)
}

// AppendProtocol appends a protocol as httpd names it: HTTP/1.1, HTTP/2.0.
func AppendProtocol(dst []byte, v message.Version) []byte {
	return append(dst, 'H', 'T', 'T', 'P', '/', '0'+byte(v/10), '.', '0'+byte(v%10))
}

// AppendVar implements expr.Env.
func (e *exprEnv) AppendVar(dst []byte, v expr.Var) []byte { return AppendVar(dst, v, e.x) }

// AppendVar appends the value of an expression variable for x, nothing when it
// has none.
func AppendVar(dst []byte, v expr.Var, x *Exchange) []byte {
	if int(v) >= len(exprVars) || exprVars[v] == nil {
		return dst
	}
	return exprVars[v](dst, x)
}

// AppendEntry implements expr.Env.
func (e *exprEnv) AppendEntry(dst []byte, t expr.Table, name string) ([]byte, bool) {
	return appendEntry(dst, t, name, e.x)
}

func appendEntry(dst []byte, t expr.Table, name string, x *Exchange) ([]byte, bool) {
	var v []byte
	var ok bool
	switch t {
	case expr.RequestHeader:
		return AppendMerged(dst, &x.Req.Header, name)
	case expr.ResponseHeader:
		if v, ok = x.Resp.Header.Lookup(name); !ok {
			v, ok = x.Always.Lookup(name)
		}
	case expr.Note:
		v, ok = x.Notes.Get(name)
	case expr.RequestEnv:
		v, ok = x.Env.Get(name)
	case expr.ProcessEnv:
		var s string
		s, ok = os.LookupEnv(name)
		return append(dst, s...), ok
	}
	return append(dst, v...), ok
}

// AppendMerged appends the value of a header, followed by the values of further
// fields of that name, separated by ", ", as httpd's modules see them.
func AppendMerged(dst []byte, h *message.Header, name string) ([]byte, bool) {
	i := h.Next(0, name)
	if i < 0 {
		return dst, false
	}
	dst = append(dst, h.At(i).Value...)
	for i = h.Next(i+1, name); i >= 0; i = h.Next(i+1, name) {
		dst = append(append(dst, ", "...), h.At(i).Value...)
	}
	return dst, true
}

// AppendExtern implements expr.Env. Only mod_ssl adds to the language: its
// variables, and its function, which knows those of requests too.
func (e *exprEnv) AppendExtern(dst []byte, f *expr.Extern, arg []byte) []byte {
	if f.Kind != expr.ExternFunc {
		return AppendTLSVar(dst, f.Name, e.x)
	}
	return AppendTLSVar(dst, string(arg), e.x)
}

// RemoteAddr implements expr.Env.
func (e *exprEnv) RemoteAddr() netip.Addr { return e.x.RemoteAddr() }

// ReadFile implements expr.Env. The file is read off the loop: its disk may be
// slow.
func (e *exprEnv) ReadFile(path string, limit int64) ([]byte, error) {
	if e.x.Loop == nil {
		return e.OSFiles.ReadFile(path, limit)
	}
	ctx, cancel := context.WithTimeout(context.Background(), filePatience)
	defer cancel()
	return reactor.Await(ctx, e.x.Loop, reactor.Files, wanted{path, limit}, readFile)
}

// filePatience limits how long an expression waits for a file.
const filePatience = 10 * time.Second

// wanted is a file that an expression reads, of at most limit bytes.
type wanted struct {
	path  string
	limit int64
}

func readFile(_ context.Context, f wanted) ([]byte, error) {
	return expr.OSFiles{}.ReadFile(f.path, f.limit)
}

// Subrequest implements expr.Env.
func (e *exprEnv) Subrequest(op byte, target string) bool {
	x := e.x
	if x.Lookups == nil {
		return false
	}
	if op == 'U' {
		return x.Lookups.Lookup(x, x.Arena.String(target)).Status < 400
	}
	sub := x.Lookups.LookupFile(x, x.Arena.String(target))
	info, err := e.Stat(target, false)
	return sub.Status < 400 && err == nil && info.Mode().IsRegular()
}

// Vary implements expr.Env. Most conditions are evaluated before there is a
// response: httpd adds the name to a header that the backend's response then
// replaces, so there is nothing to collect.
func (e *exprEnv) Vary(name string) {
	if !e.vary {
		return
	}
	if len(e.varies) > 0 {
		e.varies = append(e.varies, ", "...)
	}
	e.varies = append(e.varies, name...)
}

func isSubrequest(dst []byte, x *Exchange) []byte {
	if x.Main != nil {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}
