package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// udpSize is the datagram size we offer to receive: no fragmentation anywhere
// (the value of the DNS flag day of 2020).
const udpSize = 1232

// ask looks up one absolute name, A and AAAA at once.
func (r *Resolver) ask(ctx context.Context, c *conf, name string) ([]netip.Addr, time.Duration, *Error) {
	var four, six result
	if c.noAAAA {
		four = r.chase(ctx, c, name, dns.TypeA)
		return four.addrs, four.ttl, four.err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		six = r.chase(ctx, c, name, dns.TypeAAAA)
	}()
	four = r.chase(ctx, c, name, dns.TypeA)
	<-done
	return merge(four, six)
}

// result is the result of one query type: addresses with their lifetime, or an
// error.
type result struct {
	addrs   []netip.Addr
	targets []*dns.SRV
	ttl     time.Duration
	err     *Error
}

// merge joins the two types. If one of them has addresses it is a success,
// whatever the other's result; but if the other could not be asked it is asked
// again soon.
func merge(four, six result) ([]netip.Addr, time.Duration, *Error) {
	switch {
	case four.err == nil && six.err == nil:
		return append(six.addrs, four.addrs...), min(four.ttl, six.ttl), nil
	case four.err == nil:
		return four.addrs, lifeBeside(four.ttl, six.err), nil
	case six.err == nil:
		return six.addrs, lifeBeside(six.ttl, four.err), nil
	case gravity[six.err.Kind] > gravity[four.err.Kind]:
		return nil, 0, six.err
	}
	return nil, 0, four.err
}

func lifeBeside(ttl time.Duration, other *Error) time.Duration {
	if other.Kind.Definite() {
		return ttl
	}
	return min(ttl, partTTL)
}

// maxHops limits how many aliases lead to a new query.
const maxHops = 8

// chase asks for one type and follows aliases that the server left unresolved.
func (r *Resolver) chase(ctx context.Context, c *conf, name string, qtype uint16) result {
	life := maxTTL
	for range maxHops {
		reply, who, err := r.exchange(ctx, c, name, qtype)
		if err != nil {
			return result{err: err}
		}
		ch := readChain(reply, name, qtype)
		life = min(life, ch.ttl)
		switch {
		case len(ch.addrs)+len(ch.targets) > 0:
			return result{addrs: ch.addrs, targets: ch.targets, ttl: max(life, minTTL)}
		case reply.Rcode == dns.RcodeNameError:
			return result{err: negative(NotFound, name, reply, who)}
		case ch.last == name || hasSOA(reply):
			return result{err: negative(NoAddress, name, reply, who)}
		}
		name = ch.last
	}
	return result{err: &Error{Host: name, Kind: ServerFailure, Detail: "alias chain too long", TTL: defNegTTL}}
}

// exchange asks the servers in turn until one sends a usable reply.
func (r *Resolver) exchange(ctx context.Context, c *conf, name string, qtype uint16) (*dns.Msg, netip.AddrPort, *Error) {
	start := 0
	if c.rotate {
		start = int(r.turn.Add(1)-1) % len(c.servers)
	}
	var last *Error
	for range c.attempts {
		for i := range c.servers {
			server := netip.AddrPortFrom(c.servers[(start+i)%len(c.servers)], r.port())
			reply, err := r.try(ctx, c, server, name, qtype)
			if err == nil {
				return reply, server, nil
			}
			last = &Error{Host: name, Kind: transportKind(ctx, err), Detail: "asked " + server.String(), Err: err}
			if ctx.Err() != nil {
				return nil, server, last
			}
		}
	}
	if last.Kind == Timeout {
		last.Err = nil
		last.Detail = fmt.Sprintf("no answer in %v, %d tries, from %s", c.timeout, c.attempts, serverList(c, r.port()))
	}
	return nil, netip.AddrPort{}, last
}

func serverList(c *conf, port uint16) string {
	var all []string
	for _, ip := range c.servers {
		all = append(all, netip.AddrPortFrom(ip, port).String())
	}
	return strings.Join(all, ", ")
}

// try asks one server once: by datagram, by stream if the reply was truncated,
// and without EDNS if the server is too old for it.
func (r *Resolver) try(ctx context.Context, c *conf, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
	ctx, stop := context.WithTimeout(ctx, c.timeout)
	defer stop()
	q := new(dns.Msg)
	q.SetQuestion(name, qtype)
	q.SetEdns0(udpSize, false)
	network := "udp"
	if c.tcp {
		network = "tcp"
	}
	reply, err := r.send(ctx, network, server, q)
	if err == nil && (reply.Rcode == dns.RcodeFormatError || reply.Rcode == dns.RcodeNotImplemented) {
		q.Extra = nil
		reply, err = r.send(ctx, network, server, q)
	}
	if err == nil && reply.Truncated && network == "udp" {
		reply, err = r.send(ctx, "tcp", server, q)
	}
	if err != nil {
		return nil, err
	}
	return reply, usable(reply)
}

// usable refuses replies that say nothing about the name.
func usable(m *dns.Msg) error {
	switch {
	case m.Rcode == dns.RcodeNameError:
		return nil
	case m.Rcode != dns.RcodeSuccess:
		return fmt.Errorf("answered %s", dns.RcodeToString[m.Rcode])
	case len(m.Answer) == 0 && !m.Authoritative && !m.RecursionAvailable && !hasSOA(m):
		return fmt.Errorf("answered with a referral: not a recursive server")
	}
	return nil
}

// send does one exchange and checks that the reply matches our question.
func (r *Resolver) send(ctx context.Context, network string, server netip.AddrPort, q *dns.Msg) (*dns.Msg, error) {
	ex := r.Exchange
	if ex == nil {
		ex = overNetwork
	}
	q.Id = dns.Id()
	m, err := ex(ctx, network, server, q)
	switch {
	case err != nil:
		return nil, err
	case m == nil || m.Id != q.Id || !m.Response:
		return nil, errStray
	case len(m.Question) == 0 && m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError:
		return m, nil // a server that understood nothing need not repeat the question
	case len(m.Question) != 1 || m.Question[0].Qtype != q.Question[0].Qtype || !sameName(m.Question[0].Name, q.Question[0].Name):
		return nil, fmt.Errorf("answered another question")
	}
	return m, nil
}

// overNetwork uses a new socket, hence a new source port, for each question. A
// datagram with another id belongs to another question (or is forged) and is
// skipped until the time is up.
func overNetwork(ctx context.Context, network string, server netip.AddrPort, m *dns.Msg) (*dns.Msg, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, server.String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if limit, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(limit)
	}
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	conn := dns.Conn{Conn: c, UDPSize: udpSize}
	if err := conn.WriteMsg(m); err != nil {
		return nil, err
	}
	for {
		reply, err := conn.ReadMsg()
		switch {
		case reply != nil && reply.Id == m.Id && (err == nil || reply.Truncated):
			return reply, nil // truncated in the middle of a record is still truncated
		case reply == nil || network == "tcp" || reply.Id == m.Id:
			return nil, cmp.Or(err, errStray)
		}
	}
}

var errStray = errors.New("answered something else")

func (r *Resolver) port() uint16 {
	if r.Port != 0 {
		return r.Port
	}
	return 53
}
