package proxy

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/page"
	"github.com/headgate/headgate/internal/proxy/balancer"
)

//go:embed status.html
var statusText string

var statusTables = template.Must(template.New("balancers").Parse(statusText))

// StatusPart returns the balancers of a server for the page of server-status,
// where ProxyStatus is not off. It has the type module.StatusSource. Full shows
// the same as On, as in httpd.
func StatusPart(b *module.Builder, s *module.Server) module.StatusPart {
	st, ok := b.Aux.Get(siteKey{s}).(*site)
	if !ok || st.conf.StatusPage.Or(StatusPageOff) == StatusPageOff {
		return nil
	}
	return statusPart{st.balancers}
}

// statusPart shows the balancers of one server (httpd: proxy_status_hook).
type statusPart struct{ balancers *balancer.Balancers }

// Auto implements module.StatusPart.
func (p statusPart) Auto(line func(string, ...any)) {
	i := 0
	p.balancers.Each(func(b *balance.Balancer) {
		line("ProxyBalancer[%d]Name: %s", i, b.Name)
		for n, m := range b.Members.List() {
			is := func(key, form string, v any) {
				line("ProxyBalancer[%d]Worker[%d]%s: "+form, i, n, key, v)
			}
			s := m.Worker.State
			is("Name", "%s", m.Worker.Name)
			is("Status", "%s", s.Health.Text())
			is("Elected", "%d", s.Elected.Load())
			is("Busy", "%d", s.Busy.Load())
			is("Sent", "%dK", s.Sent.Load()>>10)
			is("Rcvd", "%dK", s.Received.Load()>>10)
		}
		i++
	})
}

// shownBalancer is a balancer as the page has it.
type shownBalancer struct {
	Name, Sessions, Method string
	Timeout                int64 // in seconds
	Members                []shownMember
}

// shownMember is a member as the page has it.
type shownMember struct {
	Scheme, Host, Status, Tag string
	Route, Redirect, Factor   string
	Set                       int
	Elected, Busy             int64
	Sent, Received            string
}

// HTML implements module.StatusPart.
func (p statusPart) HTML() (template.HTML, error) {
	var all []shownBalancer
	p.balancers.Each(func(b *balance.Balancer) { all = append(all, showBalancer(b)) })
	var text strings.Builder
	err := statusTables.Execute(&text, all)
	return template.HTML(text.String()), err //nolint:gosec // made by html/template
}

func showBalancer(b *balance.Balancer) shownBalancer {
	out := shownBalancer{Name: b.Name, Sessions: b.Sticky, Method: b.BalancerParams.Method, Timeout: int64(b.Timeout.Seconds())}
	switch {
	case b.Sticky == "":
		out.Sessions = "-"
	case b.Sticky != b.StickyPath:
		out.Sessions += " | " + b.StickyPath
	}
	for _, m := range b.Members.List() {
		out.Members = append(out.Members, showMember(m))
	}
	return out
}

func showMember(m *balance.Member) shownMember {
	s := m.Worker.State
	out := shownMember{
		Scheme: m.Worker.Scheme, Host: m.Worker.Host, Status: strings.TrimSpace(s.Health.Text()), Tag: "bad", Route: m.Route, Redirect: m.Redirect,
		Factor: fmt.Sprintf("%.2f", float64(m.Factor)/100), Set: m.Set, Elected: s.Elected.Load(), Busy: s.Busy.Load(),
		Sent: page.Size(s.Sent.Load()), Received: page.Size(s.Received.Load()),
	}
	if strings.HasSuffix(out.Status, "Ok") {
		out.Tag = "good"
	}
	return out
}
