package corpus

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

const sentGolden = "testdata/sent.golden"

// TestSent starts the files that users wrote, adapted (see adapt), and sends what their lines are about: every host
// with every path. What becomes of it is what an installed httpd does with the same file. testdata/sent-known.txt names
// what differs, with the key of docs/differences.md. testdata/sent.golden has a line for each file that is played: its
// number, how many requests are sent, and a digest of what httpd did. The files themselves, their paths and names are
// not part of this repository.
func TestSent(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(home, "index.tsv"))
	if err != nil {
		testkit.Skip(t, "the collection of real configurations is not here")
	}
	testkit.Binary(t)
	testkit.NeedHttpd(t)
	golden, _ := os.ReadFile(sentGolden)
	now := "# File, requests, digest of what httpd did. Written by: go test ./test/corpus -run TestSent -update\n"
	files := 0
	known := readKnown(t)
	rt := runtime(t)
	for line := range strings.Lines(string(index)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) < 5 || f[4] != "user" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(home, f[0]+".conf"))
		if err != nil {
			continue
		}
		played := strings.Contains(string(golden), "\n"+f[0]+" ")
		a := adapt(string(text))
		if !a.starts(rt) {
			if played {
				t.Errorf("%s: was played once, and does not start now", f[0])
			}
			continue
		}
		t.Run(f[0], func(t *testing.T) {
			live := a.play(t, startHttpd)
			sum := sha256.Sum256([]byte(live))
			row := fmt.Sprintf("%s %d %x\n", f[0], strings.Count(live, "\n"), sum[:8])
			if !*update && !strings.Contains(string(golden), row) {
				t.Errorf("httpd does something else than is recorded: %s%s", row, live)
			}
			now += row
			files++
			got := a.play(t, func(t testing.TB, s testkit.Site) *testkit.Server { return testkit.StartHeadgate(t, "", s) })
			known.compare(t, f[0], live, got)
		})
	}
	t.Logf("%d files were played", files)
	known.unused(t)
	if *update {
		if err := os.WriteFile(sentGolden, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// startHttpd starts httpd with modules that files of the collection count on, beyond the usual ones.
func startHttpd(t testing.TB, s testkit.Site) *testkit.Server {
	more := ""
	for _, m := range []string{"ssl", "http2", "proxy_wstunnel", "proxy_html", "xml2enc", "authz_groupfile", "auth_digest", "negotiation"} {
		more += "<IfModule !" + m + "_module>\nLoadModule " + m + "_module modules/mod_" + m + ".so\n</IfModule>\n"
	}
	s.Conf = more + s.Conf
	return testkit.StartHttpd(t, s)
}

// play starts a server with the file and returns what becomes of its requests.
func (a *adapted) play(t *testing.T, start func(testing.TB, testkit.Site) *testkit.Server) string {
	vars := map[string]string{}
	p := &player{t: t, adapted: a}
	for i, authority := range a.origins {
		var o *testkit.Origin
		if strings.HasPrefix(authority, byAJP) {
			o = testkit.NewAJPOrigin(t)
		} else {
			o = testkit.NewOrigin(t)
		}
		p.servers = append(p.servers, o)
		vars[fmt.Sprintf("o%d", i)] = o.Port()
	}
	for i := 1; i < len(a.ports); i++ {
		vars[fmt.Sprintf("port%d", i)] = fmt.Sprint(testkit.FreePort(t))
	}
	s := start(t, testkit.Site{Conf: strings.ReplaceAll(a.conf, "${port0}", "${port}"), Vars: vars})
	p.listens = []string{s.Port}
	for i := 1; i < len(a.ports); i++ {
		p.listens = append(p.listens, vars[fmt.Sprintf("port%d", i)])
	}
	for _, r := range a.requests() {
		p.send(r)
	}
	return p.out.String()
}

// request is one that is sent.
type request struct {
	port    int
	host    string
	method  string
	target  string
	upgrade bool
}

// most is how many paths of a file are asked for.
const most = 16

// requests returns what is sent to a file: its hosts with its paths.
func (a *adapted) requests() (all []request) {
	paths := []string{"/", "/none/such?x=1"}
	for _, p := range a.paths {
		if !slices.Contains(paths, p) && len(paths) < most {
			paths = append(paths, p)
		}
	}
	for port := range a.ports {
		for i, host := range append(slices.Clone(a.hosts), "other.test") {
			for j, path := range paths {
				if i > 0 && j > 2 {
					break // further hosts get a few
				}
				all = append(all, request{port, host, "GET", path, false})
				if j == 2 {
					all = append(all, request{port, host, "POST", path, false})
				}
				if a.upgrade && i == 0 && j > 1 && j < 6 {
					all = append(all, request{port, host, "GET", path, true})
				}
			}
		}
	}
	return all
}

// player sends requests to a server and notes what becomes of them.
type player struct {
	*adapted
	t       *testing.T
	servers []*testkit.Origin // of the authorities
	listens []string
	out     bytes.Buffer
}

// send sends one request, and again with a backend that redirects.
func (p *player) send(r request) {
	line := p.once(r, "respond 200 ok")
	fmt.Fprintf(&p.out, "%s\n", line)
	if strings.Contains(line, " to o") && r.method == "GET" && !r.upgrade {
		redirect := "respond 302 -h 'Location: http://@/next' -h 'Set-Cookie: id=1; Path=/x; Domain=backend.test' ''"
		fmt.Fprintf(&p.out, "%s\n", p.once(r, redirect))
	}
}

func (p *player) once(r request, answer string) string {
	for _, o := range p.servers {
		o.Forget()
		o.Default(testkit.MustAnswer(strings.ReplaceAll(answer, "@", o.Addr())))
	}
	cl := testkit.Dial(p.t, "127.0.0.1:"+p.listens[r.port])
	defer cl.Close()
	head := r.method + " " + r.target + " HTTP/1.1\r\nHost: " + r.host + "\r\nUser-Agent: test\r\nCookie: a=b\r\n"
	if r.upgrade {
		head += "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	}
	body := ""
	if r.method == "POST" {
		head, body = head+"Content-Length: 4\r\n", "body"
	}
	cl.Send(head + "\r\n" + body)
	res, err := cl.Read(r.method)
	out := fmt.Sprintf("%s %s:%s %s%s", r.method, p.name(r.host), p.ports[r.port], r.target, map[bool]string{true: " (upgrade)"}[r.upgrade])
	if err != nil && res == nil {
		return p.masked(out + " => no answer")
	}
	out += fmt.Sprintf(" => %d", res.Status)
	for _, name := range []string{"Location", "Set-Cookie"} {
		if v := res.Header(name); v != "" {
			out += " " + name + ": " + v
		}
	}
	for i, o := range p.servers {
		for _, saw := range o.Requests() {
			out += fmt.Sprintf(" to o%d %s", i, saw.Line)
			for _, name := range []string{"Host", "Upgrade", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"} {
				if v := testkit.Lookup(saw.Fields, name); v != nil {
					out += " " + name + "=" + strings.Join(v, ",")
				}
			}
		}
	}
	return p.masked(out)
}

// name returns what a host is called in the record, which has no names of the collection.
func (p *player) name(host string) string {
	if i := slices.Index(p.hosts, host); i >= 0 {
		return fmt.Sprintf("host%d", i)
	}
	return host
}

var (
	anyPort  = regexp.MustCompile(`:(\d+)\b`)
	anywhere = regexp.MustCompile(`(https?://)([a-zA-Z0-9.-]+)`)
)

// masked takes out of a text what is another in each run, and names of the collection.
func (p *player) masked(text string) string {
	text = anyPort.ReplaceAllStringFunc(text, func(s string) string {
		for i, o := range p.servers {
			if s == ":"+o.Port() {
				return fmt.Sprintf(":o%d", i)
			}
		}
		if i := slices.Index(p.listens, s[1:]); i >= 0 {
			return ":" + p.ports[i]
		}
		return s
	})
	hosts := slices.Clone(p.hosts)
	slices.SortFunc(hosts, func(a, b string) int { return len(b) - len(a) })
	for _, h := range hosts {
		text = regexp.MustCompile(`(^|[^\w.-])`+regexp.QuoteMeta(h)+`($|[^\w.-])`).ReplaceAllString(text, "${1}"+p.name(h)+"${2}")
	}
	return anywhere.ReplaceAllStringFunc(text, func(s string) string {
		m := anywhere.FindStringSubmatch(s)
		if strings.HasPrefix(m[2], "host") || m[2] == "127.0.0.1" || m[2] == "other.test" || m[2] == "a.test" {
			return s
		}
		return m[1] + "elsewhere"
	})
}
