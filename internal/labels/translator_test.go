package labels

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// world is containers that change at random, and what surrounds them.
type world struct {
	r     *rand.Rand
	all   []*Container
	made  int
	o     Options
	taken map[string]string // hosts and balancers of others
	certs map[string]string // by host
}

func newWorld(r *rand.Rand) *world {
	w := &world{r: r, taken: map[string]string{}, certs: map[string]string{}}
	w.o = Options{
		PasswordDir: "/secret", ExposeAll: r.IntN(4) == 0,
		Taken:         func(host, _ string) (string, bool) { owner, ok := w.taken[host]; return owner, ok },
		BalancerTaken: func(name string) (string, bool) { owner, ok := w.taken["balancer "+name]; return owner, ok },
		Certificate: func(host string) (string, string, bool) {
			file, ok := w.certs[host]
			if !ok {
				file, ok = w.certs["all"]
			}
			return file + ".crt", file + ".key", ok
		},
	}
	if r.IntN(4) == 0 {
		w.o.DefaultHost = "default.test"
	}
	return w
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// label is a random label. Names and values are few, so that containers often want the same.
func (w *world) label(project string) (name, value string) {
	r := w.r
	router := "traefik.http.routers." + pick(r, "a", "b", project, "web", "a.2") + "."
	service := "traefik.http.services." + pick(r, "a", "b", project, "web") + ".loadbalancer."
	host := func() string { return pick(r, "a", "b", "c", "d", project, project, project) + ".test" }
	mw := func() string {
		return pick(r, "strip", "auth", "to-tls", "pages", "chain", "chain2", "head", "none", "retry", "twice")
	}
	rows := []func() (string, string){
		func() (string, string) { return "headgate.host", host() + pick(r, "", "", ","+host()) },
		func() (string, string) { return "headgate.host", project + ".test" },
		func() (string, string) { return "headgate.path", pick(r, "/", "/a", "/a/b", "/"+project) },
		func() (string, string) {
			return "headgate.balancer", pick(r, "one", "two", project, "a", project+"-web")
		},
		func() (string, string) { return "headgate.enable", pick(r, "true", "true", "false", "maybe") },
		func() (string, string) { return "headgate.tls", pick(r, "on", "redirect", "off", "what") },
		func() (string, string) { return "headgate.port", pick(r, "80", "81", "none") },
		func() (string, string) { return "headgate.bogus", "x" },
		func() (string, string) { return "headgate.sticky", pick(r, "true", "COOKIE", "a b") },
		func() (string, string) { return router + "rule", "Host(`" + host() + "`)" },
		func() (string, string) {
			return router + "rule", "Host(`" + host() + "`) && PathPrefix(`" + pick(r, "/a", "/b") + "`)"
		},
		func() (string, string) { return router + "rule", "Host(`" + host() + "`) || Host(`" + host() + "`)" },
		func() (string, string) { return router + "rule", "Host(`" + project + ".test`) && PathPrefix(`/a`)" },
		func() (string, string) {
			return router + "rule", pick(r, "PathPrefix(`/a`)", "PathPrefix(`/`)", "HostRegexp(`^[a-z0-9]+\\.test$`)", "HostRegexp(`^.+\\.x\\.test$`)",
				"Host(`"+host()+"`) || PathPrefix(`/a`)", "Host(`"+host()+"`) && PathPrefix(`/a`) || PathPrefix(`/a`)", "!Host(`a.test`)", "bad(")
		},
		func() (string, string) { return router + "priority", pick(r, "1", "1000", "x") },
		func() (string, string) {
			return router + "entrypoints", pick(r, "web", "websecure", "web,websecure", "none")
		},
		func() (string, string) { return router + "tls", pick(r, "true", "false") },
		func() (string, string) {
			return router + "service", pick(r, "a", "b", project, "web", "noop@internal", "a@file")
		},
		func() (string, string) { return router + "middlewares", mw() },
		func() (string, string) { return router + "middlewares", mw() + "," + mw() },
		func() (string, string) { return router + "bogus", "x" },
		func() (string, string) { return service + "server.port", pick(r, "80", "81", "x") },
		func() (string, string) { return service + "sticky.cookie.name", pick(r, "A", "B", "a b") },
		func() (string, string) { return service + "healthcheck.path", "/" + pick(r, "a", "b") },
		func() (string, string) {
			return "traefik.http.middlewares.strip.stripprefix.prefixes", pick(r, "/a", "/b", "x")
		},
		func() (string, string) {
			return "traefik.http.middlewares.auth.basicauth.users", pick(r, "u:$apr1$x$y", "v:$apr1$x$y", "u")
		},
		func() (string, string) {
			return "traefik.http.middlewares.to-tls.redirectscheme.scheme", pick(r, "https", "http", "x")
		},
		func() (string, string) {
			return "traefik.http.middlewares.pages.errors.status", pick(r, "404", "500-503")
		},
		func() (string, string) {
			return "traefik.http.middlewares.pages.errors.service", pick(r, "a", "web", project)
		},
		func() (string, string) { return "traefik.http.middlewares.pages.errors.query", "/{status}.html" },
		func() (string, string) { return "traefik.http.middlewares.chain.chain.middlewares", mw() + "," + mw() },
		func() (string, string) { return "traefik.http.middlewares.chain2.chain.middlewares", "chain," + mw() },
		func() (string, string) {
			return "traefik.http.middlewares.head.headers.customresponseheaders.X-A", pick(r, "a", "b")
		},
		func() (string, string) { return "traefik.http.middlewares.retry.retry.attempts", pick(r, "2", "3") },
		func() (string, string) { return "traefik.http.middlewares.twice.redirectregex.regex", "^http://(.*)" },
		func() (string, string) {
			return "traefik.http.middlewares.twice.redirectregex.replacement", pick(r, "http://a.test/$1", "https://$1")
		},
		func() (string, string) { return "traefik.enable", pick(r, "true", "true", "true", "false") },
		func() (string, string) { return "traefik.tcp.routers.x.rule", "x" },
	}
	return rows[r.IntN(len(rows))]()
}

// container makes a container of any age.
func (w *world) container() *Container {
	r := w.r
	w.made++
	project := fmt.Sprint("p", r.IntN(8))
	c := &Container{
		ID: fmt.Sprint("id", w.made), Name: fmt.Sprint("c", w.made), Running: true, Created: time.Unix(int64(r.IntN(40)), 0),
		Ports: []uint16{80}, Addrs: map[string]string{"net": fmt.Sprintf("10.0.%d.%d", w.made/250%250, w.made%250+1)}, Labels: map[string]string{},
	}
	switch r.IntN(6) {
	case 0:
		c.Image = pick(r, "one", "two:1")
	case 1:
	default:
		c.Project, c.Service = project, pick(r, "web", "db", project)
	}
	for range r.IntN(8) {
		name, value := w.label(project)
		c.Labels[name] = value
	}
	if r.IntN(30) == 0 {
		c.Name = "same" // as another one has it
	}
	return c
}

// step changes something.
func (w *world) step() string {
	r := w.r
	n := len(w.all)
	if n == 0 || n < 40 && r.IntN(5) < 2 {
		c := w.container()
		w.all = append(w.all, c)
		return fmt.Sprint("add ", *c)
	}
	i := r.IntN(n)
	c := *w.all[i]
	switch r.IntN(12) {
	case 0, 1, 2:
		w.all = slices.Delete(w.all, i, i+1)
		return "remove " + c.Name
	case 3:
		c.Health = pick(r, "", "healthy", "unhealthy", "starting")
	case 4:
		if r.IntN(3) == 0 {
			c.Name = fmt.Sprint("renamed", r.IntN(20))
			break
		}
		c.Running = !c.Running
	case 5:
		host := pick(r, "a.test", "b.test", "p1.test", "*", "balancer one", "balancer p1-web", "balancer a")
		if w.taken[host] != "" {
			delete(w.taken, host)
		} else {
			w.taken[host] = pick(r, "httpd.conf:1", "httpd.conf:2")
		}
		return "taken " + host
	case 6:
		host := pick(r, "a.test", "p1.test", "", "all")
		if w.certs[host] != "" {
			delete(w.certs, host)
		} else {
			w.certs[host] = pick(r, "/one", "/two")
		}
		return "certificate " + host
	case 7:
		r.Shuffle(n, func(i, j int) { w.all[i], w.all[j] = w.all[j], w.all[i] })
		return "another order"
	case 8:
		if r.IntN(4) == 0 {
			w.o.Network = pick(r, "", "net", "other")
			return "network " + w.o.Network
		}
		return "nothing"
	default:
		labels := map[string]string{}
		for name, value := range c.Labels {
			if r.IntN(4) > 0 {
				labels[name] = value
			}
		}
		name, value := w.label(firstOf(c.Project, "p0"))
		labels[name] = value
		c.Labels = labels
	}
	w.all[i] = &c
	return fmt.Sprint("change ", c)
}

// TestTranslatorIsTranslate: after any change, a Translator has the result of a translation of everything.
func TestTranslatorIsTranslate(t *testing.T) {
	seeds := []uint64{1, 2, uint64(time.Now().UnixNano())}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			steps := 1000
			if testing.Short() {
				steps = 200
			}
			for part := range uint64(5) {
				play(t, newWorld(rand.New(rand.NewPCG(seed, part))), steps/5)
			}
		})
	}
}

