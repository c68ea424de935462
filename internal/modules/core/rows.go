package core

import (
	"os"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/wire"
)

// rows are core's directives. Contexts, arity and usage come from the known
// table.
func rows(knows func(name string) *directive.Row) []directive.Row {
	return append(append(sectionRows(), fileRows()...), []directive.Row{
		{Name: "Listen", Set: setListen},
		{Name: "AcceptFilter", Set: setAcceptFilter},
		{Name: "DefaultRuntimeDir", Set: setRuntimeDir},
		{Name: "ListenBacklog", Set: setBacklog},
		{Name: "SendBufferSize", Set: buffer(func(g *GlobalConf, n int) { g.SendBuffer = n })},
		{Name: "ReceiveBufferSize", Set: buffer(func(g *GlobalConf, n int) { g.RecvBuffer = n })},
		{Name: "ServerName", Set: setServerName},
		{Name: "ServerAlias", Set: setServerAlias},
		{Name: "ServerPath", Tier: directive.Noted, Note: "only clients without a Host header needed it"},
		{Name: "ServerAdmin", Set: func(c *directive.Call) error { serverSlot.Of(c.Server).Admin.To(c.Arg(0)); return nil }},
		{Name: "ServerRoot", Tier: directive.Honoured},
		{Name: "ServerTokens", Set: setTokens},
		{Name: "AddDefaultCharset", Set: setCharset},
		{Name: "ForceType", Set: setForceType},
		{Name: "ServerSignature", Set: choice(signatures, "ServerSignature: use one of: off | on | email", func(c *directive.Call, v exchange.Signature) { dirSlot.Of(c.Dir).Signature.To(v) })},
		{Name: "DocumentRoot", Set: setDocumentRoot},
		{Name: "Timeout", Set: setTimeout},
		{Name: "KeepAlive", Set: flag(func(s *ServerConf) *module.Opt[bool] { return &s.KeepAlive })},
		{Name: "KeepAliveTimeout", Set: setKeepAliveTimeout},
		{Name: "MaxKeepAliveRequests", Set: setMaxKeepAlive},
		{Name: "LimitRequestLine", Set: number(func(s *ServerConf) *module.Opt[int] { return &s.LimitLine })},
		{Name: "LimitRequestFieldSize", Set: number(func(s *ServerConf) *module.Opt[int] { return &s.LimitField })},
		{Name: "LimitRequestFields", Set: number(func(s *ServerConf) *module.Opt[int] { return &s.LimitFields })},
		{Name: "LimitRequestBody", Set: setLimitBody},
		{Name: "AllowEncodedSlashes", Set: choice(encodedSlashes, "AllowEncodedSlashes must be On, Off, or NoDecode", func(c *directive.Call, v exchange.EncodedSlashes) { serverSlot.Of(c.Server).EncodedSlashes.To(v) })},
		{Name: "MergeSlashes", Set: flag(func(s *ServerConf) *module.Opt[bool] { return &s.MergeSlashes })},
		{Name: "TraceEnable", Set: choice(traces, "TraceEnable must be one of 'on', 'off', or 'extended'", func(c *directive.Call, v exchange.Trace) { serverSlot.Of(c.Server).Trace.To(v) })},
		{Name: "UseCanonicalName", Set: choice(canonicals, "parameter must be 'on', 'off', or 'dns'", func(c *directive.Call, v exchange.Canonical) { dirSlot.Of(c.Dir).Canonical.To(v) })},
		{Name: "CGIPassAuth", Set: func(c *directive.Call) error { dirSlot.Of(c.Dir).PassAuth.To(c.On); return nil }},
		{Name: "CGIVar", Set: setCGIVar},
		{Name: "HttpProtocolOptions", Set: setProtocolOptions},
		{Name: "Protocols", Tier: directive.Noted, Note: "HTTP/1.1 is spoken, whatever else is named: HTTP/2 is not supported yet"},
		{Name: "ProtocolsHonorOrder", Tier: directive.Noted, Note: "there is one protocol", Set: func(c *directive.Call) error {
			if _, ok := directive.OnOff(c.Arg(0)); !ok {
				return c.Errorf("ProtocolsHonorOrder must be 'on' or 'off'")
			}
			return nil
		}},
		{Name: "Options", Set: setOptions},
		{Name: "AccessFileName", Set: func(c *directive.Call) error {
			serverSlot.Of(c.Server).AccessNames.To(syntax.Words(c.Raw))
			return nil
		}},
		{Name: "AllowOverride", Set: setOverride},
		{Name: "AllowOverrideList", Set: setOverrideList(knows)},
		{Name: "ErrorDocument", Set: setErrorDocument},
		{Name: "ErrorLog", Set: setErrorLog},
		{Name: "ErrorLogFormat", Set: setErrorLogFormat},
		{Name: "LogLevel", Set: setLogLevel, Words: logsink.LevelWords()},
	}...)
}

