package balancer

import (
	"strings"
	"sync/atomic"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Live is a balancer of a snapshot whose settings may change while it is in use.
// A request is handled to its end with the settings it began with. It implements
// exchange.Handler.
type Live struct {
	current atomic.Pointer[Handler]

	Owner      string      // the server that has it: "main", or a virtual host's key
	Definition *Definition // what the configuration says of it and of its members
}

var _ exchange.Handler = (*Live)(nil)

func newLive(h *Handler, d *Definition, owner string) *Live {
	l := &Live{Owner: owner, Definition: d}
	l.current.Store(h)
	return l
}

// Handle implements exchange.Handler.
func (l *Live) Handle(x *exchange.Exchange) error { return l.current.Load().Handle(x) }

// Handler returns what handles requests with the current settings, and makes members.
func (l *Live) Handler() *Handler { return l.current.Load() }

// Former returns the name that it had before a reload renamed it; "": it was not.
func (l *Live) Former() string {
	was := l.current.Load().source.former
	return was[strings.LastIndexByte(was, '|')+1:]
}

// Balancer returns it with its current settings.
func (l *Live) Balancer() *balance.Balancer { return l.current.Load().balancer }

// Configure changes its settings. One caller at a time may do so.
func (l *Live) Configure(c balance.Config) {
	old := l.current.Load()
	h := *old
	h.balancer = old.balancer.With(c)
	l.current.Store(&h)
	h.balancer.Group.Changed()
}

// NewMember is Handler.NewMember.
func (l *Live) NewMember(url string, settings []param.Setting) (*balance.Member, error) {
	return l.Handler().NewMember(url, settings)
}

// Add is Handler.Add.
func (l *Live) Add(m *balance.Member) error { return l.Handler().Add(m) }

// Remove is Handler.Remove.
func (l *Live) Remove(m *balance.Member) bool { return l.Handler().Remove(m) }

// Edit is Handler.Edit.
func (l *Live) Edit(m *balance.Member, edit func(*balance.Member)) bool {
	return l.Handler().Edit(m, edit)
}

// Checkable is Handler.Checkable.
func (l *Live) Checkable(m *balance.Member, p *param.CheckParams) error {
	return l.Handler().Checkable(m, p)
}
