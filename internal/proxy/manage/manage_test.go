package manage

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// live is a balancer without a handler.
type live struct {
	b     *balance.Balancer
	w     *world
	where string
}

func (l *live) Balancer() *balance.Balancer                         { return l.b }
func (l *live) Configure(c balance.Config)                          { l.b = l.b.With(c) }
func (l *live) Checkable(*balance.Member, *param.CheckParams) error { return nil }

func (l *live) NewMember(url string, list []param.Setting) (*balance.Member, error) {
	if !strings.HasPrefix(url, "http://") {
		return nil, errors.New("no URL")
	}
	p := param.Default()
	if err := p.SetAll(param.OfWorker, list, &known); err != nil {
		return nil, err
	}
	m := l.w.member(l.where+"|"+url, url, &p)
	m.Added = true
	m.Lease = new(state.Registry).Lease()
	return m, nil
}

func (l *live) Add(m *balance.Member) error {
	l.b.Members.Change(func(list []*balance.Member) []*balance.Member { return append(list, m) })
	return nil
}

func (l *live) Remove(m *balance.Member) bool {
	return l.b.Members.Change(func(list []*balance.Member) []*balance.Member { return slices.DeleteFunc(list, m.Same) })
}

func (l *live) Edit(m *balance.Member, edit func(*balance.Member)) bool {
	return l.b.Members.Change(func(list []*balance.Member) []*balance.Member {
		for i := range list {
			if m.Same(list[i]) {
				c := *list[i]
				edit(&c)
				list[i] = &c
			}
		}
		return list
	})
}

func (l *live) member(url string) *balance.Member {
	for _, m := range l.b.Members.List() {
		if m.Worker.Name == url {
			return m
		}
	}
	return nil
}

// world is a process: what survives its reloads, and its log.
type world struct {
	t       *testing.T
	m       *Manager
	log     bytes.Buffer
	file    string // of BalancerPersist; "": Off
	workers map[string]*worker.Worker
	scores  map[string]*balance.Score
	groups  map[string]*balance.Group
	live    map[string]*live // of the latest configuration, by server and name
}

func newWorld(t *testing.T) *world {
	return &world{t: t, m: New(), workers: make(map[string]*worker.Worker), scores: make(map[string]*balance.Score), groups: make(map[string]*balance.Group)}
}

// settings reads "a=b c=d".
func settings(text string) (list []param.Setting) {
	for _, w := range strings.Fields(text) {
		k, v, _ := strings.Cut(w, "=")
		list = append(list, param.Setting{Key: k, Value: strings.ReplaceAll(v, "_", "")})
	}
	return list
}

// load makes a configuration current. Each line is "[server/]name settings" or
// "  url settings"; a virtual host has the main server's balancers too.
func (w *world) load(text string) {
	w.t.Helper()
	type site struct {
		s    *exchange.Site
		list []Configured
	}
	log := logsink.NewStartupLog(&w.log)
	main := &site{s: &exchange.Site{Name: "main.test", Log: log}}
	sites, order := map[string]*site{"": main}, []*site{main}
	w.live = make(map[string]*live)
	var conf *Configured
	var l *live
	where := ""
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		p := param.Default()
		kind := param.OfWorker
		if line[0] != ' ' {
			kind = param.OfBalancer
		}
		if err := p.SetAll(kind, settings(strings.Join(words[1:], " ")), &known); err != nil {
			w.t.Fatal(err)
		}
		if kind == param.OfBalancer {
			server, name, ok := strings.Cut(words[0], "/")
			if !ok {
				server, name = "", words[0]
			}
			at := sites[server]
			if at == nil {
				at = &site{s: &exchange.Site{Name: server, Virtual: true, Log: log}, list: append([]Configured(nil), main.list...)}
				sites[server], order = at, append(order, at)
			}
			where = words[0]
			if w.groups[where] == nil {
				w.groups[where] = new(balance.Group)
			}
			l = &live{balance.New(balance.Config{Name: scheme + name, BalancerParams: p.Balancer, Method: balance.MethodOf(p.Balancer.Method)}, w.groups[where]), w, where}
			w.live[where] = l
			at.list = append(at.list, Configured{Live: l, Params: &p, Persist: w.file != "" && name != "forgotten"})
			conf = &at.list[len(at.list)-1]
			continue
		}
		conf.Members = append(conf.Members, ConfiguredMember{
			URL: words[0], Params: &p, Settings: settings(strings.Join(words[1:], " ")), Place: "httpd.conf:" + words[0][len(words[0])-1:],
		})
		m := w.member(where+"|"+words[0], words[0], &p)
		l.b.Members.Change(func(list []*balance.Member) []*balance.Member { return append(list, m) })
	}
	c := &Catalog{File: w.file}
	for _, s := range order {
		c.Add(s.s, "", s.list)
	}
	w.m.Publish(c)
}

