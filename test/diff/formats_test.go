package diff

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// formatSeed seeds the combinations of modifiers; a new one needs a new record.
const formatSeed = 20

// formatLetters are the directives of LogFormat with the arguments that mean
// something to them, and some that do not.
var formatLetters = []struct {
	letter string
	args   []string
}{
	{"a", []string{"", "c", "x"}}, {"A", []string{"", "c"}}, {"b", []string{""}}, {"B", []string{"", "x"}},
	{"C", []string{"c", "C", "none", "", "empty", "two words", "q"}}, {"D", []string{"", "ms"}},
	{"e", []string{"SET", "set", "NONE", "", "BALANCER_WORKER_NAME", "BALANCER_NAME", "BALANCER_SESSION_ROUTE", "BALANCER_ROUTE_CHANGED",
		"BALANCER_WORKER_ROUTE", "BALANCER_SESSION_STICKY"}},
	{"f", []string{"", "x"}}, {"h", []string{"", "c"}}, {"H", []string{"", "x"}},
	{"i", []string{"Host", "host", "X-A", "X-Twice", "X-None", "", "Referer", "User-Agent", "Cookie", "Content-Length", "Authorization"}},
	{"I", []string{"", "x"}}, {"k", []string{""}}, {"l", []string{"", "x"}}, {"L", []string{""}}, {"m", []string{""}},
	{"n", []string{"NONE", "", "proxy-status", "session-route", "session-sticky", "proxy-source-port", "error-notes", "uds_path", "PROXY-STATUS"}},
	{"o", []string{"Content-Type", "content-type", "Content-Length", "Set-Cookie", "X-Out", "X-Twice", "X-None", "", "Location", "Transfer-Encoding", "Connection", "WWW-Authenticate", "ETag", "Keep-Alive", "Date", "Server"}},
	{"O", []string{""}}, {"p", []string{"", "canonical", "local", "remote", "Local", "x"}},
	{"P", []string{"", "pid", "tid", "hextid", "PID", "x"}}, {"q", []string{"", "x"}}, {"r", []string{""}}, {"R", []string{""}},
	{"s", []string{"", "x"}}, {"S", []string{""}},
	{"t", []string{"", "sec", "msec", "usec", "msec_frac", "usec_frac", "begin", "end", "begin:", "end:", "begin:sec", "end:msec", "end:usec_frac",
		"begin:%Y", "end:%d/%b/%Y %T", "%Y-%m-%dT%H:%M:%S%z", "%s", "%A %B %j %U %w", "%e|%k|%l|%p|%r", "%%", "begin:%X", "xbegin:%H", "SEC", "%3N",
		"%d/%b/%Y %H:%M:%S.msec_frac", "beginning", "begin:end:sec", "%c"}},
	{"T", []string{"", "s", "ms", "us", "MS", "x", "m"}}, {"u", []string{"", "x"}}, {"U", []string{"", "x"}}, {"v", []string{""}}, {"V", []string{""}},
	{"x", []string{"SSL_PROTOCOL", "HTTPS", "SSL_NONE", "", "SSL_TLS_SNI", "SSL_SERVER_S_DN_CN", "SSL_CIPHER_USEKEYSIZE", "SSL_CLIENT_VERIFY", "ssl_protocol"}},
	{"c", []string{"version", "cipher", "subjectdn", "issuerdn", "errcode", "errstr", "x", "", "Version", "clientcert", "cacert"}},
	{"X", []string{"", "x"}}, {"^FB", []string{"", "x"}}, {"^ti", []string{"X-T", "x-t", "NONE", "", "X-TT"}}, {"^to", []string{"X-T", "NONE", "", "X-O"}},
}

// formatModifiers precede or follow an argument.
var formatModifiers = []string{
	">", "<", "200", "!200", "200,304", "!404,500", "403,404,503", "!403", "><", "<>", ",", "!", "!!200", "200!", "0", "0200", "200,,404", ">403", "503<", "99999999999999999999",
}

// formatTexts are literal texts with escapes, and oddities of the grammar. A format
// that names a line end would end the line of the log.
var formatTexts = []string{
	`%%`, `%%%%`, `a\tb`, `\\`, `\x`, `\q`, `%{X-A}}i`, `%{X-A}}}i`, `%{a{b}i`, `%{X-A}{Host}i`, `%{X-A}i%{Host}i`, `%s%>s%<s`, `[%s]`, `%200{X-A}i`,
	`%{X-A}200i`, `%{X-A}>i`, `%!200>s`, `%>!200s`, `%s%%s`, `%b%B`, `\\\\`, `\"`, `'`, `€`, `%{X-€}i`, `%{ X-A }i`, `%{X-A:1}i`, `%m%U%q%H`,
}

