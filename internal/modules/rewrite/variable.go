package rewrite

import (
	"os"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
)

// variable is one compiled %{…}. The zero variable is always empty.
type variable struct {
	kind variableKind
	v    expr.Var
	name string    // of a header or an environment variable; the text of varText
	look *variable // the variable that a lookahead evaluates
}

type variableKind uint8

const (
	varNone variableKind = iota
	varExpr
	varTLS // name is one of mod_ssl's
	varHeader
	varEnv
	varServerAddr
	varIPv6
	varRemotePort
	varFilename
	varPathInfo
	varOwner // of the file, "<unknown>" without one
	varText  // name
	varLookURL
	varLookFile
)

// headerVars are the variables whose value is a request header.
var headerVars = map[string]string{
	"HTTP_ACCEPT": "Accept", "HTTP_COOKIE": "Cookie", "HTTP_FORWARDED": "Forwarded", "HTTP_HOST": "Host",
	"HTTP_PROXY_CONNECTION": "Proxy-Connection", "HTTP_REFERER": "Referer", "HTTP_USER_AGENT": "User-Agent",
}

// requestVars are the variables that expressions have too. httpd: behind a trusted
// proxy (mod_remoteip) REMOTE_HOST is the proxy's address, and IPV6 is that of the
// client's.
var requestVars = map[string]expr.Var{
	"AUTH_TYPE": expr.AuthType, "CONN_REMOTE_ADDR": expr.ConnRemoteAddr,
	"CONTEXT_DOCUMENT_ROOT": expr.ContextDocumentRoot, "CONTEXT_PREFIX": expr.ContextPrefix, "DOCUMENT_ROOT": expr.DocumentRoot,
	"HTTPS": expr.HTTPS, "IS_SUBREQ": expr.IsSubreq, "QUERY_STRING": expr.QueryString,
	"REMOTE_ADDR": expr.RemoteAddr, "REMOTE_HOST": expr.ConnRemoteAddr, "REMOTE_IDENT": expr.RemoteIdent,
	"REMOTE_USER": expr.RemoteUser, "REQUEST_METHOD": expr.RequestMethod, "REQUEST_SCHEME": expr.RequestScheme,
	"REQUEST_URI": expr.RequestURI, "SERVER_ADMIN": expr.ServerAdmin, "SERVER_NAME": expr.ServerName, "SERVER_PORT": expr.ServerPort,
	"SERVER_PROTOCOL": expr.ServerProtocol, "SERVER_SOFTWARE": expr.ServerSoftware, "THE_REQUEST": expr.TheRequest,
	"TIME": expr.Time, "TIME_DAY": expr.TimeDay, "TIME_HOUR": expr.TimeHour, "TIME_MIN": expr.TimeMin, "TIME_MON": expr.TimeMon,
	"TIME_SEC": expr.TimeSec, "TIME_WDAY": expr.TimeWday, "TIME_YEAR": expr.TimeYear,
}

// newVariable compiles the text between the braces. The value of an unknown name
// is empty. httpd: lookup_variable.
func newVariable(text string) variable {
	if len(text) < 4 {
		return variable{}
	}
	if prefix, name, ok := strings.Cut(text, ":"); ok && (len(prefix) == 3 || len(prefix) == 4) {
		if name == "" {
			return variable{}
		}
		switch ascii.ToLower(prefix) {
		case "env":
			return variable{kind: varEnv, name: name}
		case "ssl":
			return variable{kind: varTLS, name: name}
		case "http":
			return variable{kind: varHeader, name: name}
		case "la-u", "la-f":
			inner := newVariable(name)
			kind := varLookURL
			if ascii.EqualFold(prefix, "la-f") {
				kind = varLookFile
			}
			return variable{kind: kind, name: name, look: &inner}
		}
		return variable{}
	}
	if h, ok := folded(headerVars, text); ok {
		return variable{kind: varHeader, name: h}
	}
	if v, ok := folded(requestVars, text); ok {
		return variable{kind: varExpr, v: v}
	}
	v, _ := folded(ownVars, text)
	return v
}

