package diff

import (
	"bufio"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/explain"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	events "github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/route"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
)

// TestRoute plays the first request of every case by headgate route, without a server, and compares with httpd's record: the
// request to the backend if there was one, else the head of the response.
func TestRoute(t *testing.T) {
	ks, err := loadKnown()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	eachGroup(t, func(t *testing.T, g *group) {
		if testkit.UsesBackTLS(g.conf) {
			return // what a handshake with a backend comes to is not played
		}
		rec := recorded(t, g)
		// Ports that no test reserves: that of the server must not be one of them.
		st := &routed{vars: map[string]string{"o1": "65001", "o2": "65002", "u1": "/nowhere/u1.sock", "dead": "65004", "p2": "65005", "p3": "65006"}}
		st.server = testkit.Place(t, testkit.Site{Conf: g.conf, Files: withResponder(t, g, st.vars), Vars: st.vars})
		st.vars["port"], st.vars["dir"] = st.server.Port, st.server.Dir
		for _, c := range g.cases {
			want, _ := rec.File(c.id)
			if why := unlike(g, c, want); why != "" || lookUp(ks, g.name, c.id) != nil {
				continue
			}
			got := st.play(t, c)
			if strings.Contains(got, "${dead}") {
				continue // nobody listens there, which route does not notice
			}
			// The record does not say which of several requests a backend saw.
			seen, head := parts(want)
			if total++; len(seen) == 0 || len(c.reqs) > 1 && !strings.HasPrefix(got, "> ") {
				seen = []string{head}
			} else if len(c.reqs) == 1 {
				seen = seen[:1]
			}
			if !slices.Contains(seen, got) {
				t.Errorf("%s/%s (- httpd, + route)\n%s", g.name, c.id, lineDiff(seen[0], got))
			}
		}
	})
	t.Logf("%d cases compared", total)
}

// unlike returns why route cannot predict a case.
func unlike(g *group, c *diffCase, want string) string {
	switch {
	case strings.HasPrefix(want, "< (") || strings.HasPrefix(want, "connection"):
		return "nothing is responded"
	case strings.Contains(want, "< HTTP/1.1 100 "):
		return "an interim response comes first"
	case g.split != "":
		return "generated"
	case strings.Contains(g.files["setup"], "mode "):
		return "permissions: the server has those of another user"
	case g.uses("f1") || g.uses("s1") || g.uses("w1"):
		return "a protocol for programs: the record has the variables sorted, and what programs responded"
	case g.uses("a1"):
		return "AJP: the record has the packets"
	case strings.Contains(want, "(incomplete)"):
		return "the request is cut"
	case strings.Contains(want, "< HTTP/1.1 408 "):
		return "time is not played"
	case g.name == "manager":
		return "what a balancer-manager shows depends on the requests before"
	case slices.Contains(elections, c.id):
		return "which member of a balancer is elected depends on what came before"
	case g.name == "balancer-paths" && strings.Contains(want, "o2> ") && !strings.Contains(want, "o1> "):
		return "members take turns over all cases"
	case slices.Contains(failures, c.id):
		return "that a member fails is not noticed"
	case c.tls != nil && (c.tls[0] == "-" || !strings.HasPrefix(want, "tls: TLS") || !strings.Contains(c.reqs[0].text, "\r\nHost: "+c.tls[0]+"\r\n")):
		return "the server name is not that of the request"
	case g.name == "tls-vars", g.name == "tls-ocsp", strings.HasPrefix(g.name, "tls-verify"):
		return "what a handshake has agreed on is assumed"
	case strings.HasPrefix(c.id, "plain") && g.name == "tls":
		return "what is sent where TLS is expected is no request"
	case c.id == "scheme-https":
		return "that TLS is not configured is noticed when it connects"
	case strings.HasPrefix(c.id, "program"):
		return "no programs are started"
	}
	return ""
}

// elections are cases whose record shows a member that is elected after the requests of other cases.
var elections = []string{"backend-503-no-failover", "flag-s", "flag-c", "redirect-circle", "nothing-from-elsewhere"}

// failures are cases whose record shows the member that got the request after another one had failed.
var failures = []string{"unix-dead", "no-name-then"}

