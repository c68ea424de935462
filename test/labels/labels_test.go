package labels

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/labels"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/route"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
)

var update = flag.Bool("update", false, "write what came of the cases again")

func TestMain(m *testing.M) {
	flag.Parse()
	testkit.Main(m)
}

// TestCases translates and plays every file of testdata.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { playFile(t, path) })
	}
}

func playFile(t *testing.T, path string) {
	ar, err := testkit.ReadArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := labels.Translate(containersOf(t, part(ar, "containers")), optionsOf(t, part(ar, "options"), dir))
	for _, f := range r.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(f.Content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := load(t, r.Config(), append([]string{part(ar, "before")}, r.Listen...))
	set(t, ar, path, "labels", verdictsOf(&r))
	set(t, ar, path, "problems", problemsOf(&r))
	set(t, ar, path, "config", strings.ReplaceAll(r.Config(), dir, "DIR"))
	set(t, ar, path, "requests", play(t, s, part(ar, "requests")))
}

func part(ar *testkit.Archive, name string) string {
	for _, f := range ar.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return ""
}

// set compares a part of a case with what came of it, or writes it.
func set(t *testing.T, ar *testkit.Archive, path, name, got string) {
	t.Helper()
	i := slices.IndexFunc(ar.Files, func(f testkit.File) bool { return f.Name == name })
	if *update {
		if i < 0 {
			if got == "" {
				return
			}
			ar.Files = append(ar.Files, testkit.File{Name: name})
			i = len(ar.Files) - 1
		}
		if ar.Files[i].Data = got; got == "" {
			ar.Files = slices.Delete(ar.Files, i, i+1)
		}
		if err := os.WriteFile(path, ar.Format(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := part(ar, name); got != want {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

// load compiles a text as the loader of files does. Whatever it complains of is a fault of the translation.
func load(t *testing.T, text string, lines []string) *snapshot.Snapshot {
	t.Helper()
	conf := "ServerName main.test\n" + lines[0]
	for _, port := range lines[1:] {
		conf += "Listen " + port + "\n"
	}
	if len(lines) == 1 {
		conf += "Listen 80\n"
	}
	logs := logsink.NewRegistry(logsink.Options{Loops: 1})
	t.Cleanup(logs.Close)
	rt := &config.Runtime{
		Clock: clock.New(nil), State: new(state.Registry), Resolver: new(resolve.Resolver), Loops: 1, Logs: logs,
		Protocols: route.Protocols(backend.Protocols()), Log: logsink.NewStartupLog(io.Discard),
	}
	l := config.Load(config.Options{File: "/httpd.conf", ServerRoot: "/", Text: conf + text, Check: true, Keep: true}, rt, modules.All())
	if l.Snapshot == nil {
		t.Fatalf("%v\n%s", l.Found, conf+text)
	}
	for _, d := range l.Found {
		if s := d.String(); !strings.Contains(s, "harmless") {
			t.Log(s)
		}
	}
	t.Cleanup(func() { <-l.Snapshot.Retire().Done() })
	return l.Snapshot
}

// containersOf reads containers: a line for each, "name key=value ...", and its labels below.
func containersOf(t *testing.T, text string) (cs []labels.Container) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, " ") {
			c := &cs[len(cs)-1]
			name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			if !ok {
				t.Fatalf("label without a value: %s", line)
			}
			c.Labels[name] = strings.NewReplacer(`\n`, "\n", `\0`, "\x00").Replace(value)
			continue
		}
		cs = append(cs, containerOf(t, strings.Fields(line), len(cs)))
	}
	return cs
}

func containerOf(t *testing.T, words []string, n int) labels.Container {
	t.Helper()
	c := labels.Container{
		ID: fmt.Sprint("id", n), Name: words[0], Running: true, Labels: map[string]string{}, Ports: []uint16{80},
		Created: time.Unix(int64(1000+n), 0), Addrs: map[string]string{"net": fmt.Sprintf("172.18.0.%d", n+2)},
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "project":
			c.Project = value
		case "service":
			c.Service = value
		case "image":
			c.Image = value
		case "health":
			c.Health = value
		case "stopped":
			c.Running = false
		case "host-network":
			c.HostNetwork = true
		case "created":
			n, _ := strconv.Atoi(value)
			c.Created = time.Unix(int64(n), 0)
		case "ports":
			c.Ports = nil
			for p := range strings.SplitSeq(value, ",") {
				if n, err := strconv.ParseUint(p, 10, 16); err == nil {
					c.Ports = append(c.Ports, uint16(n))
				}
			}
		case "addrs":
			c.Addrs = map[string]string{}
			for p := range strings.SplitSeq(value, ",") {
				network, addr, _ := strings.Cut(p, "@")
				c.Addrs[network] = addr
			}
		default:
			t.Fatalf("unknown word %s", w)
		}
	}
	return c
}

// optionsOf reads the options of a translation, one a line.
func optionsOf(t *testing.T, text, dir string) labels.Options {
	t.Helper()
	o := labels.Options{PasswordDir: dir}
	certs := map[string]bool{}
	taken := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "network":
			o.Network = words[1]
		case "default-host":
			o.DefaultHost = words[1]
		case "expose-all":
			o.ExposeAll = true
		case "entrypoint":
			if o.Entrypoints == nil {
				o.Entrypoints = labels.DefaultEntrypoints()
			}
			o.Entrypoints[words[1]] = labels.Entrypoint{Address: words[2], TLS: len(words) > 3}
		case "certificate":
			certs[words[1]] = true
		case "taken":
			taken[words[1]] = words[2]
		case "no-passwords":
			o.PasswordDir = ""
		default:
			t.Fatalf("unknown option %s", line)
		}
	}
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for to, from := range map[string]string{certFile: "certs/www.crt", keyFile: "certs/www.key"} {
		if err := os.WriteFile(to, []byte(testkit.CertFiles()[from]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Certificate = func(host string) (string, string, bool) { return certFile, keyFile, certs[host] || certs["all"] }
	o.Taken = func(host, path string) (string, bool) { owner, ok := taken[host]; return owner, ok }
	o.BalancerTaken = func(name string) (string, bool) { owner, ok := taken["balancer://"+name]; return owner, ok }
	return o
}

func verdictsOf(r *labels.Result) string {
	var b strings.Builder
	container := ""
	for _, l := range r.Labels {
		if l.Container != container {
			container = l.Container
			fmt.Fprintln(&b, container)
		}
		fmt.Fprintf(&b, "    %s: %s: %s\n", l.Name, l.Verdict, l.Note)
	}
	return b.String()
}

func problemsOf(r *labels.Result) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprint(&b, p)
		if p.Conflict() {
			fmt.Fprintf(&b, " [%s]", p.Other)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// play plays requests: "METHOD URL [Name:value | from=ADDRESS | status=CODE | response=Name:value]...", and what came of each below it.
func play(t *testing.T, s *snapshot.Snapshot, text string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, " ") || line == "" {
			continue
		}
		b.WriteString(line + "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		words, err := testkit.Words(line)
		if err != nil || len(words) < 2 {
			t.Fatal(line, err)
		}
		q := &route.Request{Method: words[0], URL: words[1], TLS: strings.HasPrefix(words[1], "https:")}
		for _, w := range words[2:] {
			switch {
			case strings.HasPrefix(w, "from="):
				q.From = w[len("from="):]
			case strings.HasPrefix(w, "status="):
				q.Status, _ = strconv.Atoi(w[len("status="):])
			case strings.HasPrefix(w, "response="):
				q.Response = append(q.Response, strings.Replace(w[len("response="):], ":", ": ", 1))
			default:
				q.Fields = append(q.Fields, strings.Replace(w, ":", ": ", 1))
			}
		}
		b.WriteString(outcome(t, s, q))
	}
	return b.String()
}

// unremarkable are fields that say nothing of a case.
var unremarkable = []string{"Date", "Server", "Content-Length", "Content-Type", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Server", "Connection", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-IP"}

// session is the value of the cookie of a balancer, which nobody can foresee.
var session = regexp.MustCompile(`=~[\w-]{22}`)

// nonce is that of a digest.
var nonce = regexp.MustCompile(`nonce="[^"]*"`)

func outcome(t *testing.T, s *snapshot.Snapshot, q *route.Request) string {
	t.Helper()
	r, err := route.Play(s, q)
	if err != nil {
		t.Fatal(q.URL, err)
	}
	var b strings.Builder
	for _, pass := range r.Passes {
		for _, e := range pass.Events {
			if e, ok := e.(record.Backend); ok {
				fmt.Fprintf(&b, "    -> %s: %s\n", e.Worker, strings.TrimSuffix(e.Head[0], " HTTP/1.1"))
				fields(&b, "       ", e.Head[1:], q)
			}
		}
	}
	fmt.Fprintf(&b, "    %s\n", strings.TrimPrefix(r.Head[0], "HTTP/1.1 "))
	fields(&b, "    ", r.Head[1:], q)
	return b.String()
}

// fields prints the fields that a case is about: neither those of every message nor those that the client has sent unchanged.
func fields(b *strings.Builder, indent string, fields []string, q *route.Request) {
	for _, f := range fields {
		name, _, _ := strings.Cut(f, ":")
		if name == "Host" && strings.Contains(q.URL, "//"+strings.TrimPrefix(f, "Host: ")) {
			continue
		}
		if !slices.Contains(unremarkable, name) && !slices.Contains(q.Fields, f) && !slices.Contains(q.Response, f) {
			fmt.Fprintln(b, indent+session.ReplaceAllString(nonce.ReplaceAllString(f, `nonce="N"`), "=~SESSION"))
		}
	}
}
