package labels

import (
	"fmt"
	"testing"
	"time"
)

// shop makes so many services with a container each, half of them with labels of Traefik.
func shop(n int) (cs []Container) {
	for i := range n {
		name := fmt.Sprint("app", i)
		c := Container{
			ID: fmt.Sprint(i), Name: name + "-1", Project: name, Service: "web", Running: true, Created: time.Unix(int64(i), 0),
			Addrs: map[string]string{"net": fmt.Sprintf("10.0.%d.%d", i/250, i%250+1)}, Ports: []uint16{80}, Labels: map[string]string{},
		}
		if i%2 == 0 {
			c.Labels["headgate.host"] = name + ".test"
		} else {
			c.Labels["traefik.enable"] = "true"
			c.Labels["traefik.http.routers."+name+".rule"] = "Host(`" + name + ".test`) && PathPrefix(`/a`)"
			c.Labels["traefik.http.routers."+name+".middlewares"] = "strip"
			c.Labels["traefik.http.middlewares.strip.stripprefix.prefixes"] = "/a"
			c.Labels["traefik.http.services."+name+".loadbalancer.server.port"] = "8080"
		}
		cs = append(cs, c)
	}
	return cs
}

func BenchmarkTranslate(b *testing.B) {
	for _, n := range []int{20, 200, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			cs := shop(n)
			for b.Loop() {
				Translate(cs, Options{})
			}
		})
	}
}
