package trouble

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

var update = flag.Bool("update", false, "write docs/troubleshooting.md again")

func TestMain(m *testing.M) { testkit.Main(m) }

// stage is a server with a configuration that fails.
type stage struct {
	t      *testing.T
	server *testkit.Server
	origin *testkit.Origin
	field  string // Proxy-Status of the last response
	status string // its status line; "": none
}

// intro is the beginning of the page.
const intro = `<!-- Written by go test ./test/trouble -update. Do not edit. -->
# Why this 502?

Every response that Headgate itself makes because something failed has a **cause**, one word out of [a fixed list](causes.md), and an **id**. The id is on the
page that the client sees ("Reference"), at the end of the line in the error log, in the access log (` + "`%L`, `%{HEADGATE_ID}n`" + `) and, where
` + "`ProxyStatusHeader`" + ` allows it, in the response's Proxy-Status field (RFC 9209). Ask the running server what was behind it:

    headgate explain ID                 the story of one failure
    headgate explain                    that of the latest one
    headgate explain --last 20          a list
    tail -1 error_log | headgate explain -

The server remembers the latest 1024 failures of backends and of itself, and 512 of clients, over reloads too. Below are twelve failures as they look; a test makes each of
them, with both engines, and compares. Ports, times and ids are masked; ` + "`site.conf`" + ` is the configuration shown, in a server with ` + "`ProxyStatusHeader On`" + `.
`

