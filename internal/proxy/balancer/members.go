package balancer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/worker"
)

// source is what members of one balancer are made of, also while requests are
// served. Immutable.
type source struct {
	backends forward.Backends
	owner    string // of the state of members
	former   string // the owner before the balancer was renamed; "": it was not
	defaults forward.Defaults
	params   param.Params // of the balancer
	known    param.Known
	site     *exchange.Site // has the log
	place    health.Place   // of checks
	workers  *worker.List   // of the part
	checks   *health.Checks // of the part
}

// Balancer returns the balancer that h sends requests to.
func (h *Handler) Balancer() *balance.Balancer { return h.balancer }

// Why a member cannot be added.
var (
	ErrDuplicate = errors.New("the balancer has a member with this URL")
	ErrFull      = errors.New("no room for another member: growth= members were added")
	ErrClosed    = errors.New("the balancer is of a configuration that is no longer used")
)

// NewMember makes a member from its URL and parameters, as BalancerMember does;
// Add adds it. Its state is that of the same URL in the balancer, if there is
// one. The errors for parameters are httpd's texts.
func (h *Handler) NewMember(url string, settings []param.Setting) (*balance.Member, error) {
	u, err := uri.Parse(url)
	if err != nil {
		return nil, err
	}
	d := &forward.Definition{URL: u, Name: u.Name(), Params: param.Default()}
	if err := d.Params.SetAll(param.OfWorker, settings, &h.source.known); err != nil {
		return nil, err
	}
	lease := h.source.backends.Lease.Another()
	m, err := h.member(spec{lease: lease, line: d, named: u, added: true})
	if err != nil {
		lease.Release()
		return nil, err
	}
	m.Added = true
	return m, nil
}

// Add adds a member that NewMember has made, unless its URL is below that of
// another one (httpd: it would be the same worker), or as many were added as growth= says.
// After an error the member is of no use.
func (h *Handler) Add(m *balance.Member) error {
	err := ErrClosed
	h.balancer.Members.Change(func(list []*balance.Member) []*balance.Member {
		added := 0
		err = nil
		for _, o := range list {
			if covers(o, m) {
				err = ErrDuplicate
				return list
			}
			if o.Added && !o.Leaving {
				added++
			}
		}
		if added >= h.balancer.Growth {
			err = ErrFull
			return list
		}
		return append(list, m)
	})
	if err != nil {
		m.Lease.Release()
	}
	return err
}

// covers reports whether o's URL is m's or above it.
func covers(o, m *balance.Member) bool {
	return len(o.Worker.Name) >= m.Origin-len(proxyPrefix) && strings.HasPrefix(m.Worker.Name, o.Worker.Name)
}

// Remove removes a member; requests that it has go on to their end. False: the
// balancer does not have it.
func (h *Handler) Remove(m *balance.Member) (removed bool) {
	h.balancer.Members.Change(func(list []*balance.Member) []*balance.Member {
		i := slices.IndexFunc(list, m.Same)
		if i < 0 {
			return list
		}
		removed = true
		return slices.Delete(list, i, i+1)
	})
	return removed
}

// Edit replaces a member by what edit makes of a copy of it. False: the balancer
// does not have it.
func (h *Handler) Edit(m *balance.Member, edit func(*balance.Member)) (found bool) {
	h.balancer.Members.Change(func(list []*balance.Member) []*balance.Member {
		i := slices.IndexFunc(list, m.Same)
		if i < 0 {
			return list
		}
		found = true
		now := *list[i]
		edit(&now)
		now.RouteText = []byte(now.Route)
		list[i] = &now
		return list
	})
	return found
}

// Checkable reports whether a member can be checked as p says.
func (h *Handler) Checkable(m *balance.Member, p *param.CheckParams) error {
	return health.Possible(m.Worker, p)
}

// scoreKey is what the key of a member's score has before that of its state.
const scoreKey = "member|"

// spec is what a member is made of.
type spec struct {
	lease *state.Lease // holds its state; where it is not the part's, it becomes the member's
	line  *forward.Definition
	named uri.URL // the line's URL, or where that is one address of a name the URL with the name
	added bool    // others are in service already
}

// member makes one member. Its state is that of the same URL in the same
// balancer before a reload.
func (h *Handler) member(of spec) (*balance.Member, error) {
	s, w, p := &h.source, of.line, &of.line.Params
	backends := s.backends
	backends.Lease = of.lease
	path, err := memberPath(w.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: member %s: %w", h.balancer.Name, w.Name, err)
	}
	key := backends.StateKey(s.owner, w.URL, of.named, p, s.defaults)
	if s.former != "" {
		was := backends.StateKey(s.former, w.URL, of.named, p, s.defaults)
		of.lease.Adopt(key, was)
		of.lease.Adopt(scoreKey+key, scoreKey+was)
	}
	sender, err := backends.Member(s.owner, w.URL, of.named, p, s.defaults)
	if err != nil {
		return nil, err
	}
	origin := proxyPrefix + strings.TrimSuffix(w.Name, w.URL.Path)
	m := &balance.Member{
		Worker: &sender.Worker, Sender: sender, Factor: p.LoadFactor, Set: p.LBSet, Route: p.Route, Redirect: p.Redirect, Retry: p.Retry, SlowStart: h.balancer.SlowStart,
		Name: []byte(w.Name), RouteText: []byte(p.Route), URL: append([]byte(origin), path...), Origin: len(origin),
		Score: state.Attach(of.lease, scoreKey+key, func() (*balance.Score, func()) {
			return balance.NewScore(of.added), nil
		}),
		CheckHost: of.named.HostPort(),
	}
	if of.lease != s.backends.Lease {
		m.Lease = of.lease
	}
	checks := *p
	checks.InheritChecks(&s.params)
	m.Check = checks.Check
	if err := health.Possible(m.Worker, &m.Check); err != nil {
		return nil, err
	}
	if p.Given(param.OfWorker, "slowstart") {
		m.SlowStart = p.SlowStart
	}
	h.balancer.Inserter.Mark(m)
	m.Watch(h.balancer.Group)
	m.Health().Configure(p.Status|param.StatusInit, p.StatusCleared)
	return m, nil
}

// moved follows the list of members: which are swept, and which are checked.
func (h *Handler) moved(before, now *balance.Member) {
	s := &h.source
	switch {
	case before == nil:
		s.workers.Add(now.Worker)
	case now == nil:
		s.workers.Remove(before.Worker)
	}
	was, is := checked(before), checked(now)
	if was && is && before.Check == now.Check && before.CheckHost == now.CheckHost {
		return
	}
	if was {
		s.checks.Remove(before.Worker)
	}
	if is {
		_ = s.checks.Add(now.Worker, now.CheckHost, &now.Check, s.place) // it is Possible
	}
}

// checked reports whether a member may have health checks.
func checked(m *balance.Member) bool { return m != nil && !m.Leaving && !m.Pending }

// memberPath returns what a member's URL puts in front of paths. What cannot be
// in a request line is encoded.
func memberPath(u uri.URL) ([]byte, error) {
	path := []byte(u.Path)
	if uri.Sendable(path) {
		return path, nil
	}
	return uri.AppendCanon(nil, path, false)
}