// ownVars are the variables with another meaning than in expressions.
var ownVars = map[string]variable{
	"API_VERSION":      {kind: varText, name: "20120211:142"}, // of httpd 2.4.71
	"SERVER_ADDR":      {kind: varServerAddr},
	"IPV6":             {kind: varIPv6},
	"REMOTE_PORT":      {kind: varRemotePort},
	"REQUEST_FILENAME": {kind: varFilename},
	"SCRIPT_FILENAME":  {kind: varFilename},
	"PATH_INFO":        {kind: varPathInfo},
	"SCRIPT_USER":      {kind: varOwner, v: expr.ScriptUser},
	"SCRIPT_GROUP":     {kind: varOwner, v: expr.ScriptGroup},
}

// folded looks up a name, ignoring case. It is slow, and used only while rules are
// compiled.
func folded[V any](m map[string]V, name string) (v V, ok bool) {
	for k, v := range m {
		if ascii.EqualFold(k, name) {
			return v, true
		}
	}
	return v, false
}

// appendVariable appends the value of v.
func (u *run) appendVariable(dst []byte, v *variable) []byte {
	switch v.kind {
	case varLookURL, varLookFile:
		return u.lookAhead(dst, v)
	case varPathInfo:
		return append(dst, u.pathInfo...)
	}
	return appendValue(dst, v, u.x, u.set.dir != "")
}

// appendValue appends the value of a variable for x. mapped is true if the file
// name is known already, as in sections.
func appendValue(dst []byte, v *variable, x *exchange.Exchange, mapped bool) []byte {
	switch v.kind {
	case varTLS:
		return exchange.AppendTLSVar(dst, v.name, x)
	case varExpr:
		return exchange.AppendVar(dst, v.v, x)
	case varHeader:
		dst, _ = exchange.AppendMerged(dst, &x.Req.Header, v.name)
	case varEnv:
		if value, ok := x.Notes.Get(v.name); ok {
			return append(dst, value...)
		}
		if value, ok := x.Env.Get(v.name); ok {
			return append(dst, value...)
		}
		return append(dst, os.Getenv(v.name)...)
	case varIPv6:
		if x.RemoteAddr().Is6() {
			return append(dst, "on"...)
		}
		return append(dst, "off"...)
	case varRemotePort:
		return strconv.AppendUint(dst, uint64(x.Remote().Port()), 10)
	case varServerAddr:
		if x.Client.Local.IsValid() {
			return x.Client.Local.Addr().Unmap().AppendTo(dst)
		}
	case varText:
		return append(dst, v.name...)
	case varFilename:
		if x.Main != nil && mapped && x.Mapped != nil && x.Out.URL != nil {
			return append(dst, x.Out.URL...) // httpd: the fixups of a lookahead have run
		}
		if mapped {
			return append(dst, x.ShownFilename()...)
		}
		return append(dst, x.Filename...)
	case varPathInfo:
		if mapped {
			return exchange.AppendVar(dst, expr.PathInfo, x)
		}
	case varOwner:
		n := len(dst)
		if mapped {
			dst = exchange.AppendVar(dst, v.v, x)
		}
		if len(dst) == n {
			dst = append(dst, "<unknown>"...)
		}
	}
	return dst
}

// lookAhead appends the value that a variable will have after the request has been
// mapped. httpd: LA-U and LA-F in lookup_variable.
func (u *run) lookAhead(dst []byte, v *variable) []byte {
	x := u.x
	if !mayLook(x) {
		return dst
	}
	path, byURL := u.uri, true
	if u.set.dir != "" && (len(path) == 0 || path[0] != '/') {
		base := u.set.dir
		if v.kind == varLookURL && u.set.base != "" {
			base = u.set.base
		}
		path = x.Arena.Join([]byte(base), path)
		byURL = v.kind == varLookURL
	} else if u.set.dir == "" {
		byURL = v.kind == varLookURL
	}
	var sub *exchange.Exchange
	if byURL {
		sub = x.Lookups.Lookup(x, path)
	} else {
		sub = x.Lookups.LookupFile(x, path)
	}
	start := len(dst)
	dst = appendValue(dst, v.look, sub, true)
	if u.traces(5) {
		u.tracef(5, u.set.dir, "lookahead: path=%s var=%s -> val=%s", path, v.name, dst[start:])
	}
	return dst
}

// mayLook reports whether a subrequest is allowed. A subrequest for the same path
// as its main request may not start another. httpd: subreq_ok.
func mayLook(x *exchange.Exchange) bool {
	return x.Lookups != nil && (x.Main == nil || string(x.Main.Path) != string(x.Path))
}