// formatsShown returns all formats of the generated groups: each letter with each
// argument, combinations with modifiers, and texts.
func formatsShown(tls bool) (all []string) {
	random := rand.New(rand.NewPCG(formatSeed, 1))
	for _, l := range formatLetters {
		if !tls && (l.letter == "x" || l.letter == "c") {
			continue // httpd: mod_ssl's
		}
		for _, arg := range l.args {
			if arg == "" {
				all = append(all, "%"+l.letter)
			} else {
				all = append(all, "%{"+arg+"}"+l.letter)
			}
		}
		for range 4 {
			arg := l.args[random.IntN(len(l.args))]
			if arg != "" {
				arg = "{" + arg + "}"
			}
			before, after := formatModifiers[random.IntN(len(formatModifiers))], ""
			if random.IntN(3) == 0 {
				after = formatModifiers[random.IntN(len(formatModifiers))]
			}
			all = append(all, "%"+before+arg+after+l.letter)
		}
	}
	return append(all, formatTexts...)
}

// unstable matches formats whose values differ from run to run or from one server
// to the other by nature: times, ids of processes, what pages and heads count.
var unstable = regexp.MustCompile(`(\^FB|[tDTPLIOS]|\{remote\}.*p|source-port\}.*n)$`)

var hexNumber = regexp.MustCompile(`[0-9a-f]+`)

var numbers, words = regexp.MustCompile(`\s*[0-9]+`), regexp.MustCompile(`[A-Za-z]{2,}`)

// maskedFormat replaces the part of a value that is not the same in every run.
func maskedFormat(format, value string) string {
	if !unstable.MatchString(format) || strings.HasSuffix(format, "^FB") && value == "-" {
		return value
	}
	if strings.Contains(format, "hextid") {
		return hexNumber.ReplaceAllString(value, "#")
	}
	if strings.HasSuffix(format, "L") && len(value) > 1 {
		return "<id>"
	}
	value = numbers.ReplaceAllString(value, "#")
	if strings.HasSuffix(format, "}t") || strings.HasSuffix(format, "t") {
		value = words.ReplaceAllString(value, "aa")
		value = strings.ReplaceAll(value, "-#", "+#") // the zone
	}
	return value
}

// formatGroups are generated groups: every format for requests that end in
// different ways.
func formatGroups() ([]*group, error) {
	var gs []*group
	for _, g := range []struct{ name, conf, cases string }{
		{"logformats", formatConf, formatCases},
		{"logformats-tls", formatTLSConf, formatTLSCases},
	} {
		cases, err := parseCases(g.cases)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		gs = append(gs, &group{
			name: g.name, conf: g.conf + "\nCustomLog \"${dir}/access.log\" \"" + formatLine(g.conf == formatTLSConf) + "\"\n", cases: cases, split: exprSplit,
			files: map[string]string{"htdocs/local/503.txt": "down\n",
				"users": "bob:$apr1$xyzzyabc$0sbu5Tcg1h9WUWftssXaM0\n"},
			value: maskedFormat,
		})
	}
	return gs, nil
}