// member makes a member over the state that a key has.
func (w *world) member(key, url string, p *param.Params) *balance.Member {
	if w.workers[key] == nil {
		n := worker.New(worker.Config{Name: url}, nil, worker.NewState(nil, nil, 1))
		w.workers[key], w.scores[key] = &n, new(balance.Score)
	}
	m := &balance.Member{
		Worker: w.workers[key], Score: w.scores[key], Factor: p.LoadFactor, Set: p.LBSet, Route: p.Route, Redirect: p.Redirect, Retry: p.Retry,
		Check: p.Check,
	}
	m.Health().Configure(p.Status|param.StatusInit, p.StatusCleared)
	return m
}

// restart is the end of the process, and a new one.
func (w *world) restart() {
	w.m = New()
	w.workers, w.scores = make(map[string]*worker.Worker), make(map[string]*balance.Score)
}

var alice = Actor{User: "alice", Addr: "10.0.0.7", Via: "balancer-manager"}

// set changes "server/balancer" or "server/balancer url".
func (w *world) set(what, text string) (Entry, error) {
	where, member, _ := strings.Cut(what, " ")
	server, name, ok := strings.Cut(where, "/")
	if !ok {
		server, name = "", where
	}
	return w.m.Apply(alice, Change{Op: Set, Server: server, Balancer: name, Member: member, Settings: settings(text)})
}

func (w *world) mustSet(what, text string) Entry {
	w.t.Helper()
	e, err := w.set(what, text)
	if err != nil {
		w.t.Fatalf("%s: %s: %v", what, text, err)
	}
	return e
}

// say is what a balancer looks like now: its settings that are not the defaults,
// and its members'.
func (w *world) say(where string) string {
	w.t.Helper()
	server, name, ok := strings.Cut(where, "/")
	if !ok {
		server, name = "", where
	}
	for _, b := range w.m.List(server) {
		if b.Name != name {
			continue
		}
		out := b.Method
		if b.Sticky != "" {
			out += " sticky=" + b.Sticky + "|" + b.StickyPath
		}
		if b.Timeout != 0 {
			out += " timeout=" + b.Timeout.String()
		}
		if b.MaxAttempts >= 0 {
			out += fmt.Sprint(" maxattempts=", b.MaxAttempts)
		}
		if !b.ForceRecovery {
			out += " forcerecovery=Off"
		}
		for _, m := range b.Members {
			out += fmt.Sprintf("; %s %g", m.URL, float64(m.Factor)/100)
			if m.Set != 0 {
				out += fmt.Sprintf(" set=%d", m.Set)
			}
			if m.Route != "" {
				out += " route=" + m.Route
			}
			if m.Redirect != "" {
				out += " redirect=" + m.Redirect
			}
			out += " " + string(m.State)
		}
		return out
	}
	return "none"
}

func (w *world) expect(where, want string) {
	w.t.Helper()
	if got := w.say(where); got != want {
		w.t.Errorf("%s\n is   %s\n want %s", where, got, want)
	}
}

const twoMembers = `
b
  http://a route=1
  http://b loadfactor=2 lbset=1`

