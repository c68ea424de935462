package diff

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// stage is a running server with its origins, ready to play the cases of one group.
type stage struct {
	t       *testing.T
	server  *testkit.Server
	origins []namedOrigin
	vars    map[string]string
	mask    *masker
	logged  int // lines of the access log already in the transcript
	expect  int // lines of the access log that httpd wrote for the case, as recorded

	manager   []string // the latest page of balancer-manager
	generated bool     // the group is a generated one
	value     func(name, value string) string
	challenge string // the latest WWW-Authenticate
	pages     bool   // bodies are compared by their outlines
	toEnd     bool   // responses of backends end with their connection, or filters change their lengths
}

// rewrites matches configurations with filters that change the length of a body.
var rewrites = regexp.MustCompile(`(?i)\bSUBSTITUTE\b|ProxyHTMLEnable|\bproxy-html\b`)

type namedOrigin struct {
	name string
	*testkit.Origin
}

// programs are the origins that speak other protocols than HTTP. A group that names the variable of the first one has
// two of them and one on a unix socket: f1, f2, fu1.
var programs = []struct {
	letter string
	start  func(testing.TB) *testkit.Origin
}{{"f", testkit.NewFCGIOrigin}, {"s", testkit.NewSCGIOrigin}, {"w", testkit.NewUWSGIOrigin}}

