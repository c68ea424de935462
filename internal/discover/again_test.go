package discover

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/labels"
)

// machine is a docker source whose containers change at random.
type machine struct {
	r     *rand.Rand
	d     *docker
	taken map[string]bool
	texts []string // names of the pieces of the latest translation
	f     Facts
}

func newMachine(r *rand.Rand) *machine {
	m := &machine{r: r, d: newDocker(Spec{Kind: KindDocker}).(*docker), taken: map[string]bool{}}
	m.f = Facts{
		Plain: []uint16{80}, Secure: []uint16{443},
		Taken:       func(host, _ string) (string, bool) { return "httpd.conf:1", m.taken[host] },
		Balancer:    func(name string) (string, bool) { return "httpd.conf:2", m.taken[name] },
		Certificate: func(host string) (string, string, bool) { return "/crt", "/key", m.taken["certificate "+host] },
		Compiles: func(text string) error {
			if strings.Contains(text, "X-Bad") {
				return errors.New("it is bad")
			}
			return nil
		},
	}
	return m
}

// container makes a container with an id out of few.
func (m *machine) container() *labels.Container {
	r := m.r
	id := r.IntN(40)
	app := fmt.Sprint("app", r.IntN(12))
	c := &labels.Container{
		ID: fmt.Sprint("id", id), Name: fmt.Sprint("c", id), Project: app, Service: "web", Running: r.IntN(10) > 0, HostNetwork: true,
		Created: time.Unix(int64(id), 0), Ports: []uint16{uint16(8000 + id)}, Labels: map[string]string{},
	}
	set := func(name, value string) { c.Labels[name] = value }
	host := app + ".test"
	if r.IntN(4) == 0 {
		host = "shared.test"
	}
	router := "traefik.http.routers." + app + "."
	switch r.IntN(7) {
	case 0:
		set("headgate.host", host)
		set("headgate.conf", []string{"Header set X-Bad x", "Header set X-Good x"}[r.IntN(2)])
	case 1:
		set("headgate.host", host+","+app+".example")
	case 2:
		set("headgate.path", "/"+app)
	case 3:
		set("headgate.host", host)
		set("headgate.tls", []string{"on", "redirect", "x"}[r.IntN(3)])
	case 4:
		set(router+"rule", "PathPrefix(`/`)")
	default:
		set(router+"rule", "Host(`"+host+"`)")
		set(router+"middlewares", []string{"head", "none"}[r.IntN(2)])
		set("traefik.http.middlewares.head.headers.customresponseheaders.X-"+[]string{"Bad", "Good"}[r.IntN(2)], "x")
		set("traefik.http.services."+app+".loadbalancer.server.port", "80")
	}
	return c
}

// step changes something.
func (m *machine) step() {
	d, r := m.d, m.r
	switch ids := slices.Sorted(maps.Keys(d.containers)); {
	case len(ids) == 0 || r.IntN(3) == 0:
		c := m.container()
		d.takeLocked(map[string]*labels.Container{c.ID: c}, []string{c.ID})
	case r.IntN(3) == 0:
		d.takeLocked(nil, ids[:1+r.IntN(min(len(ids), 3))])
	case r.IntN(3) == 0:
		id := ids[r.IntN(len(ids))]
		if d.leaving[id] == nil {
			d.leaving[id] = &leaver{}
		} else {
			delete(d.leaving, id)
		}
	case r.IntN(3) == 0:
		what := []string{"shared.test", "app1.test", "app2-web", "certificate app3.test", "certificate ", "certificate shared.test"}[r.IntN(6)]
		m.taken[what] = !m.taken[what]
	case r.IntN(2) == 0 && len(m.texts) > 0:
		d.Refused(map[string][]string{m.texts[r.IntN(len(m.texts))]: {"why"}})
	default:
		now := map[string]*labels.Container{} // all are listed again, and one has another health
		for i, id := range ids {
			c := *d.containers[id]
			if i == 0 {
				c.Health = []string{"", "unhealthy", "starting"}[r.IntN(3)]
			}
			now[id] = &c
		}
		d.takeLocked(now, nil)
	}
}

// fresh is a source that knows the same and has translated nothing yet.
func (m *machine) fresh() *docker {
	d := newDocker(m.d.spec).(*docker)
	d.own = m.d.own
	maps.Copy(d.containers, m.d.containers)
	maps.Copy(d.suspects, m.d.suspects)
	maps.Copy(d.culprits, m.d.culprits)
	for id := range m.d.leaving {
		d.leaving[id] = &leaver{}
	}
	return d
}

// TestTranslateAgain: after any change the result is that of a source that translates everything from scratch.
func TestTranslateAgain(t *testing.T) {
	for _, seed := range []uint64{1, 2, uint64(time.Now().UnixNano())} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := newMachine(rand.New(rand.NewPCG(seed, 0)))
			convicted := false
			for i := range 1500 {
				m.step()
				fresh := m.fresh()
				got, want := m.d.Translate("x/", &m.f), fresh.Translate("x/", &m.f)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("step %d:\n got %+v\nwant %+v", i, got, want)
				}
				if !maps.Equal(m.d.culprits, fresh.culprits) {
					t.Fatalf("step %d: culprits %v, want %v", i, m.d.culprits, fresh.culprits)
				}
				convicted = convicted || len(m.d.culprits) > 0
				m.texts = m.texts[:0]
				for _, p := range got.Pieces {
					m.texts = append(m.texts, p.Name)
				}
			}
			if !convicted {
				t.Error("no container was ever left out")
			}
		})
	}
}

// TestUnchanged: what has not changed is the same text in memory, and one change costs
// no more memory than its list where there are many containers.
func TestUnchanged(t *testing.T) {
	for name, make := range shops {
		d := newDocker(Spec{Kind: KindDocker}).(*docker)
		f := &Facts{Taken: nobody, Plain: []uint16{80}}
		const n = 1000
		for i := range n {
			d.containers[make(i).ID] = make(i)
		}
		before := d.Translate("x/", f)
		c := make(n / 2)
		states := []*labels.Container{make(n / 2), c}
		c.Health = unhealthy
		d.takeLocked(map[string]*labels.Container{c.ID: c}, []string{c.ID})
		after := d.Translate("x/", f)
		changed := 0
		for i := range after.Pieces {
			if a, b := before.Pieces[i], after.Pieces[i]; !reflect.DeepEqual(a, b) {
				changed++
			} else if a.Hosts != nil && &a.Hosts[0] != &b.Hosts[0] {
				t.Errorf("%s: %s is made again", name, a.Name)
			}
		}
		if changed != 2 {
			t.Errorf("%s: %d pieces have changed, not a service and a virtual host", name, changed)
		}
		i := 0
		allocs := testing.AllocsPerRun(10, func() {
			c := states[i%2]
			i++
			d.takeLocked(map[string]*labels.Container{c.ID: c}, []string{c.ID})
			d.Translate("x/", f)
		})
		if allocs > 2000 { // less than one for each piece
			t.Errorf("%s: a change allocates %v times", name, allocs)
		}
	}
}
