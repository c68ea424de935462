package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/expr"
)

// exprGroup is the generated group "exprs": every variable and every function
// of the expression language, in every place where an expression is allowed. A
// place shows the values as one line NAME=VALUE each, so that a difference
// names the variable.
func exprGroup() (*group, error) {
	cases, err := parseCases(strings.ReplaceAll(exprCases, "@conditions@", strconv.Itoa(len(exprAtLog))))
	return &group{
		name: "exprs", conf: exprConf(), cases: cases, split: exprSplit,
		files: map[string]string{"htdocs/local/here.txt": "here\n", "htdocs/v/local/here.txt": "here\n", "htdocs/local/dir/in.txt": "in\n", "data": "0123456789"},
	}, err
}

const (
	exprSplit = " ~~ "
	anything  = `(?s)^(.*)$`
)

// exprVar is a variable and the pattern for the part of its value that is the
// same in every run; a value that the pattern does not match shows as "-".
type exprVar struct{ name, pattern string }

func exprVars() (vs []exprVar) {
	shapes := map[string]string{
		"REMOTE_PORT": `^\d{4,5}()$`, "SERVER_SOFTWARE": `^[AH]\w+/.*()`,
		"TIME_YEAR": `^(20)\d\d$`, "TIME_MON": `^[01]\d()$`, "TIME_DAY": `^[0-3]\d()$`, "TIME_HOUR": `^[0-2]\d()$`,
		"TIME_MIN": `^[0-5]\d()$`, "TIME_SEC": `^[0-6]\d()$`, "TIME_WDAY": `^[0-6]()$`, "TIME": `^(20)\d{12}$`,
		"REQUEST_LOG_ID": `^\S{1,16}()$`,
	}
	for v := expr.Var(0); v.String() != "?"; v++ {
		if v == expr.ConnLogID {
			continue // connections have no ids here: log-ids in differences.md
		}
		pattern, ok := shapes[v.String()]
		if !ok {
			pattern = anything
		}
		vs = append(vs, exprVar{v.String(), pattern})
	}
	for _, name := range []string{"ACCEPT", "COOKIE", "FORWARDED", "HOST", "PROXY_CONNECTION", "REFERER", "USER_AGENT"} {
		vs = append(vs, exprVar{"HTTP_" + name, anything})
	}
	return vs
}

// exprCalls are calls of all functions, each with a name to show it under.
var exprCalls = []struct{ name, call string }{
	{"req", "req:X-A"}, {"req-none", "req:X-None"}, {"req-twice", "req:X-Twice"}, {"http", "http:X-A"}, {"req_novary", "req_novary:X-A"},
	{"resp", "resp:X-Out"}, {"resp-type", "resp:Content-Type"}, {"resp-length", "resp:Content-Length"}, {"resp-location", "resp:Location"},
	{"reqenv", "reqenv:SET"}, {"reqenv-none", "reqenv:NONE"}, {"reqenv-redirect", "reqenv:REDIRECT_SET"},
	{"reqenv-status", "reqenv:REDIRECT_STATUS"}, {"reqenv-url", "reqenv:REDIRECT_URL"}, {"reqenv-query", "reqenv:REDIRECT_QUERY_STRING"},
	{"reqenv-redirect-method", "reqenv:REDIRECT_REQUEST_METHOD"}, {"reqenv-notes", "reqenv:REDIRECT_ERROR_NOTES"},
	{"osenv", "osenv:HG_NONE"}, {"env", "env:SET"}, {"env-none", "env:HG_NONE"}, {"note", "note:NONE"},
	{"tolower", "tolower:AbC"}, {"toupper", "toupper:AbC"}, {"escape", "escape:a b/%"}, {"unescape", "unescape:a%20b%2f"}, {"unescape-bad", "unescape:a%2"},
	{"base64", "base64:ab"}, {"unbase64", "unbase64:YWI="}, {"md5", "md5:ab"}, {"sha1", "sha1:ab"}, {"ldap", "ldap:a*b"},
	{"file", "file:${dir}/data"}, {"filesize", "filesize:${dir}/data"}, {"filesize-none", "filesize:${dir}/none"},
}

