package cgi

import (
	"os"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
)

// Request is what the protocol knows of a request to a program.
type Request struct {
	Filename []byte // SCRIPT_FILENAME
	PathInfo []byte // decoded; empty: none
}

// none is the configuration of a chain that has none.
var none = exchange.CGI{Elsewhere: "Location"}

// Conf returns what the sections of x say about programs.
func Conf(x *exchange.Exchange) *exchange.CGI {
	if x.Chain == nil || x.Chain.CGI == nil {
		return &none
	}
	return x.Chain.CGI
}

// Common sets the variables about the request's fields, the server and the client
// (httpd: ap_add_common_vars). The length of a body is not among them, as it may
// not be known yet: Length returns it.
func Common(x *exchange.Exchange, r *Request) {
	e, a := &x.Env, &x.Arena
	fields(x)
	if !e.Has("PATH") {
		e.Set("PATH", a.String(path))
	}
	if library != "" {
		e.Set("LD_LIBRARY_PATH", a.String(library))
	}
	e.Set("SERVER_SIGNATURE", signature(x))
	e.Set("SERVER_SOFTWARE", x.Site.ServerHeader)
	host := x.AppendHostName(a.Alloc(len(x.Site.Name) + len(x.Req.Host) + len("[]")))
	e.Set("SERVER_NAME", uri.AppendHTML(a.Alloc(2*len(host)), host))
	e.Set("SERVER_ADDR", x.Client.Local.Addr().Unmap().AppendTo(a.Alloc(48)))
	e.Set("SERVER_PORT", a.Int(int64(x.ServerPort())))
	e.Set("REMOTE_ADDR", x.ClientIP())
	e.Set("DOCUMENT_ROOT", a.String(x.Site.DocumentRoot))
	e.Set("REQUEST_SCHEME", a.String(x.Scheme()))
	e.Set("CONTEXT_PREFIX", x.ContextPrefix)
	root := x.ContextRoot
	if root == nil {
		root = a.String(x.Site.DocumentRoot)
	}
	e.Set("CONTEXT_DOCUMENT_ROOT", root)
	e.Set("SERVER_ADMIN", a.String(x.Site.Admin))
	e.Set("SCRIPT_FILENAME", r.Filename)
	e.Set("REMOTE_PORT", a.Int(int64(x.Remote().Port())))
	user(x)
	if x.AuthType != "" {
		e.Set("AUTH_TYPE", a.String(x.AuthType))
	}
	if p := x.Redirected; p != nil {
		e.Set("REDIRECT_URL", p.Path)
		if p.HasArgs {
			e.Set("REDIRECT_QUERY_STRING", p.Args)
		}
	}
}

// Of the environment of this process programs get two variables.
var (
	path    = processPath()
	library = os.Getenv("LD_LIBRARY_PATH")
)

func processPath() string {
	if p := os.Getenv("PATH"); p != "" {
		return p
	}
	return "/bin:/usr/bin:/usr/ucb:/usr/bsd:/usr/local/bin"
}

// user sets who logged in, for this request or the one that it replaces.
func user(x *exchange.Exchange) {
	if x.User != nil {
		x.Env.Set("REMOTE_USER", x.User)
		return
	}
	for p := x.Redirected; p != nil; p = p.Prev {
		if p.User != nil {
			x.Env.Set("REDIRECT_REMOTE_USER", p.User)
			return
		}
	}
}

// signature is the line of ServerSignature (httpd: ap_psignature).
func signature(x *exchange.Exchange) []byte {
	if x.Chain == nil || x.Chain.Signature == exchange.SignatureOff {
		return nil
	}
	return x.AppendSignature(x.Arena.Alloc(256))
}

// fields sets a variable for each field of the request. Fields of one name are
// joined. What could be taken for another variable has none: Proxy would be
// HTTP_PROXY, and names with other characters than letters, digits and hyphens
// would equal those with hyphens (httpd: http2env).
func fields(x *exchange.Exchange) {
	h := &x.Req.Header
	pass := Conf(x).PassAuth
	for i := range h.Len() {
		f := h.At(i)
		if f.Flags&message.Dropped != 0 {
			continue
		}
		switch f.ID {
		case message.ContentLength, message.TransferEncoding:
			continue
		case message.MaxForwards:
			x.Env.Set(variable(f), counted(x, f.Value))
			continue
		case message.ContentType:
			add(x, "CONTENT_TYPE", f.Value, i)
			continue
		case message.Authorization, message.ProxyAuthorization:
			if !pass {
				continue
			}
		case message.Other:
			if ascii.EqualFoldBytes(f.Name, "Proxy") {
				continue
			}
		}
		if name := variable(f); name != "" {
			add(x, name, f.Value, i)
		}
	}
}

