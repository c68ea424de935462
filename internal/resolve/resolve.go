package resolve

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Limits of a result's lifetime.
const (
	minTTL      = time.Second      // a TTL of 0 would mean a query per request
	maxTTL      = time.Hour        // a mistake in a zone must not last for a day
	maxNegTTL   = time.Minute      // a new name is noticed soon
	defNegTTL   = 5 * time.Second  // when the negative reply has no SOA
	partTTL     = 30 * time.Second // when one of A and AAAA could not be asked
	fallbackTTL = 30 * time.Second // the standard resolver reports no TTL
)

// Answer is the result of a successful look-up: at least one address, best
// first.
type Answer struct {
	Addrs   []netip.Addr
	Expires time.Time // zero: never (an IP literal)
}

// Resolver looks names up. The zero value reads /etc/hosts and
// /etc/resolv.conf. Fields must be set before first use and not changed after.
// It is safe for concurrent use and must not be copied.
type Resolver struct {
	ResolvConf string           // "" = /etc/resolv.conf
	Hosts      string           // "" = /etc/hosts
	Port       uint16           // of the name servers, 0 = 53
	Now        func() time.Time // nil = time.Now

	// Exchange asks one server over "udp" or "tcp"; nil = the network.
	Exchange func(ctx context.Context, network string, server netip.AddrPort, m *dns.Msg) (*dns.Msg, error)
	// Fallback looks names up when resolv.conf names no server; nil =
	// net.DefaultResolver.
	Fallback func(ctx context.Context, host string) ([]netip.Addr, error)
	// Reach reports whether this machine has a route to ip; nil = ask the kernel.
	Reach func(ip netip.Addr) bool

	hosts file[hostTable]
	conf  file[*conf]
	turn  atomic.Uint32 // of "options rotate"
}

// Lookup finds the addresses of host: a name, or an IP literal with or without
// brackets. The error is an *Error.
func (r *Resolver) Lookup(ctx context.Context, host string) (Answer, error) {
	if ip, ok := literal(host); ok {
		return Answer{Addrs: []netip.Addr{ip}}, nil
	}
	if !validName(host) {
		return Answer{}, &Error{Host: host, Kind: Invalid}
	}
	now, key := r.now(), hostKey(host)
	// A hosts file that cannot be read is an empty one.
	table, _ := r.hosts.get(or(r.Hosts, "/etc/hosts"), now, parseHosts)
	addrs := table[key]
	if isLocalhost(key) {
		addrs = loopback(addrs)
	}
	if len(addrs) > 0 {
		// Another check costs one stat, so the result is valid until the file
		// is checked again.
		return Answer{Addrs: r.order(addrs), Expires: now.Add(checkEvery)}, nil
	}
	c, err := r.conf.get(or(r.ResolvConf, "/etc/resolv.conf"), now, parseConf)
	if err != nil || len(c.servers) == 0 {
		return r.fallback(ctx, host)
	}
	return r.search(ctx, c, host)
}

// search tries the candidates of a name until one has an address. A server
// failure on the way makes a later "no such name" unreliable, so the gravest
// error is reported.
func (r *Resolver) search(ctx context.Context, c *conf, host string) (Answer, error) {
	var worst *Error
	for _, name := range c.candidates(host) {
		addrs, ttl, err := r.ask(ctx, c, name)
		if err == nil {
			return Answer{Addrs: r.order(addrs), Expires: r.now().Add(ttl)}, nil
		}
		if worst == nil || gravity[err.Kind] > gravity[worst.Kind] {
			worst = err
		}
		if err.Kind == Timeout || err.Kind == Canceled {
			break // the next candidate would wait as long
		}
	}
	worst.Host = host
	return Answer{}, worst
}

// gravity orders the kinds by how unreliable they make the other results.
var gravity = [...]int{NotFound: 1, NoAddress: 2, ServerFailure: 3, Timeout: 4, Canceled: 5, Invalid: 0}

func (r *Resolver) fallback(ctx context.Context, host string) (Answer, error) {
	look := r.Fallback
	if look == nil {
		look = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	addrs, err := look(ctx, host)
	if err == nil && len(addrs) > 0 {
		out := make([]netip.Addr, len(addrs))
		for i, ip := range addrs {
			out[i] = ip.Unmap()
		}
		return Answer{Addrs: out, Expires: r.now().Add(fallbackTTL)}, nil
	}
	e := &Error{Host: host, Kind: transportKind(ctx, err), Detail: "from the system's resolver", Err: err, TTL: defNegTTL}
	if d, ok := err.(*net.DNSError); ok && d.IsNotFound || err == nil {
		e.Kind = NotFound
	}
	return Answer{}, e
}

func (r *Resolver) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// literal reads an IP address, in brackets or not.
func literal(host string) (netip.Addr, bool) {
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	ip, err := netip.ParseAddr(host)
	return ip.Unmap(), err == nil
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
