package manage

import (
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxy/param"
)

// replace puts a changed copy of a member in its place.
func (s *subject) replace(old, next *balance.Member) {
	s.Live.Edit(old, func(m *balance.Member) { *m = *next })
	s.Live.Balancer().Group.Changed()
}

// restart has the balancer's elections begin again.
func (s *subject) restart(standing func(*balance.Member) int64) {
	s.Live.Balancer().Restart(standing)
}

// configParams returns what the configuration says of the balancer.
func (s *subject) configParams() *param.Params { return s.Params }

// memberParams returns what the configuration says of a member; what it
// was added with for one that was added at run time.
func (s *subject) memberParams(url string) *param.Params {
	if p := s.members[url]; p != nil {
		return p
	}
	if p := s.added[url]; p != nil {
		return p
	}
	p := param.Default()
	return &p
}

// known returns the names that parameters may use.
func (s *subject) known() *param.Known {
	if s.Known != nil {
		return s.Known
	}
	return &known
}

// log writes the line of an entry to the error log of the balancer's server.
func (s *subject) log(e Entry) { s.logf("%s", e.String()) }

func (s *subject) logf(format string, args ...any) {
	if s.site == nil || s.site.Log == nil || s.site.Levels != nil && !s.site.Levels.Enabled("proxy_balancer", logsink.Notice) {
		return
	}
	s.site.Log.Logf(logsink.Record{Level: logsink.Notice, Module: "proxy_balancer"}, format, args...)
}

// fail logs that something could not be done.
func (s *subject) fail(format string, args ...any) {
	if s.site != nil && s.site.Log != nil {
		s.site.Log.Logf(logsink.Record{Level: logsink.Error, Module: "proxy_balancer"}, format, args...)
	}
}
