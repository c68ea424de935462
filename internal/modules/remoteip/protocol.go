package remoteip

import (
	"net/netip"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
)

// addrsKey is where the addresses of servers are in Builder.Aux.
type addrsKey struct{}

// proxiedKey is where the settings of PROXY headers are in Builder.Aux, for servers that
// are discovered.
type proxiedKey struct{}

// addrs returns the addresses of the virtual hosts that were built.
func addrs(b *module.Builder) map[*directive.Scope][]snapshot.Addr {
	m, ok := b.Aux.Own(addrsKey{}).(map[*directive.Scope][]snapshot.Addr)
	if !ok {
		m = make(map[*directive.Scope][]snapshot.Addr)
		b.Aux.Put(addrsKey{}, m)
	}
	return m
}

// finish tells every site which connections begin with a PROXY header.
//
// httpd: remoteip_enable_proxy_protocol. A setting is one of the server's addresses,
// so that all virtual hosts of an address share it; the main server's is any address
// and port. Of contradicting ones the later holds. Off comes before On.
func finish(b *module.Builder) error {
	c, ok := slot.Peek(b.Main.Server)
	if !ok {
		return nil
	}
	var t table
	for _, s := range c.protocol {
		for _, a := range addresses(b, s.scope) {
			t.set(b, a, s)
		}
	}
	if len(t.list(true)) == 0 {
		return nil
	}
	p := &exchange.ProxyProtocol{On: t.list(true), Off: t.list(false), Except: c.except}
	for _, s := range b.Part.Sites {
		s.Proxied = p
	}
	b.Aux.Put(proxiedKey{}, p)
	if !b.Check {
		for _, a := range p.On {
			b.Settings.Main.Log.Logf(logsink.Record{Level: logsink.Notice, Module: name, ID: "AH03492"}, "RemoteIPProxyProtocol: enabled on %s", a)
		}
	}
	return nil
}

// table is the settings of addresses, in the order in which they were made.
type table struct{ rows []row }

type row struct {
	addr netip.AddrPort
	setting
}

// any is the address that stands for all.
var any4 = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)

// addresses returns those of a server.
func addresses(b *module.Builder, s *directive.Scope) []netip.AddrPort {
	if s.Kind == directive.KindMain {
		return []netip.AddrPort{any4}
	}
	var out []netip.AddrPort
	for _, a := range addrs(b)[s] {
		ip := a.IP.Unmap().WithZone("")
		if !ip.IsValid() {
			ip = netip.IPv4Unspecified()
		}
		out = append(out, netip.AddrPortFrom(ip, a.Port))
	}
	return out
}

// set makes a setting. It replaces the opposite one of the same address, and is not
// made where a like one covers it.
func (t *table) set(b *module.Builder, a netip.AddrPort, s setting) {
	for i, r := range t.rows {
		if r.on != s.on && r.addr == a {
			t.rows = append(t.rows[:i], t.rows[i+1:]...)
			b.Warnf(s.call.Pos(), "RemoteIPProxyProtocol: previous setting for %s at %s is being overridden; new setting is '%s'",
				a, r.call.Pos(), map[bool]string{true: "On", false: "Off"}[s.on])
			break
		}
	}
	for _, r := range t.rows {
		if r.on == s.on && exchange.Covers(r.addr, a) {
			return
		}
	}
	t.rows = append(t.rows, row{a, s})
}

func (t *table) list(on bool) (out []netip.AddrPort) {
	for _, r := range t.rows {
		if r.on == on {
			out = append(out, r.addr)
		}
	}
	return out
}
