package exchange

import (
	"slices"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/expr"
)

// tlsVars are the variables of expressions that mod_ssl knows too.
var tlsVars = []expr.Var{
	expr.RequestMethod, expr.RequestScheme, expr.RequestURI, expr.RequestFilename, expr.ScriptFilename, expr.PathInfo,
	expr.QueryString, expr.IsSubreq, expr.TheRequest, expr.RemoteAddr, expr.RemoteHost, expr.RemoteUser, expr.RemoteIdent,
	expr.ServerName, expr.ServerPort, expr.ServerAdmin, expr.ServerProtocol, expr.ServerSoftware, expr.DocumentRoot,
	expr.AuthType, expr.HTTPS, expr.TimeYear, expr.TimeMon, expr.TimeDay, expr.TimeHour, expr.TimeMin, expr.TimeSec,
	expr.TimeWday, expr.Time, expr.APIVersion,
}

// environments are the tables that ENV:name is looked up in.
var environments = [...]expr.Table{expr.Note, expr.RequestEnv, expr.ProcessEnv}

// AppendTLSVar appends what mod_ssl has under a name: some of the variables of
// expressions, HTTP:field and ENV:name. Its own are empty without TLS, as are
// names that nobody knows. httpd: ssl_var_lookup.
func AppendTLSVar(dst []byte, name string, x *Exchange) []byte {
	if v, ok := expr.LookupVar(name); ok {
		if !slices.Contains(tlsVars, v) {
			return dst
		}
		return AppendVar(dst, v, x)
	}
	field, ok := expr.LookupHeaderVar(name)
	if !ok && ascii.HasPrefixFold(name, "HTTP:") {
		field, ok = name[len("HTTP:"):], true
	}
	switch {
	case len(name) > len("SSL_") && ascii.HasPrefixFold(name, "SSL_"):
		if x.Client != nil && x.Client.Secure != nil {
			dst = appendSSL(dst, name[len("SSL_"):], x)
		}
	case ok:
		dst, _ = AppendMerged(dst, &x.Req.Header, field)
	case ascii.HasPrefixFold(name, "ENV:"):
		for _, t := range environments {
			if dst, ok = appendEntry(dst, t, name[len("ENV:"):], x); ok {
				break
			}
		}
	}
	return dst
}