// routed is a configuration that requests are played against.
type routed struct {
	server *testkit.Server
	vars   map[string]string
}

// play plays the first request of a case, over a new snapshot, and returns its transcript.
func (st *routed) play(t *testing.T, c *diffCase) string {
	t.Helper()
	logs := logsink.NewRegistry(logsink.Options{Loops: 1})
	defer logs.Close()
	rt := &config.Runtime{
		Clock: clock.New(nil), State: new(state.Registry), Resolver: new(resolve.Resolver), Loops: 1, Logs: logs,
		Protocols: route.Protocols(backend.Protocols()), Log: logsink.NewStartupLog(io.Discard),
	}
	l := config.Load(config.Options{
		File: filepath.Join(st.server.Dir, "httpd.conf"), ServerRoot: st.server.Dir, Version: "Headgate/test", Check: true, Keep: true,
	}, rt, modules.All())
	if l.Snapshot == nil {
		t.Fatalf("configuration: %v", l.Found)
	}
	defer func() { <-l.Snapshot.Retire().Done() }()
	r, err := route.Play(l.Snapshot, &route.Request{
		Raw: testkit.Expand(c.reqs[0].text, st.vars), To: "127.0.0.1:" + st.vars[c.at], From: "127.0.0.1",
		TLS: c.tls != nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	return st.mask(transcript(r))
}

// mask replaces the values of variables by their names.
func (st *routed) mask(text string) string {
	return serverName.ReplaceAllString(maskOf(st.vars).Replace(plainText(text)), "<server>")
}

// transcript prints a report in the form of the record: the backend's view, else the response's head.
func transcript(r *explain.Report) string {
	var b strings.Builder
	for _, p := range r.Passes {
		for _, e := range p.Events {
			if e, ok := e.(events.Backend); ok {
				for _, l := range e.Head {
					if name, value, ok := strings.Cut(l, ": "); ok && !requestLine.MatchString(l) {
						l = name + ": " + strings.Trim(value, " ") // as an origin prints it
					}
					b.WriteString("> " + strings.TrimRight(l, " ") + "\n")
				}
				return b.String()
			}
		}
	}
	res := &testkit.Response{}
	if len(r.Head) == 0 {
		return "nothing\n"
	}
	f := strings.SplitN(r.Head[0], " ", 3)
	res.Proto, res.Reason = f[0], f[2]
	res.Status, _ = strconv.Atoi(f[1])
	for _, l := range r.Head[1:] {
		name, value, _ := strings.Cut(l, ": ")
		res.Fields = append(res.Fields, testkit.Field{Name: name, Value: value})
	}
	new(stage).tell(&b, res)
	return withoutLength(b.String())
}

// parts returns the parts of a record that route predicts: each request that a backend saw, and the head of the first response.
func parts(want string) (seen []string, head string) {
	lines, responses := bufio.NewScanner(strings.NewReader(want)), 0
	for lines.Scan() {
		l := lines.Text()
		switch {
		case seenBy.MatchString(l):
			_, text, _ := strings.Cut(l, "> ")
			if requestLine.MatchString(text) {
				seen = append(seen, "")
			}
			if !strings.HasPrefix(text, "trailer ") {
				seen[len(seen)-1] += "> " + strings.TrimRight(text, " ") + "\n"
			}
		case strings.HasPrefix(l, "< HTTP/"):
			if !strings.HasPrefix(l, "< HTTP/1.1 1") {
				responses++
			}
			fallthrough
		case strings.HasPrefix(l, "< "):
			if responses == 1 && !strings.HasPrefix(l, "< trailer ") && !strings.HasPrefix(l, "< (") {
				head += l + "\n"
			}
		}
	}
	return seen, withoutLength(head)
}

var (
	seenBy      = regexp.MustCompile(`^(o1|o2|u1)> `)
	requestLine = regexp.MustCompile(` HTTP/1\.[01]$`)
	lengthLine  = regexp.MustCompile(`(?mi)^< (content-length|transfer-encoding): .*\n`)
)

// withoutLength removes the framing fields, which depend on the page.
func withoutLength(head string) string { return lengthLine.ReplaceAllString(head, "") }

// plainText makes bytes that are not ASCII visible, as the record does.
func plainText(s string) string { return new(stage).masked(s) }
