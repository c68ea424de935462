package balancer

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/uri"
)

// apply makes the members those of the current endpoints. A member whose address
// has gone leaves; one whose address is back stays.
func (e *Expansion) apply() {
	list := e.endpoints.List()
	if len(list) == 0 {
		return
	}
	fresh := e.newMembers(list)
	var came, went []string
	e.h.balancer.Members.Change(func(all []*balance.Member) []*balance.Member {
		var out, own []*balance.Member
		at := len(all)
		for i, m := range all {
			if m.Line != e.line.Name {
				out = append(out, m)
				continue
			}
			at = min(at, i)
			own = append(own, m)
		}
		var now []*balance.Member
		now, came, went = e.merge(own, out, fresh, list)
		return slices.Insert(out, min(at, len(out)), now...)
	})
	for _, m := range fresh { // those that were not needed
		if m.Lease != nil && !slices.ContainsFunc(e.h.balancer.Members.List(), m.Same) {
			m.Lease.Release()
		}
	}
	e.applied, e.added = list, true
	if len(came)+len(went) > 0 {
		e.logf(logsink.Notice, "%s: %s has %d addresses; new: %s; gone: %s", e.h.balancer.Name, e.line.Name, len(list), listed(came), listed(went))
	}
}

func listed(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, " ")
}

// merge returns the members of the line: those of own that stay, those of fresh
// that are needed, and those of own that leave. others are the members of other
// lines: an address that one of them has is theirs.
func (e *Expansion) merge(own, others, fresh []*balance.Member, list []resolve.Endpoint) (now []*balance.Member, came, went []string) {
	byURL := make(map[string]*balance.Member)
	for _, m := range slices.Concat(fresh, own) {
		if !m.Pending {
			byURL[m.Worker.Name] = m
		}
	}
	for _, m := range others {
		delete(byURL, m.Worker.Name)
	}
	for i := range list {
		m := byURL[e.url(&list[i]).Name()]
		if m == nil {
			continue
		}
		delete(byURL, m.Worker.Name)
		if !slices.Contains(own, m) || m.Leaving {
			came = append(came, list[i].Addr.String())
		}
		now = append(now, e.staying(m, list, i))
	}
	for _, m := range own {
		if byURL[m.Worker.Name] == nil {
			continue
		}
		if !m.Leaving {
			went = append(went, e.address(m))
			c := *m
			c.Leaving = true
			m = &c
			e.left[m.Score] = time.Time{}
		}
		now = append(now, m)
	}
	return now, came, went
}

// staying returns m as it is from now on. What records of a service say of it is
// applied when they change, so that what was changed at run time stays.
func (e *Expansion) staying(m *balance.Member, list []resolve.Endpoint, i int) *balance.Member {
	c := *m
	c.Leaving = false
	delete(e.left, m.Score)
	if e.line.Params.Expand == param.ExpandSRV {
		factor, set := e.share(list, i)
		old := slices.IndexFunc(e.applied, func(o resolve.Endpoint) bool { return o.Addr == list[i].Addr })
		if old < 0 {
			c.Factor, c.Set = factor, set
		} else if f, s := e.share(e.applied, old); f != factor || s != set {
			c.Factor, c.Set = factor, set
		}
	}
	if c.Leaving == m.Leaving && c.Factor == m.Factor && c.Set == m.Set {
		return m
	}
	return &c
}

// maxSet and maxFactor are the highest lbset= and loadfactor= there are.
const (
	maxSet    = 99
	maxFactor = 100 * 100
)

// share returns the factor and the set of a target of a service: its weight, scaled
// where one of the weights is above 100, and the rank of its priority.
func (e *Expansion) share(list []resolve.Endpoint, i int) (factor, set int) {
	most, rank := 0, 0
	for k := range list {
		most = max(most, int(list[k].Weight))
		if k > 0 && k <= i && list[k].Priority != list[k-1].Priority {
			rank++
		}
	}
	set = min(e.line.Params.LBSet+rank, maxSet)
	switch w := int(list[i].Weight); {
	case most == 0:
		return 100, set
	case most > 100:
		return max(1, w*maxFactor/most), set
	default:
		return max(1, w*100), set
	}
}

// newMembers makes a member of each endpoint that has none.
func (e *Expansion) newMembers(list []resolve.Endpoint) (out []*balance.Member) {
	have := make(map[string]bool)
	for _, m := range e.h.balancer.Members.List() {
		have[m.Worker.Name] = !m.Pending
	}
	for i := range list {
		d := *e.line
		d.URL = e.url(&list[i])
		d.Name = d.URL.Name()
		if have[d.Name] {
			continue
		}
		if d.Params.Route != "" {
			d.Params.Route = route(d.Params.Route, list[i].Addr)
		}
		lease := e.h.source.backends.Lease.Another()
		m, err := e.h.member(spec{lease: lease, line: &d, named: e.named, added: e.added})
		if err != nil { // it was possible for the line
			lease.Release()
			continue
		}
		m.Line = e.line.Name
		out = append(out, m)
	}
	return out
}

// url returns the URL of a member.
func (e *Expansion) url(p *resolve.Endpoint) uri.URL {
	u := e.line.URL
	u.Host, u.Port = p.Addr.Addr().String(), p.Addr.Port()
	return u
}

// address returns the address of a member, for the log.
func (e *Expansion) address(m *balance.Member) string {
	return netip.AddrPortFrom(netip.MustParseAddr(m.Worker.Host), m.Worker.Port).String()
}

// route returns the route of a member: that of its line, and a number that
// depends on its address only.
func route(line string, a netip.AddrPort) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(a.String()))
	return fmt.Sprintf("%s-%08x", line, h.Sum32())
}

// lingers is how long a member that leaves is kept at least: servers that return
// some of many addresses bring it back soon, and its state is still there.
const lingers = 30 * time.Second

// reap removes members that have left and have no request any more.
func (e *Expansion) reap(now time.Time) {
	if len(e.left) == 0 {
		return
	}
	var gone []*balance.Member
	for _, m := range e.h.balancer.Members.List() {
		since, ok := e.left[m.Score]
		switch {
		case !ok || !m.Leaving:
		case since.IsZero():
			e.left[m.Score] = now
		case now.Sub(since) >= lingers && m.Worker.State.Busy.Load() == 0:
			gone = append(gone, m)
		}
	}
	for _, m := range gone {
		delete(e.left, m.Score)
		e.h.Remove(m)
		e.logf(logsink.Info, "%s: member %s is removed: it has no requests any more", e.h.balancer.Name, m.Worker.Name)
	}
}