// The words of directives with a fixed set of values.
var (
	signatures     = map[string]exchange.Signature{"on": exchange.SignatureOn, "off": exchange.SignatureOff, "email": exchange.SignatureEMail}
	encodedSlashes = map[string]exchange.EncodedSlashes{"on": exchange.SlashesOn, "off": exchange.SlashesOff, "nodecode": exchange.SlashesNoDecode}
	traces         = map[string]exchange.Trace{"on": exchange.TraceOn, "off": exchange.TraceOff, "extended": exchange.TraceExtended}
	canonicals     = map[string]exchange.Canonical{"on": exchange.CanonicalOn, "off": exchange.CanonicalOff, "dns": exchange.CanonicalDNS}
)

// choice makes a setter for a fixed set of words.
func choice[T any](words map[string]T, complaint string, set func(*directive.Call, T)) func(*directive.Call) error {
	return func(c *directive.Call) error {
		v, ok := words[ascii.ToLower(c.Arg(0))]
		if !ok {
			return c.Errorf("%s", complaint)
		}
		set(c, v)
		return nil
	}
}

// setCGIVar is CGIVar, which knows one variable. httpd: set_cgi_var.
func setCGIVar(c *directive.Call) error {
	name, rule := ascii.ToLower(c.Arg(0)), ascii.ToLower(c.Arg(1))
	switch {
	case name != "request_uri":
		return c.Errorf("Invalid CGIVar variable \"%s\"", c.Arg(0))
	case rule != "original-uri" && rule != "current-uri":
		return c.Errorf("Invalid rule for REQUEST_URI: \"%s\"", c.Arg(1))
	}
	dirSlot.Of(c.Dir).Current.To(rule == "current-uri")
	return nil
}

// setRuntimeDir: httpd requires the folder to exist.
func setRuntimeDir(c *directive.Call) error {
	dir := c.Path(c.Arg(0))
	if at, err := os.Stat(dir); c.LooksAtFolders() && (err != nil || !at.IsDir()) {
		return c.Hinted(c.Errorf("DefaultRuntimeDir must be a valid directory, absolute or relative to ServerRoot"), "mkdir "+dir)
	}
	globalSlot.Of(c.Server).RuntimeDir.To(dir)
	return nil
}

func setBacklog(c *directive.Call) error {
	n := c.Number(c.Arg(0))
	if n <= 0 {
		return c.Errorf("ListenBacklog must be > 0")
	}
	globalSlot.Of(c.Server).Backlog = n
	return nil
}

// buffer makes a setter for the size of a socket's buffer; 0 is the system's.
func buffer(set func(*GlobalConf, int)) func(*directive.Call) error {
	return func(c *directive.Call) error {
		n := c.Number(c.Arg(0))
		if n < 512 && n != 0 {
			return c.Errorf("%s must be >= 512 bytes, or 0 for system default.", c.Row.Name)
		}
		set(globalSlot.Of(c.Server), n)
		return nil
	}
}

// flag makes a setter for an On/Off value.
func flag(field func(*ServerConf) *module.Opt[bool]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		field(serverSlot.Of(c.Server)).To(c.On)
		return nil
	}
}

// number makes a setter for a count that must not be negative.
func number(field func(*ServerConf) *module.Opt[int]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		n := c.Number(c.Arg(0))
		if n < 0 {
			return c.Errorf("%s \"%s\" must be a non-negative integer", c.Row.Name, c.Arg(0))
		}
		field(serverSlot.Of(c.Server)).To(n)
		return nil
	}
}

func setListen(c *directive.Call) error {
	addrs, err := listen.ParseListen(c.Args, nil)
	if err != nil {
		return c.Errorf("%w", err)
	}
	g := globalSlot.Of(c.Server)
	all, err := listen.Add(g.Listen, addrs...)
	if err != nil {
		return c.Errorf("%w", err)
	}
	g.Listen = all
	return nil
}

// setAcceptFilter says whether the system waits for the first bytes of connections of a
// protocol. Whatever is not none does: Linux has one kind of filter.
func setAcceptFilter(c *directive.Call) error {
	g := globalSlot.Of(c.Server)
	if g.AcceptFilters == nil {
		g.AcceptFilters = make(map[string]string)
	}
	g.AcceptFilters[c.Arg(0)] = c.Arg(1)
	return nil
}