// exprShown is everything that a place shows: a name, its text, and
// the pattern.
func exprShown() (all [][3]string) {
	for _, v := range exprVars() {
		all = append(all, [3]string{v.name, "%{" + v.name + "}", v.pattern})
	}
	for _, c := range exprCalls {
		all = append(all, [3]string{c.name, "%{" + c.call + "}", anything})
	}
	return all
}

// setters are SetEnvIfExpr lines that put every value into a variable of the
// place.
func setters(place string) string {
	var b strings.Builder
	for _, s := range exprShown() {
		if place == "again" && s[0] == "REQUEST_LOG_ID" {
			continue // here it has the value of the original request: log-ids in differences.md
		}
		fmt.Fprintf(&b, "SetEnvIfExpr \"%s =~ m#%s#\" \"%s.%s=[$1]\"\n", s[1], s[2], place, s[0])
	}
	return b.String()
}

// loggedPlace is a log format that shows the variables that a place has set.
func loggedPlace(p string) string {
	var b strings.Builder
	b.WriteString(`%>s %s`)
	for _, s := range exprShown() {
		fmt.Fprintf(&b, "%s%s=%%{%s.%s}e", exprSplit, s[0], p, s[0])
	}
	return b.String()
}

// texts is an error document that shows every value that does not change from
// run to run.
func texts() string {
	var b strings.Builder
	b.WriteString("text")
	for _, s := range exprShown() {
		if s[2] == anything {
			fmt.Fprintf(&b, "%s%s=[%s]", exprSplit, s[0], s[1])
		}
	}
	return b.String()
}

// same is a condition that is true when every value is still the one that the place saw.
func same(place string, but ...string) string {
	var parts []string
	for _, s := range exprShown() {
		if s[2] == anything && !slices.Contains(but, s[0]) {
			parts = append(parts, fmt.Sprintf("'[%s]' == reqenv('%s.%s')", s[1], place, s[0]))
		}
	}
	return strings.Join(parts, " && ")
}

// exprConf is the configuration of the group.
func exprConf() string {
	places := []string{"server", "vhost", "dir", "files", "location", "proxy", "again"}
	var pairs []string
	var logs strings.Builder
	for _, p := range places {
		pairs = append(pairs, "@set:"+p+"@", setters(p))
		fmt.Fprintf(&logs, "CustomLog \"${dir}/access.log\" \"%s\" env=show-%s\n", loggedPlace(p), p)
	}
	for _, cond := range exprAtLog {
		for _, way := range [][2]string{{"yes", ""}, {"no", "!"}} {
			fmt.Fprintf(&logs, "CustomLog \"${dir}/access.log\" \"%%s %s: %s\" \"expr=-n req('X-Cond') && %s(%s)\"\n",
				way[0], strings.ReplaceAll(cond, "%", "%%"), way[1], cond)
		}
	}
	var ifs strings.Builder
	fmt.Fprintf(&logs, "CustomLog \"${dir}/access.log\" \"%%>s")
	for i, cond := range exprInIf {
		fmt.Fprintf(&ifs, "<If \"%s\">\nSetEnvIf Host . if%d=yes\n</If>\n", cond, i)
		fmt.Fprintf(&logs, "%s%%{if%d}e %s", exprSplit, i, strings.ReplaceAll(cond, "%", "%%"))
	}
	logs.WriteString("\" env=show-if\n")
	pairs = append(pairs, "@ifs@", ifs.String(), "@logs@", logs.String(), "@texts@", texts(), "@same@", same("location"))
	return strings.NewReplacer(pairs...).Replace(exprTemplate)
}