func play(t *testing.T, w *world, steps int) {
	t.Helper()
	var tr Translator
	var log []string
	for i := range steps {
		for range 1 + w.r.IntN(2) {
			log = append(log, w.step())
		}
		got := tr.Translate(w.all, w.o)
		want := Translate(w.values(), w.o)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("step %d: %s\n%s", i, strings.Join(log[max(0, len(log)-2):], "\n"), difference(&got, &want))
		}
	}
}

// values are the containers as the function takes them.
func (w *world) values() (cs []Container) {
	for _, c := range w.all {
		cs = append(cs, *c)
	}
	return cs
}

// difference says what two results differ in.
func difference(got, want *Result) string {
	var b strings.Builder
	g, x := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		name := g.Type().Field(i).Name
		for k := range max(g.Field(i).Len(), x.Field(i).Len()) {
			a, c := "nothing", "nothing"
			if k < g.Field(i).Len() {
				a = fmt.Sprintf("%+v", reflect.Indirect(g.Field(i).Index(k)))
			}
			if k < x.Field(i).Len() {
				c = fmt.Sprintf("%+v", reflect.Indirect(x.Field(i).Index(k)))
			}
			if a != c {
				fmt.Fprintf(&b, "%s %d:\n got %s\nwant %s\n", name, k, a, c)
				break
			}
		}
	}
	return b.String()
}
