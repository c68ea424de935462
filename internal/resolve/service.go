package resolve

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Endpoint is one address and port at which a service can be had.
type Endpoint struct {
	Addr     netip.AddrPort
	Target   string // the name whose address it is
	Priority uint16 // of a service: lower ones are used first
	Weight   uint16 // of a service: share among those of the same priority
}

// maxTargets is how many targets of a service are looked up, and targetsAtOnce how
// many of them at the same time.
const (
	maxTargets    = 512
	targetsAtOnce = 8
)

// LookupEndpoints returns the addresses of host, each with the port. Addresses to which this
// machine has no route are left out, unless all are such.
func (r *Resolver) LookupEndpoints(ctx context.Context, host string, port uint16) ([]Endpoint, time.Time, error) {
	ans, err := r.Lookup(ctx, host)
	if err != nil {
		return nil, time.Time{}, err
	}
	var out []Endpoint
	for _, ip := range r.reachable(ans.Addrs) {
		out = append(out, Endpoint{Addr: netip.AddrPortFrom(ip, port), Target: host})
	}
	return out, ans.Expires, nil
}

// LookupService returns the endpoints of a service by its SRV records (RFC 2782):
// name is "_http._tcp.example.com". A target has the addresses of one family, the
// better one. known are the endpoints of the look-up before: they stand in for a
// target whose name cannot be looked up at the moment.
func (r *Resolver) LookupService(ctx context.Context, name string, known []Endpoint) ([]Endpoint, time.Time, error) {
	if !validName(name) {
		return nil, time.Time{}, &Error{Host: name, Kind: Invalid}
	}
	c, err := r.conf.get(or(r.ResolvConf, "/etc/resolv.conf"), r.now(), parseConf)
	if err != nil || len(c.servers) == 0 {
		return nil, time.Time{}, &Error{Host: name, Kind: ServerFailure, Detail: "no name server in resolv.conf", Err: err, TTL: defNegTTL}
	}
	var worst *Error
	for _, full := range c.candidates(name) {
		got := r.chase(ctx, c, full, dns.TypeSRV)
		if got.err == nil {
			return r.endpoints(ctx, got, known)
		}
		if worst == nil || gravity[got.err.Kind] > gravity[worst.Kind] {
			worst = got.err
		}
		if got.err.Kind == Timeout || got.err.Kind == Canceled {
			break
		}
	}
	worst.Host = name
	return nil, time.Time{}, worst
}

// endpoints looks up the targets of a service. The result is valid as long as the
// first of its records.
func (r *Resolver) endpoints(ctx context.Context, got result, known []Endpoint) ([]Endpoint, time.Time, error) {
	targets := got.targets
	if len(targets) > maxTargets {
		return nil, time.Time{}, &Error{Host: targets[0].Hdr.Name, Kind: Invalid, Detail: "it has more than 512 targets", TTL: maxNegTTL}
	}
	answers, errs := make([]Answer, len(targets)), make([]error, len(targets))
	free := make(chan struct{}, targetsAtOnce)
	var wg sync.WaitGroup
	for i, t := range targets {
		free <- struct{}{}
		wg.Go(func() {
			answers[i], errs[i] = r.Lookup(ctx, t.Target)
			<-free
		})
	}
	wg.Wait()
	expires := r.now().Add(got.ttl)
	var out []Endpoint
	var failed error
	for i, t := range targets {
		e := Endpoint{Target: t.Target, Priority: t.Priority, Weight: t.Weight}
		var addrs []netip.Addr
		if err, ok := errs[i].(*Error); ok {
			failed = err
			if err.Kind.Definite() {
				continue
			}
			addrs = addrsOf(known, t)
			expires = earlier(expires, r.now().Add(partTTL))
		} else {
			addrs = oneFamily(r.reachable(answers[i].Addrs))
			if !answers[i].Expires.IsZero() {
				expires = earlier(expires, answers[i].Expires)
			}
		}
		for _, ip := range addrs {
			e.Addr = netip.AddrPortFrom(ip, t.Port)
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, time.Time{}, failed
	}
	return out, expires, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// addrsOf returns the addresses that a target had before.
func addrsOf(known []Endpoint, t *dns.SRV) (addrs []netip.Addr) {
	for _, e := range known {
		if e.Target == t.Target && e.Addr.Port() == t.Port {
			addrs = append(addrs, e.Addr.Addr())
		}
	}
	return addrs
}

// oneFamily returns the addresses of the family of the first.
func oneFamily(addrs []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return a.Is4() != addrs[0].Is4() })
}

// reachable returns the addresses to which there is a route; all, if there is
// none to any.
func (r *Resolver) reachable(addrs []netip.Addr) []netip.Addr {
	if len(addrs) < 2 {
		return addrs
	}
	reach := r.Reach
	if reach == nil {
		reach = routed
	}
	out := slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return !reach(a) })
	if len(out) == 0 {
		return addrs
	}
	return out
}

// sortEndpoints orders endpoints by priority, then by address, so that the order
// of a reply does not matter. Of those with the same address one is left.
func sortEndpoints(list []Endpoint) []Endpoint {
	slices.SortFunc(list, func(a, b Endpoint) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.Addr.Compare(b.Addr), cmp.Compare(a.Target, b.Target))
	})
	seen := make(map[netip.AddrPort]bool, len(list))
	return slices.DeleteFunc(list, func(e Endpoint) bool {
		again := seen[e.Addr]
		seen[e.Addr] = true
		return again
	})
}
