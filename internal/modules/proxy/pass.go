package proxy

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/balancer"
	"github.com/headgate/headgate/internal/proxy/mapping"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/syntax"
)

// passScheme is the scheme of backends that connections are passed on to unread.
const passScheme = "tcp"

// passRow is HeadgatePassthrough.
func passRow() directive.Row {
	return directive.Row{
		Name: "HeadgatePassthrough", Module: "mod_proxy", Where: directive.VHost, Args: directive.Raw,
		Usage: "HeadgatePassthrough tcp://host:port|balancer://name [key=value [key=value] ...]", Set: setPassthrough,
	}
}

// setPassthrough has the connections of a virtual host passed on unread, as if all of
// them were for one ProxyPass.
func setPassthrough(c *directive.Call) error {
	s := serverSlot.Of(c.Server)
	if s.Passthrough != nil {
		return c.Errorf("HeadgatePassthrough: %s of %s is the target already", s.Passthrough.Target, s.Passthrough.Place)
	}
	r, err := mapping.ParsePass(append([]string{"/"}, syntax.Words(c.Raw)...), mapping.Place{})
	switch {
	case err != nil:
		return c.Errorf("HeadgatePassthrough %w", err)
	case r.Deny || r.Dynamic || !r.Balancer && r.URL.Scheme != passScheme || r.URL.Path != "" && r.URL.Path != "/":
		return c.Errorf("HeadgatePassthrough: the target must be tcp://host:port or balancer://name")
	}
	if err := passPort(r.URL.Scheme, r.URL.Port, r.URL.Socket); err != nil {
		return c.Errorf("HeadgatePassthrough: %w", err)
	}
	if r.URL.Path == "" {
		// The path of the request that stands for a connection.
		r, _ = mapping.ParsePass(append([]string{"/", syntax.Words(c.Raw)[0] + "/"}, syntax.Words(c.Raw)[1:]...), mapping.Place{})
	}
	r.Rule, r.Place, r.Written = "HeadgatePassthrough", c.Pos().String(), c.Line().Directive
	if r.Balancer {
		if err := passToBalancer(c, s, r); err != nil {
			return err
		}
	} else if r.Worker, _, err = s.Workers.Define(r.URL, r.Settings, known(c), c.Pos()); err != nil {
		return paramFault(c, err)
	}
	s.Passthrough, s.PassthroughAt = r, c.Pos()
	return nil
}

// passPort checks that a backend by tcp:// has a port, since there is no default.
func passPort(scheme string, port uint16, socket string) error {
	if scheme == passScheme && port == 0 && socket == "" {
		return errors.New("a target by tcp:// must have a port")
	}
	return nil
}

// passMember returns the name of a member by tcp:// of a balancer, "" without one.
func passMember(h exchange.Handler) string {
	if balanced, ok := h.(*balancer.Live); ok {
		for _, m := range balanced.Balancer().Members.List() {
			if m.Worker != nil && m.Worker.Scheme == passScheme {
				return m.Worker.Name
			}
		}
	}
	return ""
}

// buildPass makes a server one whose connections are passed on.
func buildPass(b *module.Builder, s *module.Server, st *site, h exchange.Handler) {
	r := st.conf.Passthrough
	if balanced, ok := h.(*balancer.Live); ok {
		for _, m := range balanced.Balancer().Members.List() {
			if m.Worker != nil && m.Worker.Scheme != passScheme {
				b.Errorf(st.conf.PassthroughAt, "HeadgatePassthrough: the member %s of %s must be one by tcp://: connections are not read", m.Worker.Name, balanced.Balancer().Name)
			}
		}
	}
	t := new(mapping.Translator)
	list := mapping.NewRouted([]*mapping.PassRule{r}, false, map[*mapping.PassRule]exchange.Handler{r: h})
	t.Init(&mapping.Config{List: list, Queries: st.queries, Targets: st.targets})
	s.Site.Pass = t
	checkPassHost(b, s.Scope)
}

