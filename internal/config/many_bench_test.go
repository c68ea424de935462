package config_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/source"
)

// guestText is a service as it is discovered, with its own virtual host.
func guestText(i int) source.Text {
	return source.Text{Name: fmt.Sprintf("discovered:docker/app%d.test:80", i), Text: fmt.Sprintf(`<VirtualHost *:80>
    <Proxy "balancer://app%[1]d-web">
        BalancerMember "http://127.0.0.1:9000" route=a%[1]d
        BalancerMember "http://127.0.0.1:9001" route=b%[1]d
        ProxySet lbmethod=byrequests
    </Proxy>
    ServerName app%[1]d.test
    ProxyPreserveHost On
    ProxyPass "/" "balancer://app%[1]d-web/"
    ProxyPassReverse "/" "balancer://app%[1]d-web/"
</VirtualHost>
`, i)}
}

// BenchmarkGuests: what it costs to load a configuration with texts that were
// discovered, and to add one to it.
func BenchmarkGuests(b *testing.B) {
	for _, n := range []int{5, 1000} {
		rt, dir := runtimeOf(b), b.TempDir()
		o := config.Options{
			File: filepath.Join(dir, "httpd.conf"), Text: "ServerName x\nListen 127.0.0.1:80\nHeadgateDiscover docker unix:/x\n", ServerRoot: dir, Version: "Headgate/test",
		}
		for i := range n {
			o.Guests = append(o.Guests, guestText(i))
		}
		b.Run(fmt.Sprint("load/", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l := config.Load(o, rt, modules.All())
				if !l.OK() || len(l.Left) > 0 {
					b.Fatal(l.Blame())
				}
				<-l.Snapshot.Retire().Done()
			}
		})
		b.Run(fmt.Sprint("add/", n), func(b *testing.B) {
			l := config.Load(o, rt, modules.All())
			guests := append(o.Guests, source.Text{})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				guests[n] = guestText(n + i%2)
				next := l.Extend(guests, 1)
				if next == nil || len(next.Left) > 0 {
					b.Fatal("it is not for itself")
				}
				<-l.Snapshot.Retire().Done()
				l = next
			}
			<-l.Snapshot.Retire().Done()
		})
	}
}