// exprAtLog are conditions of CustomLog.
var exprAtLog = []string{
	"%{REQUEST_STATUS} == '200'", "%{REQUEST_STATUS} == '403'", "%{REQUEST_STATUS} -ge 400", "%{CONTENT_TYPE} == 'text/plain'",
	"-z %{CONTENT_TYPE}", "%{HANDLER} == 'proxy-server'", "%{REQUEST_URI} =~ m#^/local#", "%{DOCUMENT_URI} == %{REQUEST_URI}",
	"%{QUERY_STRING} == 'q=1'", "-z resp('X-Out')", "resp('X-Out') == 'out'", "reqenv('REDIRECT_STATUS') == '403'", "-n %{REQUEST_FILENAME}",
	"%{IS_SUBREQ} == 'true'", "%{THE_REQUEST} =~ /^GET/", "%{REQUEST_METHOD} == 'GET'",
}

// exprInIf are conditions of <If>. The true ones are logged.
var exprInIf = []string{
	"%{REQUEST_URI} == '/local/if/x.txt'", "%{DOCUMENT_URI} == %{REQUEST_URI}", "%{QUERY_STRING} == 'q=1'", "%{THE_REQUEST} =~ /if/",
	"-n %{REQUEST_FILENAME}", "%{REQUEST_FILENAME} =~ m#^proxy:http://#", "%{REQUEST_FILENAME} =~ m#/htdocs/local/if$#",
	"-n %{SCRIPT_USER}", "%{PATH_INFO} == '/x.txt'", "%{HANDLER} == 'proxy-server'", "%{REQUEST_STATUS} == 200", "-n %{CONTENT_TYPE}",
	"reqenv('SET') == 's'", "-n reqenv('location.REQUEST_URI')", "-n reqenv('server.REQUEST_URI')", "req('X-A') == 'a'", "%{SERVER_NAME} == 'a.test'",
	"%{REMOTE_ADDR} -ipmatch '127.0.0.0/8'", "-n %{CONTEXT_DOCUMENT_ROOT}", "%{IS_SUBREQ} == 'false'", "%{LAST_MODIFIED} == '19700101000000'",
	"-n reqenv('REDIRECT_STATUS')", "-n %{HTTP_HOST}",
}

const exprTemplate = `ServerAdmin admin@a.test
SetEnvIf Host . SET=s
@set:server@
@logs@
<Location />
    SetEnvIf X-Show ^server$ show-server
    SetEnvIf X-Show ^vhost$ show-vhost
    SetEnvIf X-Show ^dir$ show-dir
    SetEnvIf X-Show ^files$ show-files
    SetEnvIf X-Show ^location$ show-location
    SetEnvIf X-Show ^proxy$ show-proxy
    SetEnvIf X-Show ^again$ show-again
    SetEnvIf X-Show ^if$ show-if
    SetEnvIf Host . SET=s
    @set:location@
</Location>
<Directory "${dir}/htdocs/local/dir">
    @set:dir@
</Directory>
<Files in.txt>
    @set:files@
</Files>
<Proxy "http://127.0.0.1:${o1}/*">
    @set:proxy@
</Proxy>
<Location /local>
    Require all denied
</Location>
<Location /local/same>
    Require expr @same@
</Location>
<Location /p/same>
    Require expr @same@
</Location>
<Location /local/deny>
    Require all denied
</Location>
<Location /p/deny>
    Require all denied
</Location>
<Location /local/deny/text>
    ErrorDocument 403 "@texts@"
</Location>
<Location /p/deny/text>
    ErrorDocument 403 "@texts@"
</Location>
<Location /dead/text>
    ErrorDocument 503 "@texts@"
</Location>
<LocationMatch "^/local/none(/text)?$">
    Require all granted
</LocationMatch>
<Location /local/none/text>
    ErrorDocument 404 "@texts@"
</Location>
<Location /local/deny/path>
    ErrorDocument 403 /err/p%{REQUEST_URI}?s=%{REQUEST_STATUS}&u=%{escape:%{REQUEST_URI}}&q=%{QUERY_STRING}
</Location>
<Location /local/deny/url>
    ErrorDocument 403 http://u.test%{REQUEST_URI}?s=%{REQUEST_STATUS}&u=%{escape:%{REQUEST_URI}}&h=%{HTTP_HOST}
</Location>
<LocationMatch "/if(/|$)">
    @ifs@
</LocationMatch>
<Location /local/deny/path/if>
    ErrorDocument 403 /err/if?s
</Location>
<Location /err>
    @set:again@
</Location>
ErrorDocument 400 "@texts@"
ProxyPass /local !
ProxyPass /dead http://127.0.0.1:${dead}/
ProxyPass /p http://127.0.0.1:${o1}/b
ProxyPass /err http://127.0.0.1:${o2}/err
<VirtualHost *:*>
    ServerName www.test
</VirtualHost>
<VirtualHost *:*>
    ServerName v.test:8443
    ServerAdmin vhost@a.test
    UseCanonicalName On
    DocumentRoot "${dir}/htdocs/v"
    @set:vhost@
    ProxyPass /v http://127.0.0.1:${o1}/v
</VirtualHost>
`