// setUp starts origins and, by start, a server with the group's configuration.
func setUp(t *testing.T, g *group, start func(testing.TB, testkit.Site) *testkit.Server) *stage {
	t.Helper()
	sockets, err := os.MkdirTemp("", "hg-diff-")
	if err == nil {
		err = os.Chmod(sockets, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	u1 := filepath.Join(sockets, "u1.sock")
	st := &stage{t: t, origins: []namedOrigin{
		{"o1", testkit.NewOrigin(t)}, {"o2", testkit.NewOrigin(t)}, {"u1", testkit.NewUnixOrigin(t, u1)},
	}}
	if g.uses("a1") {
		a1, a2 := testkit.NewAJPOrigin(t), testkit.NewAJPOrigin(t)
		st.origins = append(st.origins, namedOrigin{"a1", a1}, namedOrigin{"a2", a2})
	}
	st.vars = map[string]string{
		"o1": st.origins[0].Port(), "o2": st.origins[1].Port(), "u1": u1, "dead": fmt.Sprint(testkit.FreePort(t)),
		"p2": fmt.Sprint(testkit.FreePort(t)), "p3": fmt.Sprint(testkit.FreePort(t)),
	}
	for _, p := range programs {
		if !g.uses(p.letter + "1") {
			continue
		}
		one, two := p.start(t), p.start(t)
		unix := one.Unix(t, filepath.Join(sockets, p.letter+"u1.sock"))
		st.origins = append(st.origins, namedOrigin{p.letter + "1", one}, namedOrigin{p.letter + "2", two}, namedOrigin{p.letter + "u1", unix})
		st.vars[p.letter+"1"], st.vars[p.letter+"2"], st.vars[p.letter+"u1"] = one.Port(), two.Port(), unix.Addr()
	}
	for _, o := range st.origins {
		if o.name == "a1" || o.name == "a2" {
			st.vars[o.name] = o.Port()
		}
	}
	st.toEnd = g.uses("s1") || g.uses("w1") || rewrites.MatchString(g.conf)
	if testkit.UsesBackTLS(g.conf) {
		for name, port := range testkit.StartBackTLS(t, st.origins[0].Addr()) {
			st.vars[name] = port
		}
	}
	st.pages = strings.HasPrefix(g.name, "proxyhtml")
	st.server = start(t, testkit.Site{Conf: g.conf, Files: withResponder(t, g, st.vars), Vars: st.vars})
	st.vars["port"], st.vars["dir"] = st.server.Port, st.server.Dir
	st.mask, st.value = maskOf(st.vars), g.value
	if st.generated = g.split != ""; st.generated {
		st.mask.also(g.split, "\n")
	}
	return st
}

// withResponder returns the files of a group, with those of an OCSP responder if it wants one, whose port becomes a variable.
func withResponder(t *testing.T, g *group, vars map[string]string) map[string]string {
	if !testkit.UsesOCSP(g.conf) {
		return g.files
	}
	r := testkit.StartResponder(t)
	vars["ocsp"] = r.Port
	files := maps.Clone(g.files)
	maps.Copy(files, r.Files)
	return files
}

// play runs one case and returns its transcript.
func (st *stage) play(c *diffCase) string {
	for _, o := range st.origins {
		o.Forget()
		o.Default(testkit.MustAnswer("respond 200 ok"))
	}
	for _, l := range c.origins {
		st.script(l)
	}
	st.waitStaple(c)
	cl := testkit.Dial(st.t, "127.0.0.1:"+st.vars[c.at])
	defer cl.Close()
	var b strings.Builder
	answers, open := 0, false
	if c.shake(cl, &b) {
		answers, open = st.talk(cl, c, &b)
	}
	for _, o := range st.origins {
		told := func() []testkit.Request { return o.Requests() }
		testkit.Poll(300*time.Millisecond, func() bool {
			rs := told()
			return len(rs) == 0 || rs[len(rs)-1].Complete
		})
		for _, r := range told() {
			saw(&b, o.name, r)
		}
	}
	switch {
	case !open:
		b.WriteString("connection: closed\n")
	case !c.noProbe:
		open = cl.Probe()
		fmt.Fprintf(&b, "connection: %s\n", map[bool]string{true: "open", false: "closed"}[open])
	}
	if open && !c.noProbe {
		answers++ // the probe is logged too
	}
	st.accessLog(&b, answers*c.lines+c.logged)
	return st.masked(b.String())
}

func (st *stage) script(l originLine) {
	st.t.Helper()
	a, err := testkit.ParseAnswer(expanded(l.words, st.vars), nil)
	if err != nil {
		st.t.Fatal(err)
	}
	for _, o := range st.origins {
		if o.name == l.name && l.queue {
			o.Next(a)
		} else if o.name == l.name {
			o.Default(a)
		}
	}
}

func expanded(words []string, vars map[string]string) []string {
	var out []string
	for _, w := range words {
		out = append(out, testkit.Expand(w, vars))
	}
	return out
}

// talk sends the requests of the case and prints the responses; it returns their number and whether the connection may
// still be open.
func (st *stage) talk(cl *testkit.Client, c *diffCase, b *strings.Builder) (answers int, open bool) {
	methods := []string{}
	for _, r := range c.reqs {
		methods = append(methods, r.method)
	}
	for len(methods) < c.count {
		methods = append(methods, methods[len(methods)-1])
	}
	for i, method := range methods {
		if i < len(c.reqs) {
			if c.reqs[i].digest != "" {
				st.vars["digest"] = digestAnswer(c.reqs[i], st.challenge)
			}
			cl.Send(testkit.Expand(c.reqs[i].text, st.vars))
			delete(st.vars, "digest")
			if c.reqs[i].ends {
				cl.CloseWrite()
			}
		}
		r, err := cl.ReadHead(method)
		if err != nil {
			fmt.Fprintf(b, "< (no answer: %s)\n", ending(err))
			return answers, false
		}
		answers++
		if challenge := r.Header("WWW-Authenticate"); challenge != "" {
			st.challenge = challenge
		}
		err = cl.ReadBody(r)
		st.tell(b, r)
		if err != nil {
			fmt.Fprintf(b, "< (cut)\n")
			return answers, false
		}
		if r.Framing == testkit.UntilClose || (stockPage.Match(r.Body) && r.Header("Connection") == "close") {
			return answers, false
		}
	}
	return answers, true
}

// stockPage matches the pages that a server generates: title and heading are compared, the sentences differ.
var stockPage = regexp.MustCompile(`(?is)^<!DOCTYPE html.*<title>(\d\d\d [^<]*)</title>\s*</head><body>\s*<h1>([^<]*)</h1>`)

func ending(err error) string {
	if err == io.EOF {
		return "closed"
	}
	return strings.SplitN(err.Error(), ":", 2)[0]
}

// tell prints a response with its fields sorted by name.
func (st *stage) tell(b *strings.Builder, r *testkit.Response) {
	for _, i := range r.Interim {
		st.tell(b, i)
	}
	fmt.Fprintf(b, "< %s %d %s\n", r.Proto, r.Status, r.Reason)
	fs := append([]testkit.Field(nil), r.Fields...)
	sort.SliceStable(fs, func(i, j int) bool { return strings.ToLower(fs[i].Name) < strings.ToLower(fs[j].Name) })
	page, manager := stockPage.FindSubmatch(r.Body), bytes.HasPrefix(r.Body, managerStart)
	coding, decoded, encoded := testkit.Decoded(r.Header("Content-Encoding"), r.Body)
	for _, f := range fs {
		if encoded && (strings.EqualFold(f.Name, "Content-Length") || strings.EqualFold(f.Name, "Transfer-Encoding")) {
			continue // libraries differ, and httpd has a length if it saw the whole body in time
		}
		if (page != nil || manager) && strings.EqualFold(f.Name, "Content-Length") {
			continue // generated by the server, like the page
		}
		if st.toEnd && (strings.EqualFold(f.Name, "Content-Length") || strings.EqualFold(f.Name, "Transfer-Encoding")) {
			continue // httpd has a length if it saw the end of the connection in time
		}
		fmt.Fprintf(b, "< %s: %s\n", f.Name, normal(f))
	}
	switch {
	case manager:
		managerXML(b, string(r.Body), &st.manager)
	case page != nil:
		fmt.Fprintf(b, "| <page of the server: %s; %s>\n", page[1], page[2])
	case encoded:
		fmt.Fprintf(b, "| <%s>\n", coding)
		if st.pages {
			decoded = outline(decoded)
		}
		body(b, "| ", decoded)
	case st.pages:
		body(b, "| ", outline(r.Body))
	default:
		body(b, "| ", r.Body)
	}
	for _, f := range r.Trailers {
		fmt.Fprintf(b, "< trailer %s\n", f)
	}
}

// normal masks what changes from run to run in the value of a response field.
func normal(f testkit.Field) string {
	switch strings.ToLower(f.Name) {
	case "date", "last-modified", "expires":
		if when, err := http.ParseTime(f.Value); err == nil && time.Since(when).Abs() < time.Hour {
			return "<now>"
		}
	case "allow": // httpd prints it in the order of a hash table
		methods := strings.Split(f.Value, ",")
		sort.Strings(methods)
		return strings.Join(methods, ",")
	case "server":
		if strings.HasPrefix(f.Value, "Apache") || strings.HasPrefix(strings.ToLower(f.Value), "headgate") {
			return "<server>"
		}
	}
	return digestSecrets.ReplaceAllString(f.Value, `$1="<$1>"`)
}

// saw prints the requests that reached an origin, fields in their order.
func saw(b *strings.Builder, name string, r testkit.Request) {
	fmt.Fprintf(b, "%s> %s\n", name, r.Line)
	for _, f := range r.Fields {
		fmt.Fprintf(b, "%s> %s\n", name, digestSecrets.ReplaceAllString(f.String(), `$1="<$1>"`))
	}
	if _, text, ok := testkit.Decoded(strings.Join(testkit.Lookup(r.Fields, "Content-Encoding"), ","), r.Body); ok {
		r.Body = append([]byte("<encoded>\n"), text...)
	}
	body(b, name+"| ", r.Body)
	for _, f := range r.Trailers {
		fmt.Fprintf(b, "%s> trailer %s\n", name, f)
	}
	if !r.Complete {
		fmt.Fprintf(b, "%s> (incomplete)\n", name)
	}
}

func body(b *strings.Builder, prefix string, text []byte) {
	if len(text) == 0 {
		return
	}
	for _, l := range strings.Split(strings.TrimSuffix(testkit.Digest(text), "\n"), "\n") {
		b.WriteString(strings.TrimRight(prefix+l, " ") + "\n")
	}
}

// accessLog prints the lines that the case added to ${dir}/access.log, if the configuration writes one, once it has count
// lines and as many as httpd wrote; the line of the probe is left out.
func (st *stage) accessLog(b *strings.Builder, count int) {
	if _, err := os.Stat(filepath.Join(st.server.Dir, "access.log")); err != nil {
		return
	}
	lines := func() []string {
		all := strings.Split(st.server.File("access.log"), "\n")
		return all[st.logged : len(all)-1]
	}
	testkit.Poll(6*time.Second, func() bool { return len(lines()) >= count })
	testkit.Poll(2*time.Second, func() bool { return len(lines()) >= st.expect })
	for _, l := range lines() {
		st.logged++
		if !strings.Contains(l, "OPTIONS *") {
			l = st.mask.Replace(st.maskedValues(l))
			l = ephemeral.ReplaceAllString(l, "127.0.0.1:<port>")
			fmt.Fprintf(b, "log: %s\n", forensicID.ReplaceAllString(l, "$1<id>"))
		}
	}
}

// maskedValues masks what changes from run to run in the values of a line that
// has one "name=[value]" after another.
func (st *stage) maskedValues(line string) string {
	if st.value == nil {
		return line
	}
	parts := strings.Split(line, exprSplit)
	for i, p := range parts {
		if name, value, ok := strings.Cut(p, "=["); ok {
			parts[i] = name + "=[" + st.value(name, strings.TrimSuffix(value, "]")) + "]"
		}
	}
	return strings.Join(parts, exprSplit)
}

// ephemeral matches the address of a client.
var ephemeral = regexp.MustCompile(`127\.0\.0\.1:(3[2-9]|[45]\d|6[0-5])\d{3}\b`)

// forensicID matches the id at the start of a line of ForensicLog.
var forensicID = regexp.MustCompile(`^([-+])\d+:[0-9a-f]+:[0-9a-f]+`)

// placeInConf matches a place in the configuration: what comes before a group's own
// lines differs.
var placeInConf = regexp.MustCompile(`httpd\.conf:\d+`)

var contentLength = regexp.MustCompile(`(?m)^< Content-Length: \d{4,}\n`)

var serverName = regexp.MustCompile(`Apache/2\.\d+\.\d+( \([A-Za-z]+\))?( OpenSSL/[\w.]+)?|Headgate/[\w.-]+( \([A-Za-z]+\))?`)

var boundaries = regexp.MustCompile(`byteranges; boundary=([0-9a-f]+)`)

// masked makes a transcript the same in every run, and plain ASCII.
func (st *stage) masked(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < 0x20 && c != '\n' && c != '\t' || c >= 0x7f {
			fmt.Fprintf(&b, "\\x%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	text = b.String()
	if m := boundaries.FindStringSubmatch(text); m != nil {
		text = strings.ReplaceAll(text, m[1], "<boundary>")
	}
	if st.generated { // the values contain the server's folder, whose length differs in every run
		text = contentLength.ReplaceAllString(text, "")
	}
	text = placeInConf.ReplaceAllString(text, "httpd.conf:<line>")
	return serverName.ReplaceAllString(st.mask.Replace(text), "<server>")
}