// setServerName reads [scheme://]host[:port]. httpd: the name ends at the first
// colon, so that it cannot be an IPv6 address, and what follows the digits of
// the port is ignored.
func setServerName(c *directive.Call) error {
	v := c.Arg(0)
	if strings.ContainsAny(v, "*?[]") {
		return c.Errorf("Invalid ServerName \"%s\" use ServerAlias to set multiple server names.", v)
	}
	n := Name{Host: v}
	if scheme, rest, ok := strings.Cut(v, "://"); ok {
		n.Scheme, n.Host = ascii.ToLower(scheme), rest
	}
	host, port, ok := strings.Cut(n.Host, ":")
	if ok {
		p := ascii.LeadingInt(port)
		if p < 1 || p > 65535 {
			return c.Errorf("The port number \"%s\" is outside the appropriate range (i.e., 1..65535).", v)
		}
		n.Port, n.Host = uint16(p), host
	}
	serverSlot.Of(c.Server).Name.To(n)
	return nil
}

func setServerAlias(c *directive.Call) error {
	if c.Scope.Kind != directive.KindVirtualHost {
		return c.Errorf("ServerAlias only used in <VirtualHost>")
	}
	s := serverSlot.Of(c.Server)
	s.Aliases = append(s.Aliases, syntax.Words(c.Raw)...)
	return nil
}

func setTokens(c *directive.Call) error {
	w := ascii.ToLower(c.Arg(0))
	for _, t := range tokenWords {
		if w == t.word {
			globalSlot.Of(c.Server).Tokens.To(t.name)
			return nil
		}
	}
	return c.Errorf("ServerTokens takes 1 argument: 'Prod(uctOnly)', 'Major', 'Minor', 'Min(imal)', 'OS', or 'Full'")
}

// setDocumentRoot: httpd refuses one that does not exist in the main server and
// warns about it in a virtual host. Nothing here serves files, so a warning is
// enough.
func setDocumentRoot(c *directive.Call) error {
	dir := c.Path(c.Arg(0))
	if at, err := os.Stat(dir); c.LooksAtFolders() && (err != nil || !at.IsDir()) {
		c.Warn("AH00112: DocumentRoot '%s' is not a directory, or is not readable", dir)
	}
	serverSlot.Of(c.Server).DocumentRoot.To(strings.TrimRight(dir, "/"))
	return nil
}

// forEver means no limit of time.
const forEver = 10 * 365 * 24 * time.Hour

// setTimeout: httpd reads whole seconds and ignores text after them; a negative
// time means no limit.
func setTimeout(c *directive.Call) error {
	d := time.Duration(c.Number(c.Arg(0))) * time.Second
	if d < 0 {
		c.Warn("a negative time is no limit: nothing ends a connection that is silent")
		d = forEver
	}
	if d == 0 && c.Scope.Kind == directive.KindVirtualHost { // httpd: as if it were absent
		serverSlot.Of(c.Server).Timeout = module.Opt[time.Duration]{}
		return nil
	}
	s := serverSlot.Of(c.Server)
	s.Timeout.To(d)
	s.TimeoutPlace = c.Pos().String()
	return nil
}

// setMaxKeepAlive: httpd accepts any number. A negative one closes every
// connection; in a virtual host -1 means the main server's number.
func setMaxKeepAlive(c *directive.Call) error {
	n := c.Number(c.Arg(0))
	if n == -1 && c.Scope.Kind == directive.KindVirtualHost {
		serverSlot.Of(c.Server).MaxKeepAlive = module.Opt[int]{}
		return nil
	}
	serverSlot.Of(c.Server).MaxKeepAlive.To(n)
	return nil
}

func setKeepAliveTimeout(c *directive.Call) error {
	d, ok := ascii.ParseTimeout(c.Arg(0), time.Second)
	if !ok || d < 0 {
		return c.Errorf("KeepAliveTimeout has wrong format")
	}
	serverSlot.Of(c.Server).KeepAliveTimeout.To(d)
	return nil
}

func setLimitBody(c *directive.Call) error {
	n, err := c.Bytes(c.Arg(0))
	if err != nil {
		return err
	}
	dirSlot.Of(c.Dir).LimitBody.To(n)
	return nil
}