// exprCases are the requests. X-Show names the place whose values are logged;
// with X-Cond, the conditions of CustomLog that are true.
const exprCases = `= post-read noprobe
> GET /local/%68ere.txt?q=1&r=%41
Host: A.test:99
X-Show: server
X-A: a
X-Twice: 1
X-Twice: 2
Cookie: c=d
Referer: http://r.test/
Accept: */*
User-Agent: ua
> PUT //p/%7e/./x//y?q=1
X-Show: server
> GET /local/here.txt?
Host: V.test
X-Show: vhost
> GET http://B.test:81/p/x?q
Host: Other.test
X-Show: server
= post-read-absolute-root noprobe
> GET http://B.test?q HTTP/1.0
X-Show: server
= options lines=0 noprobe
> OPTIONS *
= location noprobe
> GET /local/%68ere.txt?q=1&r=%41
Host: A.test:99
X-Show: location
X-A: a
X-Twice: 1
X-Twice: 2
Cookie: c=d
> GET /local/none/%68ere.txt/x
X-Show: location
> GET /local/here.txt/a/b
X-Show: location
> GET /local/dir
X-Show: location
> GET /local/dir/
X-Show: location
> GET /p/%7e/./x//y?q=1
X-Show: location
> GET /v/x?
Host: V.test
X-Show: location
> GET /local/here.txt
Host: V.test
X-Show: location
= directory-files-proxy noprobe
> GET /local/dir/in.txt
X-Show: dir
> GET /local/dir/in.txt
X-Show: files
> GET /p/x?q=1
X-Show: proxy
= require-same lines=0 noprobe
> GET /local/same/x?q=1
> GET /p/same/x?q=1
= text-403 lines=0 noprobe
> GET /local/deny/text/%7e?q=1
X-A: a
> PUT /p/deny/text/%7e?q=1
X-A: a
= text-404 lines=0 noprobe
> GET /local/none/text
= text-503 lines=0 noprobe
> GET /dead/text/x?q=1
= text-400 lines=0 noprobe
> GET /local/%zz?q=1
= text-400-malformed lines=0 noprobe
raw "GET /local/x?q=1 HTTP/1.1\r\nHost: a.test\r\nX(A: 1\r\n\r\n"
= text-400-no-host lines=0 noprobe
raw "GET /local/x?q=1 HTTP/1.1\r\nX-A: 1\r\n\r\n"
= path-403 lines=0 noprobe
> GET /local/deny/path/%7e?q=1
= url-403 lines=0 noprobe
> GET /local/deny/url/%7e?q=1
= path-403-again noprobe
> PUT /local/deny/path/x?q=1
X-Show: again
= if noprobe
> GET /local/if/x.txt?q=1
X-Show: if
X-A: a
> GET /p/if/x?q=1
X-Show: if
> GET /local/deny/path/if
X-Show: if
= at-log lines=@conditions@ noprobe
> GET /p/x?q=1
X-Cond: 1
> GET /local/deny/x?q=1
X-Cond: 1
> GET /local/deny/path/x?q=1
X-Cond: 1
`
