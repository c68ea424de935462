package labels

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/rx"
)

// fixedHeaders are the options of headers that set one field of responses to the value of the option.
var fixedHeaders = map[string]string{
	"customframeoptionsvalue":         "X-Frame-Options",
	"custombrowserxssvalue":           "X-XSS-Protection",
	"contentsecuritypolicy":           "Content-Security-Policy",
	"contentsecuritypolicyreportonly": "Content-Security-Policy-Report-Only",
	"referrerpolicy":                  "Referrer-Policy",
	"permissionspolicy":               "Permissions-Policy",
	"featurepolicy":                   "Feature-Policy",
	"publickey":                       "Public-Key-Pins",
}

// switchedHeaders are those that set a field to a fixed value.
var switchedHeaders = map[string][2]string{
	"framedeny":          {"X-Frame-Options", "DENY"},
	"contenttypenosniff": {"X-Content-Type-Options", "nosniff"},
	"browserxssfilter":   {"X-XSS-Protection", "1; mode=block"},
}

// framing are fields that say how a message is transported: a label must not touch them.
var framing = []string{"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive", "proxy-connection", "expect"}

func headers(m *reader) (e effect) {
	for _, p := range m.o.opts {
		name, sub, nested := strings.Cut(strings.TrimPrefix(p.key, "headers."), ".")
		switch {
		case p.f.judged:
		case nested && name == "customrequestheaders":
			m.custom(&e, p.f, sub, "RequestHeader")
		case nested && name == "customresponseheaders":
			m.custom(&e, p.f, sub, "Header")
		case fixedHeaders[name] != "":
			m.set(&e, p.f, "Header", fixedHeaders[name], p.f.value)
		case switchedHeaders[name][0] != "":
			h := switchedHeaders[name]
			if m.flag(name, "Header set "+h[0]) && !(name == "framedeny" && m.option("customframeoptionsvalue") != nil) {
				m.set(&e, p.f, "Header", h[0], h[1])
			}
		case name == "allowedhosts":
			e.protective = true
			m.fail(p.f, "the hosts of a router are those of its rule")
		case name == "isdevelopment":
			m.fail(p.f, "there is no mode for development")
		case slices.Contains([]string{"hostsproxyheaders", "sslproxyheaders"}, name):
			p.f.harmless("whether the client came by TLS is known from its connection")
		}
	}
	m.transport(&e)
	m.crossOrigin(&e)
	return e
}

// custom sets a field, or removes it where the value is empty.
func (m *reader) custom(e *effect, f *field, folded, directive string) {
	name := f.name[len(f.name)-len(folded):] // as it was written
	if err := checkToken(name); err != nil {
		m.o.fs.refuse(f, "%v", err)
		return
	}
	if slices.Contains(framing, ascii.ToLower(name)) {
		m.o.fs.refuse(f, "the field %s says how the message is transported", name)
		return
	}
	if f.value == "" {
		e.section = append(e.section, directive+" unset "+name)
		f.ok("%s unset", directive)
		return
	}
	m.set(e, f, directive, name, f.value)
}

func (m *reader) set(e *effect, f *field, directive, name, value string) {
	v, err := fieldValue(value)
	if err != nil {
		m.o.fs.refuse(f, "%v", err)
		return
	}
	e.section = append(e.section, directive+" set "+name+" "+v)
	f.ok("%s set %s", directive, name)
}