// counted returns the value of Max-Forwards that another server would get.
func counted(x *exchange.Exchange, value []byte) []byte {
	for i := range x.Out.Extra {
		if e := &x.Out.Extra[i]; e.ID == message.MaxForwards {
			return e.Value
		}
	}
	return value
}

// add sets the variable of the field with index i, or appends to its value if an
// earlier field has that name.
func add(x *exchange.Exchange, name string, value []byte, i int) {
	h := &x.Req.Header
	f := h.At(i)
	for j := range i {
		if e := h.At(j); e.Flags&message.Dropped == 0 && e.ID == f.ID && (f.ID != message.Other || ascii.EqualFoldBytes(e.Name, string(f.Name))) {
			old, _ := x.Env.Get(name)
			value = x.Arena.Join(old, separator, value)
			break
		}
	}
	x.Env.Set(name, value)
}

var separator = []byte(", ")

// nameOf returns the spelling of a known name, "" beyond the last.
func nameOf(id message.NameID) string {
	if id >= message.Names {
		return ""
	}
	return id.String()
}

// known are the variables of known fields.
var known = knownVariables()

func knownVariables() (list [64]string) {
	for id := range list {
		if name := nameOf(message.NameID(id)); name != "" {
			list[id] = "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		}
	}
	return list
}

// variable returns the name of the variable for a field, "" for none.
func variable(f *message.Field) string {
	if f.ID != message.Other {
		return known[f.ID]
	}
	for _, c := range f.Name {
		if !ascii.IsDigit(c) && c != '-' && (ascii.Lower(c) < 'a' || ascii.Lower(c) > 'z') {
			return ""
		}
	}
	var b strings.Builder
	b.Grow(len("HTTP_") + len(f.Name))
	b.WriteString("HTTP_")
	for _, c := range f.Name {
		switch {
		case c == '-':
			c = '_'
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Script sets the variables about the script (httpd: ap_add_cgi_vars).
func Script(x *exchange.Exchange, r *Request) {
	e, a := &x.Env, &x.Arena
	e.Set("GATEWAY_INTERFACE", gateway)
	e.Set("SERVER_PROTOCOL", exchange.AppendProtocol(a.Alloc(len("HTTP/1.1")), x.Req.Version))
	e.Set("REQUEST_METHOD", x.Req.Method)
	e.Set("QUERY_STRING", x.Args)
	if Conf(x).CurrentURI {
		e.Set("REQUEST_URI", x.Path)
	} else {
		e.Set("REQUEST_URI", x.Req.Target)
	}
	if len(r.PathInfo) == 0 {
		e.Set("SCRIPT_NAME", x.Path)
		return
	}
	e.Set("SCRIPT_NAME", x.Path[:scriptEnd(x.Path, r.PathInfo)])
	e.Set("PATH_INFO", r.PathInfo)
	if x.Lookups == nil {
		return
	}
	sub := x.Lookups.Lookup(x, uri.AppendURI(a.Alloc(3*len(r.PathInfo)), r.PathInfo))
	if len(sub.Filename) > 0 {
		e.Set("PATH_TRANSLATED", sub.Filename)
	}
}

var gateway = []byte("CGI/1.1")

// scriptEnd returns how much of a path is the script's, before the end that info
// has in common with it (httpd: ap_find_path_info).
func scriptEnd(path, info []byte) int {
	n, m := len(path), len(info)
	for n > 0 && m > 0 && path[n-1] == info[m-1] {
		if info[m-1] == '/' {
			for n > 1 && path[n-2] == '/' {
				n--
			}
		}
		n, m = n-1, m-1
	}
	if n > 0 && m > 0 { // the byte that differs is not the end of the script
		n--
	}
	for n < len(path) && path[n] != '/' {
		n++
	}
	return n
}

// Length returns the value of CONTENT_LENGTH: the length of the body as far as it
// is known when the head is sent; nil: it is not, or there is no body.
func Length(x *exchange.Exchange) []byte {
	switch {
	case x.Req.Body.Kind == message.Length:
		return strconv.AppendInt(x.Arena.Alloc(20), x.Req.Body.Length, 10)
	case x.Req.Body.Kind == message.Chunked && x.Out.BodyComplete:
		return strconv.AppendInt(x.Arena.Alloc(20), int64(len(x.Out.Prefix)), 10)
	}
	return nil
}

// SetLength sets the variables about the body. The head of a request is complete
// with them.
func SetLength(x *exchange.Exchange) {
	if n := Length(x); n != nil {
		x.Env.Set("CONTENT_LENGTH", n)
	} else if x.Req.Body.Kind == message.Chunked {
		x.Env.Set("HTTP_TRANSFER_ENCODING", chunked)
	}
}

var chunked = []byte("chunked")
