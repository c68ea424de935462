package recipes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestRecipes plays every recipe of every page.
func TestRecipes(t *testing.T) {
	pages, err := filepath.Glob("../../docs/recipes/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages (%v)", err)
	}
	testkit.Binary(t) // skips the test with one line if there is none
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			rs, err := readPage(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				t.Run(r.name, func(t *testing.T) {
					for _, engine := range []string{"epoll", "goroutine", "httpd"} {
						t.Run(engine, func(t *testing.T) { r.play(t, engine) })
					}
				})
			}
		})
	}
}

// play starts a server with the recipe and runs its commands.
func (r *recipe) play(t *testing.T, engine string) {
	if engine == "httpd" {
		if r.ours {
			return
		}
		testkit.NeedHttpd(t)
	}
	docker := compose(t, r)
	if docker != nil && engine != "epoll" {
		return // containers take their time, and what is discovered knows no engine
	}
	st := set(t, r)
	if docker != nil {
		st.conf = docker.configured(st.conf)
	}
	site := testkit.Site{Conf: st.conf, Files: st.files}
	var s *testkit.Server
	if engine == "httpd" {
		s = testkit.StartHttpd(t, site)
	} else {
		s = testkit.StartHeadgate(t, engine, site)
	}
	st.started(s)
	p := &player{t: t, recipe: r, stage: st, server: s, docker: docker}
	for _, a := range r.acts {
		p.run(a)
	}
}

// player runs the commands of a recipe against one server.
type player struct {
	*stage
	t      *testing.T
	recipe *recipe
	server *testkit.Server
	docker *project // nil: the recipe has no containers
}

func (p *player) run(a *act) {
	p.t.Helper()
	var err error
	switch file := filepath.Join(p.server.Dir, a.command[len(a.command)-1]); {
	case a.command[0] == "curl":
		p.curl(a)
	case a.command[0] == "docker" && p.docker != nil:
		err = p.docker.run(a.command, p.server)
	case strings.Join(a.command, " ") == "certbot renew":
		err = p.renew(a)
	case a.command[0] == "touch" && len(a.command) == 2:
		err = os.WriteFile(file, nil, 0o644)
	case a.command[0] == "rm" && len(a.command) == 2:
		err = os.Remove(file)
	default:
		p.t.Fatalf("%s:%d: unknown command %q", p.recipe.page, a.line, a.command)
	}
	if err != nil {
		p.t.Fatalf("%s:%d: %v", p.recipe.page, a.line, err)
	}
}

// curl sends a request and compares the results.
func (p *player) curl(a *act) {
	p.t.Helper()
	for port, o := range p.origins {
		var words []string
		for _, w := range a.answers[port].script() {
			words = append(words, p.unmasked(w))
		}
		say, err := testkit.ParseAnswer(words, nil)
		if err != nil {
			p.t.Fatalf("%s:%d: %v", p.recipe.page, a.line, err)
		}
		o.Forget()
		o.Default(say)
	}
	r, err := parseCurl(a.command[1:])
	if err != nil {
		p.t.Fatalf("%s:%d: %v", p.recipe.page, a.line, err)
	}
	if r.through != "" {
		r.throughProxy(p.stage, p.t)
	}
	port := p.listens[r.port]
	if port == "" {
		p.t.Fatalf("%s:%d: nobody listens on port %s", p.recipe.page, a.line, r.port)
	}
	cl := testkit.DialFrom(p.t, r.from, "127.0.0.1:"+port)
	defer cl.Close()
	cl.Send(r.ahead(port))
	if r.secure {
		if err := r.handshake(cl); p.failed(a, err) || err != nil {
			return
		}
	}
	cl.Send(r.text())
	resp, err := cl.Read(r.method)
	if err != nil {
		p.t.Errorf("%s:%d: no response: %v", p.recipe.page, a.line, err)
		return
	}
	var security *message
	if r.secure {
		security = shown(cl.TLS())
	}
	got := p.message(fmt.Sprintf("%s %d %s", resp.Proto, resp.Status, resp.Reason), resp.Fields, resp.Body)
	for _, w := range a.wants {
		m := got
		switch w.where {
		case "":
		case "TLS":
			m = security
		default:
			m = p.seen(a, w)
		}
		if why := w.unmet(m); why != "" {
			p.t.Errorf("%s:%d: expected %q, but %s", p.recipe.page, w.line, w.text, why)
		}
	}
}

// failed compares the error of a handshake with what is expected, and reports whether one is.
func (p *player) failed(a *act, err error) bool {
	p.t.Helper()
	w := a.wants[0]
	switch {
	case w.kind != noConnection:
		if err != nil {
			p.t.Errorf("%s:%d: %v", p.recipe.page, a.line, err)
		}
		return false
	case err == nil:
		p.t.Errorf("%s:%d: expected %q, but the handshake succeeded", p.recipe.page, w.line, w.text)
	case !like(w.text, err.Error()):
		p.t.Errorf("%s:%d: expected %q, but it is %v", p.recipe.page, w.line, w.text, err)
	}
	return true
}

// seen returns the last request that a backend saw, nil when there was none.
func (p *player) seen(a *act, w want) *message {
	o := p.origins[w.where]
	if o == nil {
		p.t.Fatalf("%s:%d: the configuration names no backend at port %s", p.recipe.page, a.line, w.where)
	}
	rs := o.Requests()
	if len(rs) == 0 {
		return nil
	}
	last := rs[len(rs)-1]
	if strings.HasPrefix(last.Line, "AJP ") {
		last = plainAJP(last)
	}
	return p.message(last.Line, last.Fields, last.Body)
}

func (p *player) message(first string, fields []testkit.Field, body []byte) *message {
	m := &message{first: p.masked(first), body: p.masked(string(body))}
	for _, f := range fields {
		m.fields = append(m.fields, testkit.Field{Name: f.Name, Value: p.masked(f.Value)})
	}
	return m
}