// TestTroubleshooting stages each failure on both engines and compares with the page.
func TestTroubleshooting(t *testing.T) {
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs", "troubleshooting.md")
	page, _ := os.ReadFile(file)
	var all bytes.Buffer
	all.WriteString(intro)
	for i := range failures {
		f := &failures[i]
		for _, engine := range []string{"epoll", "goroutine"} {
			t.Run(f.cause+"/"+engine, func(t *testing.T) {
				text := f.play(t, engine)
				if engine == "epoll" {
					all.WriteString(text)
				}
				if !*update && !bytes.Contains(page, []byte(text)) {
					t.Errorf("not in docs/troubleshooting.md: go test ./test/trouble -update\n%s", text)
				}
			})
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(file, all.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// play makes the failure and returns its part of the page.
func (f *failure) play(t *testing.T, engine string) string {
	s := &stage{t: t, origin: testkit.NewOrigin(t)}
	vars := map[string]string{"o1": s.origin.Port(), "dead": dead(t), "dead2": dead(t)}
	if strings.Contains(f.conf, "${full}") {
		vars["full"] = fullPort(t)
	}
	if testkit.UsesBackTLS(f.conf) {
		maps.Copy(vars, testkit.StartBackTLS(t, s.origin.Addr()))
	}
	if f.setup != nil {
		f.setup(s)
	}
	conf := "ProxyStatusHeader On\n<Location /metrics>\nSetHandler headgate-metrics\n</Location>\nProxyPass /metrics !\nInclude ${dir}/site.conf\n"
	if testkit.UsesBackTLS(f.conf) {
		conf = "# SSLProxyEngine\n" + conf
	}
	s.server = testkit.StartHeadgate(t, engine, testkit.Site{Conf: conf, Files: map[string]string{"site.conf": f.conf}, Vars: vars})
	if f.ask != nil {
		f.ask(s)
	} else {
		s.get("/")
	}
	line := s.logged(f.cause)
	id := regexp.MustCompile(`id ([-\w]{16})\)`).FindStringSubmatch(line)
	if id == nil {
		t.Fatalf("no id in %s", line)
	}
	story := s.explain(id[1])
	if by := s.explain(line); by != story {
		t.Errorf("explain by a line:\n%s", by)
	}
	if f.cause == "backend-refused" {
		if latest, list := s.explain("--last"), s.explain("--last", "5"); latest != story || strings.Count(list, "\n") != 1 || !strings.Contains(list, id[1]) {
			t.Errorf("explain --last:\n%s\nexplain --last 5:\n%s", latest, list)
		}
	}
	mask := masker(s.server, vars, f.after)
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s: `%s`\n\n`site.conf`:\n\n", f.title, f.cause)
	indent(&b, masker(nil, nil, 0)(testkit.Expand(f.conf, map[string]string{
		"o1": "3000", "dead": "3000", "dead2": "3001", "full": "3000", "twrong": "3000", "texpired": "3000", "dir": "/srv",
	})))
	if s.status != "" {
		fmt.Fprintf(&b, "The client gets:\n\n")
		indent(&b, mask(s.status+"\n"+s.field))
	}
	fmt.Fprintf(&b, "The error log:\n\n")
	indent(&b, mask(line))
	fmt.Fprintf(&b, "The metrics:\n\n")
	indent(&b, mask(s.metrics(f.cause)))
	fmt.Fprintf(&b, "`headgate explain`:\n\n")
	indent(&b, mask(story))
	return b.String()
}

// dead returns a port where nobody listens.
func dead(t *testing.T) string {
	t.Helper()
	return fmt.Sprint(testkit.FreePort(t))
}

// indent writes lines as code.
func indent(b *strings.Builder, text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		b.WriteString("    " + strings.TrimRight(line, " \n") + "\n")
	}
	b.WriteString("\n")
}

// masker replaces what differs from run to run.
func masker(s *testkit.Server, vars map[string]string, after int) func(string) string {
	type rule struct {
		form *regexp.Regexp
		by   string
	}
	rules := []rule{
		{regexp.MustCompile(`^\[\w{3} \w{3} \d\d [\d:.]+ \d{4}\] `), "[Sun Nov 22 12:00:00.000000 2026] "},
		{regexp.MustCompile(`pid \d+:tid \d+`), "pid 812:tid 815"},
		{regexp.MustCompile(`client 127\.0\.0\.1:\d+`), "client 127.0.0.1:51034"},
		{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`), "2026-11-22 12:00:00.000"},
		{regexp.MustCompile(` (resolve|connect|tls|first-byte|queue)=0\.123ms`), ""},
		{regexp.MustCompile(`, (look-up|connect|TLS|first byte|queue) 0\.12 ms`), ""},
		{regexp.MustCompile(`\bid [-\w]{16}\b`), "id aXyBzKLmAAAAAgAB"},
		{regexp.MustCompile(`(?m)^[-\w]{16}  `), "aXyBzKLmAAAAAgAB  "},
		{regexp.MustCompile(`valid until [-\dT:Z]+`), "valid until 2026-11-21T12:00:00Z"},
		{regexp.MustCompile(`DNS lookup failure for: backend\.invalid: .*?; (answered|the request)`), "DNS lookup failure for: backend.invalid: no such name (NXDOMAIN); $1"},
		{regexp.MustCompile(`(?m)DNS lookup failure for: backend\.invalid: [^;\n]*$`), "DNS lookup failure for: backend.invalid: no such name (NXDOMAIN)"},
		{regexp.MustCompile(`cut after \d+ bytes`), "cut after 5 bytes"},
		{regexp.MustCompile(`,? after 0\.12(3ms| ms)`), ""}, // a short time may be none at all for the loop's clock
		// The portable engine has the error of Go's net package; which of the two comes is chance.
		{regexp.MustCompile(`write tcp \S+: write: `), ""},
		{regexp.MustCompile(`broken pipe`), "connection reset by peer"},
	}
	return func(text string) string {
		if s != nil {
			text = strings.ReplaceAll(text, s.Dir, "/srv")
			for name, port := range vars {
				by := "3000"
				if name == "dead2" {
					by = "3001"
				}
				text = strings.ReplaceAll(text, ":"+port, ":"+by)
			}
		}
		text = times.ReplaceAllStringFunc(text, func(m string) string { return masked(m, after) })
		for _, r := range rules {
			text = r.form.ReplaceAllString(text, r.by)
		}
		return text
	}
}

// times are times of the error log, and of the story.
var times = regexp.MustCompile(`\b\d+\.\d{3}ms\b|\b\d+(\.\d+)? m?s\b`)

// masked replaces a time: by the limit of the failure where it can be that, else by a
// short one.
func masked(text string, after int) string {
	number, unit := strings.TrimRight(text, " ms"), strings.HasSuffix(text, " s")
	v, _ := strconv.ParseFloat(number, 64)
	if unit {
		v *= 1000
	}
	long := after > 0 && v >= float64(after)*0.9
	switch {
	case strings.Contains(text, " ") && !long:
		return "0.12 ms"
	case strings.Contains(text, " ") && after >= 1000:
		return fmt.Sprintf("%.1f s", float64(after)/1000)
	case strings.Contains(text, " "):
		return fmt.Sprintf("%d ms", after)
	case long:
		return fmt.Sprintf("%d.123ms", after)
	}
	return "0.123ms"
}

// send opens a connection and sends a request on it.
func (s *stage) send(path string) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.server.Addr())
	if err != nil {
		s.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	if _, err := fmt.Fprintf(c, "GET %s?card=c4111d HTTP/1.1\r\nHost: www.test\r\nCookie: session=s3cret\r\nAuthorization: Basic c2VjcmV0\r\n\r\n", path); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// get sends a request and reads its response.
func (s *stage) get(path string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.server.Addr()+path+"?card=c4111d", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = "www.test"
	r.Header.Set("Cookie", "session=s3cret")
	r.Header.Set("Authorization", "Basic c2VjcmV0")
	t := &http.Transport{DisableKeepAlives: true}
	defer t.CloseIdleConnections()
	resp, err := t.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	s.status = resp.Proto + " " + resp.Status
	s.field = ""
	if v := resp.Header.Get("Proxy-Status"); v != "" {
		s.field = "Proxy-Status: " + v
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err != nil {
		s.field += "\n\n(and the connection ends inside the body)"
	}
}

// logged returns the line of the error log about a cause.
func (s *stage) logged(cause string) (line string) {
	s.t.Helper()
	testkit.Eventually(s.t, "a line with cause="+cause, func() bool {
		for l := range strings.Lines(s.server.File("error.log")) {
			if strings.Contains(l, "cause="+cause+" ") {
				line = strings.TrimSpace(l)
			}
		}
		return line != ""
	})
	return line
}

// explain runs the command. What it says has nothing secret.
func (s *stage) explain(what ...string) string {
	s.t.Helper()
	args := append([]string{"explain", "-f", filepath.Join(s.server.Dir, "httpd.conf")}, what...)
	out, err := exec.Command(testkit.Binary(s.t), args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("explain: %v\n%s", err, out)
	}
	jsoned, err := exec.Command(testkit.Binary(s.t), append(args, "--json")...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("explain --json: %v\n%s", err, jsoned)
	}
	for _, secret := range []string{"c4111d", "s3cret", "c2VjcmV0"} {
		if bytes.Contains(out, []byte(secret)) || bytes.Contains(jsoned, []byte(secret)) {
			s.t.Errorf("%q is told:\n%s%s", secret, out, jsoned)
		}
	}
	return string(out)
}