// setProtocolOptions accepts what is strict and refuses what would be more
// lenient.
func setProtocolOptions(c *directive.Call) error {
	given := map[string]bool{}
	for _, w := range c.Args {
		given[ascii.ToLower(w)] = true
		for _, pair := range [][2]string{{"Strict", "Unsafe"}, {"RegisteredMethods", "LenientMethods"}, {"Allow0.9", "Require1.0"}} {
			if given[ascii.ToLower(pair[0])] && given[ascii.ToLower(pair[1])] {
				return c.Errorf("HttpProtocolOptions '%s' and '%s' are mutually exclusive", pair[0], pair[1])
			}
		}
		switch ascii.ToLower(w) {
		case "strict", "require1.0":
		case "lenientmethods":
			serverSlot.Of(c.Server).RegisteredOnly.To(false)
		case "registeredmethods":
			serverSlot.Of(c.Server).RegisteredOnly.To(true)
		case "allow0.9":
			c.Note("HTTP/0.9 requests are refused in any case")
		case "unsafe":
			c.Warn("requests are parsed strictly in any case: the leniency of Unsafe is what request smuggling uses")
		default:
			return c.Errorf("HttpProtocolOptions accepts 'Unsafe' or 'Strict' (default), 'RegisteredMethods' or 'LenientMethods' (default), and 'Require1.0' or 'Allow0.9' (default)")
		}
	}
	return nil
}

func setErrorLog(c *directive.Call) error {
	s := serverSlot.Of(c.Server)
	s.ErrorLog.To(logsink.Place(c.Arg(0), c.Path("."), false))
	s.ErrorLogPos = c.Pos()
	return nil
}

func setErrorLogFormat(c *directive.Call) error {
	f := &serverSlot.Of(c.Server).Formats
	kind, text := "", c.Arg(0)
	var list *[]*logsink.ErrorFormat
	if len(c.Args) > 1 {
		kind, text = c.Arg(0), c.Arg(1)
	}
	switch {
	case kind == "":
	case ascii.EqualFold(kind, "connection"):
		list = &f.Connection
	case ascii.EqualFold(kind, "request"):
		list = &f.Request
	default:
		return c.Errorf("ErrorLogFormat type must be one of request, connection")
	}
	format, err := logsink.ParseErrorFormat(text, list == nil)
	if err == nil && list != nil && format.Message() {
		return c.Errorf("%%M cannot be used in once-per-request or once-per-connection formats")
	}
	if err != nil {
		return c.Errorf("%w", err)
	}
	if list != nil {
		*list = append(*list, format)
	} else {
		f.Main = format
	}
	return nil
}

func setLogLevel(c *directive.Call) error {
	server := c.Scope.Kind.Server()
	base := logsink.Levels{Default: logsink.Unset}
	if server {
		if l := serverSlot.Of(c.Server).Levels; l != nil {
			base = *l
		}
	} else if l := dirSlot.Of(c.Dir).Levels; l != nil {
		base = *l
	}
	l, err := logsink.ParseLogLevel(c.Args, base)
	if err != nil {
		return c.Errorf("%w", err)
	}
	for _, w := range c.Args {
		if name, _, ok := strings.Cut(w, ":"); ok && !c.HasModule(name) {
			return c.Errorf("Cannot find module %s", name)
		}
	}
	if server {
		serverSlot.Of(c.Server).Levels = &l
	} else {
		dirSlot.Of(c.Dir).Levels = &l
	}
	return nil
}

func setErrorDocument(c *directive.Call) error {
	code := c.Number(c.Arg(0))
	if wire.StatusText(code) == "" { // httpd: any status it knows, 200 among them
		return c.Errorf("Unsupported HTTP response code %s", c.Arg(0))
	}
	if code == 401 && isURL(c.Arg(1)) {
		c.Warn("cannot use a full URL in a 401 ErrorDocument directive --- ignoring!")
		return nil
	}
	d := dirSlot.Of(c.Dir)
	if d.ErrorDocs == nil {
		d.ErrorDocs = make(map[int]exchange.ErrorDoc)
	}
	doc, err := errorDoc(c.Arg(1), c.Scope.Untrusted())
	if err != nil {
		return c.Errorf("Cannot parse expression '%s' in ErrorDocument: %w", c.Arg(1), err)
	}
	doc.Line = c.Line()
	d.ErrorDocs[code] = doc
	return nil
}

// errorDoc distinguishes a URL, a local path and a text as httpd does; a text
// may begin with a quote that the old syntax left unclosed.
func errorDoc(v string, untrusted bool) (doc exchange.ErrorDoc, err error) {
	switch {
	case ascii.EqualFold(v, "default"):
		return doc, nil
	case strings.HasPrefix(v, "/"):
		doc.Form = exchange.DocPath
	case isURL(v):
		doc.Form = exchange.DocURL
	default:
		v = strings.TrimPrefix(v, `"`)
	}
	doc.Value, err = expr.ParseString(v, expr.Options{Restricted: untrusted})
	return doc, err
}

func isURL(v string) bool {
	i := strings.Index(v, "://")
	return i > 0 && !strings.ContainsAny(v[:i], " /\t")
}