// formatLine is the format that shows them all, quoted for a configuration.
func formatLine(tls bool) string {
	var b strings.Builder
	b.WriteString(`%>s`)
	for _, f := range formatsShown(tls) {
		shown := strings.NewReplacer("%", "%%", `\`, `\\`).Replace(f)
		b.WriteString(exprSplit + shown + "=[" + f + "]")
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(b.String())
}

const formatConf = `
UseCanonicalName Off
SetEnvIf X-Set (.+) SET=$1
<Location /basic>
    AuthType Basic
    AuthName r
    AuthBasicProvider file
    AuthUserFile "${dir}/users"
    Require valid-user
</Location>
<Location /local/denied>
    Require all denied
</Location>
<Location /ttfb>
    LogIOTrackTTFB On
</Location>
<Proxy balancer://b>
    BalancerMember http://127.0.0.1:${o1} route=r1
    BalancerMember http://127.0.0.1:${o2} route=r2
    ProxySet stickysession=SID
</Proxy>
<Location /trailers>
    SetEnv proxy-sendcl 1
</Location>
ErrorDocument 503 /local/503.txt?why=503
ErrorDocument 403 /p/forbidden
ErrorDocument 400 "bad"
ErrorDocument 401 "who"
ErrorDocument 404 "text"
ProxyPass /local !
ProxyPass /dead http://127.0.0.1:${dead}/
ProxyPass /b balancer://b
ProxyPass / http://127.0.0.1:${o1}/
<VirtualHost *:*>
    ServerName www.test
</VirtualHost>
<VirtualHost *:*>
    ServerName https://v.test:8443
    UseCanonicalName On
</VirtualHost>
`

const formatCases = `= proxied noprobe
origin o1 respond 200 -h 'X-Out: "oé' -h 'X-Twice: 1' -h 'X-Twice: 2' -h 'Set-Cookie: a=b' -h 'Set-Cookie: c=d; Path=/' -h 'Content-Type: text/html; charset=utf-8' 'body "of" it'
> GET /a%20b/%68?c=d&e=%41
X-A: "quoted" back\slash
Cookie: c=d; empty=; q="x"; two words=1; C=e
Referer: http://r.test/?"
User-Agent: ua	tab
X-Set: a"b
= bytes noprobe
raw "GET /\\x HTTP/1.1\r\nHost: A.test:99\r\nX-A: a\xe9\xc3\xa9\tb \r\n\r\n"
= empty-values noprobe
> GET /?
X-A:
Cookie: c=
= post noprobe
origin o1 respond 201 -h 'Location: http://127.0.0.1/x' ''
> POST /p?

12345
= head noprobe
> HEAD /p
= not-modified noprobe
origin o1 head 304 -h 'ETag: "e"'
> GET /p
= no-body noprobe
origin o1 head 204
> DELETE /p
= chunked noprobe
origin o1 head 200 -h 'Transfer-Encoding: chunked' ; chunk hello ; last
> GET /p
= http10 noprobe
> GET /p HTTP/1.0
= close noprobe
> GET /p
Connection: close
= kept noprobe
> GET /p
> GET /q
> GET /r
Connection: close
= http10-kept noprobe
> GET /p HTTP/1.0
Connection: keep-alive
> GET /p
Connection: keep-alive
= options noprobe
> OPTIONS *
= absolute noprobe
> GET http://B.test:81/x?y
= vhost noprobe
> GET /x
Host: v.test
= login noprobe
> GET /basic
> GET /basic
Login: bob:wrong
> GET /basic/x
Login: bob:secret
= local noprobe
> GET /local/none
X-Twice: 1
X-Twice: 2
> GET /local/none/%e9?%e9
= denied noprobe
> GET /local/denied/x?a=b
X-A: a
= dead noprobe
> GET /dead/x?a=b
X-A: a
= ttfb noprobe
> GET /ttfb
= balancer noprobe
> GET /b/x
Cookie: SID=1.r2
= balancer-changed noprobe
> GET /b/x
Cookie: SID=1.gone
= bad noprobe
raw "GET /a HTTP/1.1\r\nHost: a.test\r\nX(A: 1\r\n\r\n"
= bad-line noprobe
raw "G\"T /a\tb HTTP/1.1\r\nHost: a.test\r\n\r\n"
= no-host noprobe
> GET /x
Host:
= bad-escape noprobe
> GET /x%zz?a
= trailers noprobe
raw "POST /trailers HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: t\r\nX-TT: 1\r\n\r\n"
= cut noprobe
origin o1 head 200 -h 'Content-Length: 10' ; write abc ; close
> GET /p
`

const formatTLSConf = `
ErrorDocument 404 "text"
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${p2}
<VirtualHost *:${p2}>
    ServerName a.test
    SSLEngine On
    SSLCertificateFile "${dir}/certs/a-ec.crt"
    SSLCertificateKeyFile "${dir}/certs/a-ec.key"
    SSLVerifyClient optional_no_ca
    SSLCACertificateFile "${dir}/certs/a.crt"
    ProxyPass / http://127.0.0.1:${o1}/
</VirtualHost>
`

const formatTLSCases = `= tls13 at=p2 tls=a.test,1.3 noprobe
> GET /a
Host: a.test
= tls12 at=p2 tls=a.test,1.2,suite=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 noprobe
> GET /a
Host: a.test
= plain noprobe
> GET /a
`