// Every setting can be changed, and shows in the balancer itself.
func TestSet(t *testing.T) {
	for _, tt := range []struct{ what, set, want string }{
		{"b http://a", "loadfactor=2.5", "byrequests; http://a 2.5 route=1 ok; http://b 2 set=1 ok"},
		{"b http://a", "LBSet=3 route=x redirect=y", "byrequests; http://a 1 set=3 route=x redirect=y ok; http://b 2 set=1 ok"},
		{"b http://a", "route=", "byrequests; http://a 1 ok; http://b 2 set=1 ok"},
		{"b http://b", "status=+D", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 disabled"},
		{"b http://b", "status=N", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 drained"},
		{"b http://b", "status=+S status=+D", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 stopped"},
		{"b http://b", "status=+R-H", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 spare"},
		{"b http://b", "status=+H", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 standby"},
		{"b http://b", "status=+C", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 check failed"},
		{"b http://b", "status=+D status=-D", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 ok"},
		{"b", "lbmethod=bybusyness timeout=7 maxattempts=3 forcerecovery=off stickysession=S|s", "bybusyness sticky=S|s timeout=7s maxattempts=3 forcerecovery=Off; http://a 1 route=1 ok; http://b 2 set=1 ok"},
		{"b", "stickysession=- timeout=0 maxattempts=", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 ok"},
	} {
		w := newWorld(t)
		w.load(twoMembers)
		w.mustSet(tt.what, tt.set)
		w.expect("b", tt.want)
		w.load(twoMembers) // a reload
		if !strings.Contains(tt.want, "check failed") {
			w.expect("b", tt.want)
		}
	}
}

// What is wrong changes nothing, says what and why, and is not in the history.
func TestInvalid(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers)
	before := w.say("b")
	for _, tt := range []struct {
		what, set, want string
		kind            ErrorKind
	}{
		{"b http://a", "loadfactor=0.5", "loadfactor: LoadFactor must be a number between 1..100", Invalid},
		{"b http://a", "route=x loadfactor=101", "loadfactor: LoadFactor must be a number between 1..100", Invalid},
		{"b http://a", "lbset=100", "lbset: lbset must be between 0 and 99", Invalid},
		{"b http://a", "route=" + strings.Repeat("x", 64), "route: Route length must be < 64 characters", Invalid},
		{"b http://a", "status=+Q", "status: Unknown status parameter option", Invalid},
		{"b http://a", "status=+E", "status: only the flags I N D H R S C can be set, and E cleared too", Invalid},
		{"b http://a", "status=+O", "status: only the flags I N D H R S C can be set, and E cleared too", Invalid},
		{"b http://a", "smax=3", "smax: is no setting of a member that can be changed: status, loadfactor, lbset, route, redirect, hcmethod, hcinterval, hcpasses, hcfails, hcuri, hcexpr", Invalid},
		{"b http://c", "lbset=1", "balancer b has no member http://c", NotFound},
		{"c", "lbset=1", "there is no balancer c", NotFound},
		{"s/b", "lbset=1", "there is no server s", NotFound},
		{"b", "lbmethod=nosuch", "lbmethod: unknown lbmethod", Invalid},
		{"b", "timeout=7201", "timeout: must be a number between 0 and 7200", Invalid},
		{"b", "timeout=soon", "timeout: must be a number between 0 and 7200", Invalid},
		{"b", "maxattempts=100", "maxattempts: must be a number between 0 and 99", Invalid},
		{"b", "forcerecovery=maybe", "forcerecovery: forcerecovery must be On|Off", Invalid},
	} {
		_, err := w.set(tt.what, tt.set)
		var e *Error
		if !errors.As(err, &e) || e.Kind != tt.kind || e.Error() != tt.want {
			t.Errorf("%s %s: %v, want %s", tt.what, tt.set, err, tt.want)
		}
	}
	if got := w.say("b"); got != before || len(w.m.History(Filter{})) != 0 || w.log.Len() != 0 {
		t.Errorf("%s, was %s; history %v, log %s", got, before, w.m.History(Filter{}), &w.log)
	}
}

// A reload keeps what was changed, unless its configuration says something else
// about it than the one before.
func TestReload(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers)
	w.mustSet("b http://a", "loadfactor=5 route=x status=+D")
	w.mustSet("b http://b", "status=+N")
	w.mustSet("b", "lbmethod=bytraffic timeout=3")
	w.load(twoMembers + "\nother")
	w.expect("b", "bytraffic timeout=3s; http://a 5 route=x disabled; http://b 2 set=1 drained")
	w.load(strings.Replace(twoMembers, "route=1", "route=2", 1))
	w.expect("b", "bytraffic timeout=3s; http://a 5 route=2 disabled; http://b 2 set=1 drained")
	w.load("b lbmethod=bybusyness\n  http://b loadfactor=2 lbset=1\n  http://a route=2 loadfactor=3")
	w.expect("b", "bybusyness timeout=3s; http://b 2 set=1 drained; http://a 3 route=2 disabled")
	w.load("other")
	w.load(twoMembers)
	w.expect("b", "byrequests; http://a 1 route=1 disabled; http://b 2 set=1 drained") // flags are state: here nothing has dropped it
}

// A virtual host's page changes the balancers it inherits, and its own, which are
// others even where the name is the same.
func TestServers(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers + "\nv.test/own\n  http://a")
	if e := w.mustSet("v.test/b http://a", "lbset=7"); e.Server != "" {
		t.Errorf("the entry names %q", e.Server)
	}
	w.mustSet("v.test/own http://a", "lbset=3")
	w.expect("b", "byrequests; http://a 1 set=7 route=1 ok; http://b 2 set=1 ok")
	w.expect("v.test/own", "byrequests; http://a 1 set=3 ok")
	if all := w.m.All(); len(all) != 2 || all[1].Server != "v.test" {
		t.Errorf("%d balancers: %+v", len(all), all)
	}
}

// Each change is one line of the log and one entry.
func TestAudit(t *testing.T) {
	w := newWorld(t)
	w.load(twoMembers + "\nv.test/own\n  http://a")
	w.mustSet("b http://a", "loadfactor=2 status=+D")
	w.mustSet("b http://a", "loadfactor=2")
	e := w.mustSet("v.test/own", "stickysession=S")
	for i, want := range []string{
		`change 1 by alice at 10.0.0.7 by balancer-manager: balancer://b, member http://a: loadfactor "1" -> "2", status "-D" -> "+D"`,
		`change 2 by alice at 10.0.0.7 by balancer-manager: balancer://own of v.test: stickysession "" -> "S"`,
	} {
		lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
		if len(lines) != 2 || !strings.HasSuffix(lines[i], want) {
			t.Errorf("log %q, want %q", lines, want)
		}
	}
	h := w.m.History(Filter{Most: 1})
	if len(h) != 1 || !reflect.DeepEqual(h[0], e) {
		t.Errorf("history %+v, want %+v", h, e)
	}
	all := w.m.List("")[0].Members[0]
	if all.Why != "alice at 10.0.0.7 by balancer-manager" || all.Since.IsZero() || !reflect.DeepEqual(all.Changed, []string{"loadfactor", "status"}) {
		t.Errorf("%+v", all)
	}
}