// checkPassHost refuses what can have no effect in a virtual host whose connections are
// passed on: there are no requests and responses, and no TLS of ours.
func checkPassHost(b *module.Builder, host *directive.Scope) {
	if host.Node == nil {
		return
	}
	for _, n := range host.Node.Children {
		name := ascii.ToLower(n.Name)
		switch kind := sectionsOfPass[name]; {
		case kind == nil && n.Section, !n.Section && !passDirectives[name]:
			refusePass(b, n, "it is about requests, which are not read in a virtual host with HeadgatePassthrough")
		case name == "sslengine" && !ascii.EqualFold(strings.TrimSpace(n.Args), "off"):
			refusePass(b, n, "with HeadgatePassthrough the backends have the certificates, and TLS ends there")
		case n.Section:
			kind(b, n)
		}
	}
}

func refusePass(b *module.Builder, n *syntax.Node, why string) {
	b.Errorf(n.Pos, "%s: %s", n.Label(), why)
}

// passDirectives are the directives that mean something for connections that are passed on,
// in lower case.
var passDirectives = setOf(`servername serveralias serveradmin serverpath headgatepassthrough customlog transferlog logformat errorlog errorlogformat
	loglevel timeout requestreadtimeout proxytimeout proxysourceaddress balancermember balancerinherit balancergrowth balancerpersist proxypassinherit
	proxyset proxystatus remoteipproxyprotocol remoteipproxyprotocolexceptions usecanonicalname usecanonicalphysicalport sslengine protocols
	define undefine`)

// sectionsOfPass check the sections that may be in such a virtual host.
var sectionsOfPass = map[string]func(*module.Builder, *syntax.Node){
	"proxy":    checkPassAccess,
	"location": checkPassLocation,
}

func setOf(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// checkPassLocation is for <Location>: only "/" holds for a connection, which has no path.
func checkPassLocation(b *module.Builder, n *syntax.Node) {
	if w := n.Words(); len(w) != 1 || w[0] != "/" {
		refusePass(b, n, `only <Location "/"> can hold for connections that are passed on: they have no path`)
		return
	}
	checkPassAccess(b, n)
}

// checkPassAccess looks at the directives of a section, and of those inside it.
func checkPassAccess(b *module.Builder, n *syntax.Node) {
	for _, c := range n.Children {
		switch name := ascii.ToLower(c.Name); {
		case c.Section && (name == "requireall" || name == "requireany" || name == "requirenone"):
			checkPassAccess(b, c)
		case name == "require" && !c.Section:
			checkPassRequire(b, c)
		case name == "balancermember" && !c.Section, name == "proxyset" && !c.Section, name == "authmerging" && !c.Section:
		default:
			refusePass(b, c, "it is about requests, which are not read in a virtual host with HeadgatePassthrough")
		}
	}
}

// checkPassRequire refuses what cannot be decided without a request.
func checkPassRequire(b *module.Builder, n *syntax.Node) {
	words := n.Words()
	if len(words) > 1 && ascii.EqualFold(words[0], "not") {
		words = words[1:]
	}
	if len(words) > 0 {
		switch ascii.ToLower(words[0]) {
		case "all", "ip", "host", "forward-dns", "local":
			return
		}
	}
	refusePass(b, n, "Require "+strings.Join(words, " ")+" needs a request; a connection that is passed on has an address only: all, ip, host, forward-dns and local can be decided")
}

// finishPass checks the addresses of the virtual hosts.
func finishPass(b *module.Builder) {
	b.VHosts.MarkPassing(func(first, passing *snapshot.VHost) {
		b.Errorf(passAt(b, passing.Defined), "HeadgatePassthrough: the first virtual host of the address (%s) has neither SSLEngine nor HeadgatePassthrough, so its connections are plain HTTP and have no server name", first.Defined)
	})
}

// passAt returns the place of the HeadgatePassthrough of a virtual host.
func passAt(b *module.Builder, defined string) syntax.Pos {
	for _, h := range b.Hosts {
		if c, ok := serverSlot.Peek(h.Server); ok && h.Pos.String() == defined && c.Passthrough != nil {
			return c.PassthroughAt
		}
	}
	return syntax.Pos{}
}
