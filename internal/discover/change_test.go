package discover

import (
	"fmt"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/labels"
)

// shop makes container i of services of two with a host each.
type shop func(i int) *labels.Container

func ownLabels(i int) *labels.Container {
	app := fmt.Sprint("app", i/2)
	return &labels.Container{
		ID: fmt.Sprintf("abc%061d", i), Name: fmt.Sprint("many-", i), Image: "x", Project: app, Service: "web", Running: true, HostNetwork: true,
		Created: time.Unix(1_700_000_000+int64(i), 0).UTC(), Addrs: map[string]string{},
		Labels: map[string]string{"headgate.host": app + ".test", "headgate.port": fmt.Sprint(8000 + i%1000), composeProject: app, composeService: "web"},
	}
}

func traefikLabels(i int) *labels.Container {
	c := ownLabels(i)
	app := c.Project
	c.Labels = map[string]string{
		"traefik.enable":                                             "true",
		"traefik.http.routers." + app + ".rule":                      "Host(`" + app + ".test`) && PathPrefix(`/a`)",
		"traefik.http.routers." + app + ".middlewares":               "strip",
		"traefik.http.middlewares.strip.stripprefix.prefixes":        "/a",
		"traefik.http.services." + app + ".loadbalancer.server.port": fmt.Sprint(8000 + i%1000),
		composeProject: app, composeService: "web",
	}
	return c
}

var shops = map[string]shop{"own": ownLabels, "traefik": traefikLabels}

// BenchmarkChange is what a change of one container costs from there being another one
// to knowing what it changes.
func BenchmarkChange(b *testing.B) {
	for name, make := range shops {
		for _, n := range []int{10, 2000} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				d := newDocker(Spec{Kind: KindDocker}).(*docker)
				f := &Facts{Taken: nobody, Balancer: func(string) (string, bool) { return "", false }, Plain: []uint16{80}}
				put := func(c *labels.Container, ids ...string) bool {
					now := map[string]*labels.Container{}
					if c != nil {
						now[c.ID] = c
					}
					return d.takeLocked(now, ids)
				}
				for i := range n {
					put(make(i), make(i).ID)
				}
				last := d.Translate("discovered:docker/", f)
				var was, now []string
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					c, id := make(n/2), make(n/2).ID
					switch i % 3 { // change, remove, add
					case 0:
						c.Health = "unhealthy"
					case 1:
						c = nil
					}
					if !put(c, id) {
						b.Fatal("a change")
					}
					r := d.Translate("discovered:docker/", f)
					was, now = texts(was[:0], &last), texts(now[:0], &r)
					if same(was, now) {
						b.Fatal("nothing has changed")
					}
					last = r
				}
			})
		}
	}
}

func texts(list []string, r *Result) []string {
	for i := range r.Pieces {
		list = append(list, r.Pieces[i].Name, r.Pieces[i].Config)
	}
	return list
}

// same compares as the server does.
func same(a, b []string) bool {
	equal := len(a) == len(b)
	for i := range min(len(a), len(b)) {
		equal = a[i] == b[i] && equal // all of them, for the worst case
	}
	return equal
}