// transport is what has to do with TLS: Strict-Transport-Security, and redirects to https.
func (m *reader) transport(e *effect) {
	if f := m.option("stsseconds"); f != nil {
		n, err := strconv.ParseUint(f.value, 10, 40)
		if err != nil {
			m.o.fs.refuse(f, "%q is no number of seconds", clip(f.value))
		} else {
			v := "max-age=" + strconv.FormatUint(n, 10)
			if m.flag("stsincludesubdomains", "Header set Strict-Transport-Security") {
				v += "; includeSubDomains"
			}
			if m.flag("stspreload", "Header set Strict-Transport-Security") {
				v += "; preload"
			}
			line := "Header set Strict-Transport-Security " + quote(v)
			switch {
			case n == 0:
			case m.flag("forcestsheader", "also without TLS"):
				e.section = append(e.section, line)
			default:
				e.overTLS = append(e.overTLS, line)
			}
			f.ok("Header set Strict-Transport-Security, where the client came by TLS")
		}
	}
	for _, name := range []string{"stsincludesubdomains", "stspreload", "forcestsheader"} {
		if f := m.option(name); f != nil && !f.judged {
			f.harmless("without stsseconds there is no Strict-Transport-Security")
		}
	}
	temporary := m.flag("ssltemporaryredirect", "302 and 307 in place of 301 and 308")
	if m.flag("sslredirect", "RewriteRule with [R], at virtual hosts without TLS") {
		e.scheme = &schemeEffect{scheme: "https", permanent: !temporary}
		if h := m.value("sslhost", "the host in the URL of RewriteRule with [R]"); h != "" {
			name, err := hostName(h)
			if err != nil {
				m.need("sslhost", "%v", err)
			}
			e.scheme.host = name
		}
	}
	if f := m.option("sslhost"); f != nil && !f.judged {
		f.harmless("without sslredirect nobody is sent there")
	}
	if m.flag("sslforcehost", "no more than sslredirect says") {
		m.need("sslforcehost", "redirectRegex sends clients to another host")
	}
}

// crossOrigin translates the Access-Control fields. The service responds to preflight requests.
func (m *reader) crossOrigin(e *effect) {
	vary := m.flag("addvaryheader", "Header merge Vary Origin")
	if vary {
		e.section = append(e.section, `Header merge Vary "Origin"`)
	}
	m.origins(e)
	for _, h := range [][2]string{
		{"accesscontrolallowheaders", "Access-Control-Allow-Headers"},
		{"accesscontrolallowmethods", "Access-Control-Allow-Methods"},
		{"accesscontrolexposeheaders", "Access-Control-Expose-Headers"},
	} {
		f := m.option(h[0])
		if f == nil {
			continue
		}
		v, err := fieldValue(strings.Join(list(f.value), ","))
		if err != nil {
			m.o.fs.refuse(f, "%v", err)
			continue
		}
		e.section = append(e.section, "Header set "+h[1]+" "+v)
		f.mapped("Header set %s; preflight requests go to the service", h[1])
	}
	if m.flag("accesscontrolallowcredentials", "Header set Access-Control-Allow-Credentials") {
		e.section = append(e.section, `Header set Access-Control-Allow-Credentials "true"`)
	}
	if f := m.option("accesscontrolmaxage"); f != nil {
		if n, err := strconv.ParseUint(f.value, 10, 32); err != nil {
			m.o.fs.refuse(f, "%q is no number of seconds", clip(f.value))
		} else {
			e.section = append(e.section, fmt.Sprintf(`Header set Access-Control-Max-Age "%d"`, n))
			f.mapped("Header set Access-Control-Max-Age; preflight requests go to the service")
		}
	}
}

// origins sets Access-Control-Allow-Origin where the origin of the request is allowed.
func (m *reader) origins(e *effect) {
	var patterns []string
	if f := m.option("accesscontrolalloworiginlist"); f != nil {
		f.mapped("Header set Access-Control-Allow-Origin; preflight requests go to the service")
		for _, o := range list(f.value) {
			if o == "*" {
				e.section = append(e.section, `Header set Access-Control-Allow-Origin "*"`)
				continue
			}
			patterns = append(patterns, "^"+regexQuote(o)+"$")
		}
	}
	if f := m.option("accesscontrolalloworiginlistregex"); f != nil {
		f.mapped("Header set Access-Control-Allow-Origin; preflight requests go to the service")
		for _, o := range list(f.value) {
			if _, err := compile(o, rx.Flags(0)); err != nil {
				m.o.fs.refuse(f, "%v", err)
				return
			}
			patterns = append(patterns, o)
		}
	}
	if patterns == nil {
		return
	}
	test, err := matching("%{req:Origin}", joinPatterns(patterns), "")
	if err != nil {
		m.fail(nil, "%v", err)
		return
	}
	e.section = append(e.section, `Header set Access-Control-Allow-Origin "expr=%{req:Origin}" `+quote("expr="+test))
}
