package labels

import (
	"fmt"
	"slices"
	"strings"
)

// text is lines with an indent.
type text struct {
	strings.Builder
	indent string
}

func (b *text) line(format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	b.WriteString(b.indent + format + "\n")
}

func (b *text) lines(lines []string) {
	for _, l := range lines {
		b.WriteString(b.indent + l + "\n")
	}
}

// within writes a section.
func (b *text) within(head, tail string, body func()) {
	b.WriteString(b.indent + head + "\n")
	b.indent += "    "
	body()
	b.indent = b.indent[4:]
	b.WriteString(b.indent + tail + "\n")
}

// write writes the <Proxy> section of a balancer.
func (s *service) write() *Service {
	slices.SortFunc(s.members, func(a, b Member) int { return strings.Compare(a.URL, b.URL) })
	out := &Service{Name: s.balancer, Members: s.members, Hosts: sorted(s.hosts), Paths: sorted(s.paths)}
	var b text
	b.within("<Proxy "+quote("balancer://"+s.balancer)+">", "</Proxy>", func() {
		for _, m := range s.members {
			out.Containers = append(out.Containers, shown(m.Container))
			params := append([]string(nil), m.params...)
			if strings.HasPrefix(m.URL, "http") {
				params = append(params, "upgrade=websocket")
			}
			switch {
			case m.Disabled:
				params = append(params, "status=+D")
			case m.Draining:
				params = append(params, "status=+N")
			}
			b.line("# %s", shown(m.Container))
			b.line("%s", strings.Join(append([]string{"BalancerMember", quote(m.URL)}, params...), " "))
		}
		if params := append(s.settings.params[:len(s.settings.params):len(s.settings.params)], s.retry...); len(params) > 0 {
			b.line("%s", "ProxySet "+strings.Join(params, " "))
		}
		b.lines(s.settings.lines)
	})
	out.Containers = sorted(out.Containers)
	out.Config = b.String()
	return out
}

// sorted sorts words and drops those that are there twice.
func sorted(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// writeDefault writes the first virtual host of an address, which gets the requests for hosts that nobody names: without it
// they would go to some container's. It is nil without a certificate where it needs one.
func (s *site) writeDefault(o *Options) *Site {
	var cert []string
	if s.tls {
		var ok bool
		if cert, ok = certificateLines(o.answer(question{topic: certificateOf})); !ok {
			if cert, ok = certificateLines(o.answer(question{topic: certificateOf, about: s.host})); !ok {
				return nil
			}
		}
	}
	var b text
	b.within("<VirtualHost "+s.address+">", "</VirtualHost>", func() {
		b.line("# Requests for names that no other virtual host has are treated as the main server treats them.")
		b.line("ServerName default.invalid")
		b.lines(cert)
	})
	return &Site{Address: s.address, Config: b.String()}
}

// writeSite writes a virtual host. It returns nil without a certificate where it needs one.
func (t *translation) writeSite(s *site) *Site {
	var cert []string
	if s.tls {
		var ok bool
		if cert, ok = t.certificate(strings.TrimPrefix(s.host, "*")); !ok {
			for _, e := range s.entries {
				if !e.wide {
					t.problem(e.r.first, e.r.label, "%s needs a certificate for %s: there is none", s.address, place(s.host, always))
				}
			}
			return nil
		}
	}
	return s.write(s.names, cert)
}

// write writes a virtual host for names.
func (s *site) write(names, cert []string) *Site {
	out := &Site{Address: s.address, Hosts: names}
	var b text
	b.within("<VirtualHost "+s.address+">", "</VirtualHost>", func() {
		s.writeNames(&b, names)
		b.lines(cert)
		planOf(s).write(&b)
	})
	for _, e := range s.entries {
		if e.r.service != nil && !slices.Contains(out.Services, e.r.service.balancer) {
			out.Services = append(out.Services, e.r.service.balancer)
		}
	}
	out.Config = b.String()
	return out
}

func (s *site) writeNames(b *text, names []string) {
	switch rank(s.host) {
	case 0:
		b.line("ServerName %s", names[0])
		for chunk := range slices.Chunk(names[1:], 10) {
			b.line("ServerAlias %s", strings.Join(chunk, " "))
		}
	case 1:
		b.line("ServerName wildcard%s", s.host[1:])
		b.line("ServerAlias %s", s.host)
	default:
		b.line("# Requests for names that no other virtual host has.")
		b.line("ServerName any.invalid")
		b.line("ServerAlias *")
	}
}

// planned is what is written for an entry.
type planned struct {
	*entry
	pattern string // of the path, if nothing else is tested
	plain   bool   // ProxyPass lines do; else rules of mod_rewrite send the request on
	tag     bool   // a rule marks its requests for their section
	section []string

	redirects []redirect // those that concern the hosts of the site
}

// plan is the contents of a virtual host.
type plan struct {
	entries []planned
	rules   int  // how many entries have rules: a rule for each, so that those after it do not get its requests
	names   bool // something asks for the name in the request
}

func planOf(s *site) *plan {
	p := &plan{}
	for _, e := range s.entries {
		d := planned{entry: e, section: e.r.sectionLines()}
		var onlyPath bool
		d.pattern, onlyPath = e.rest.pattern()
		for _, r := range e.r.steps.redirects {
			if !r.pointless(s.host, s.tls) {
				d.redirects = append(d.redirects, r)
			}
		}
		d.plain = onlyPath && len(d.redirects) == 0 && e.r.service != nil && e.passLines(d.pattern) != nil
		if !onlyPath {
			d.pattern = ""
		}
		d.tag = len(d.section) > 0 && (len(s.entries) > 1 || !onlyPath)
		p.entries = append(p.entries, d)
		if d.tag || !d.plain {
			p.rules = len(p.entries)
		}
		p.names = p.names || e.rest.testsHost() || len(d.redirects) > 0
	}
	return p
}

func (p *plan) write(b *text) {
	if p.sendsRaw() {
		b.line("AllowEncodedSlashes NoDecode")
	}
	if p.names {
		b.line("UseCanonicalName Off")
	}
	p.writeRules(b)
	p.writeErrorPages(b)
	for i := range p.entries {
		if d := &p.entries[i]; d.plain {
			b.lines(d.passLines(d.pattern))
		}
	}
	for i := range p.entries {
		p.entries[i].writeSection(b)
	}
}

// sendsRaw says whether encoded slashes may pass: all lines of mod_proxy have nocanon, and no rule proxies by itself, which
// would encode them twice.
func (p *plan) sendsRaw() bool {
	return !slices.ContainsFunc(p.entries, func(d planned) bool { return d.r.own || !d.plain && !d.r.steps.ends })
}

// writeRules writes the rules of mod_rewrite. Those of a router end the search, so that the order of routers is kept.
func (p *plan) writeRules(b *text) {
	if p.rules == 0 {
		return
	}
	b.line("RewriteEngine On")
	if slices.ContainsFunc(p.entries, func(d planned) bool { return len(d.r.steps.errors) > 0 }) {
		b.line(`RewriteRule %s - [L]`, ruleArg("^"+regexQuote(errorBase)))
	}
	for i := range p.entries[:p.rules] {
		p.entries[i].writeRules(b)
	}
}

func (d *planned) writeRules(b *text) {
	flags := "[L]"
	if d.tag {
		flags = "[E=HG_ROUTER:" + d.r.name + ",L]"
	}
	if d.plain {
		b.line("RewriteRule %s - %s", ruleArg(d.pattern), flags)
		return
	}
	var lines []string
	rules := 0
	for _, r := range d.redirects {
		lines = append(lines, r.lines...)
		rules += r.rules
	}
	if !d.r.steps.ends {
		for _, s := range d.r.steps.paths {
			lines = append(lines, s.lines...)
			rules += len(s.lines)
		}
		lines = append(lines, d.lastRule(flags))
		rules++
	}
	if d.r.closed {
		lines, rules = []string{`RewriteRule "^" - [R=503,L]`}, 1
		b.line("# %s, which is refused", d.r.name)
	} else {
		b.line("# %s", d.r.name)
	}
	switch {
	case d.pattern == "^":
	case d.pattern != "":
		b.line("RewriteRule %s - [S=%d]", ruleArg("!"+d.pattern), rules)
	default:
		test, _ := (&node{op: opNot, kids: []*node{d.rest}}).expression()
		b.line("RewriteCond expr %s", ruleArg(test))
		b.line(`RewriteRule "^" - [S=%d]`, rules)
	}
	b.lines(lines)
}

// lastRule sends a request on.
func (d *planned) lastRule(flags string) string {
	if d.r.service == nil {
		return `RewriteRule "^" - [R=404,L]`
	}
	return `RewriteRule "^(.*)$" "balancer://` + d.r.service.balancer + `$1" ` + strings.Replace(flags, "[", "[P,", 1)
}

func (p *plan) writeErrorPages(b *text) {
	done := map[string]bool{}
	for i := range p.entries {
		for _, e := range p.entries[i].r.steps.errors {
			if !done[e.name] {
				done[e.name] = true
				path := quote(errorBase + e.name + "/")
				b.line("ProxyPass %s %s", path, quote("balancer://"+e.service.balancer+"/"))
				b.within("<Location "+path+">", "</Location>", func() {
					b.line("# The page is sent with the status of the error, not with its own.")
					b.line("ProxyErrorOverride On %s", strings.Join(e.codes, " "))
				})
			}
		}
	}
}

// writeSection writes what holds for the requests of one router.
func (d *planned) writeSection(b *text) {
	if len(d.section) == 0 {
		return
	}
	head, tail := "<If "+quote("reqenv('HG_ROUTER') == '"+d.r.name+"'")+">", "</If>"
	switch {
	case d.tag:
	case d.pattern == "^":
		head, tail = `<Location "/">`, "</Location>"
	case d.rest.op == opUnder:
		head, tail = "<Location "+quote(d.rest.a)+">", "</Location>"
	default:
		head, tail = "<LocationMatch "+quote(d.pattern)+">", "</LocationMatch>"
	}
	b.within(head, tail, func() { b.lines(d.section) })
}

// passLines returns the lines of mod_proxy for a router whose rule is a pattern for the path; nil if they cannot do it.
func (o *entry) passLines(pattern string) []string {
	to := "balancer://" + o.r.service.balancer
	if o.r.own {
		return o.ownPassLines(to)
	}
	prefix, single := o.rest.onePrefix()
	switch ps := o.r.steps.paths; {
	case len(ps) == 0 && pattern == "^":
		return []string{`ProxyPass "/" ` + quote(to+"/") + " nocanon"}
	case len(ps) == 0:
		return []string{"ProxyPassMatch " + quote(pattern) + " " + quote(to) + " nocanon"}
	case len(ps) == 1 && ps[0].add != "" && pattern == "^":
		return []string{`ProxyPassMatch "^(.*)$" ` + quote(to+substitution(ps[0].add)+"$1") + " nocanon"}
	case len(ps) == 1 && ps[0].prefix != "" && single && strings.HasPrefix(prefix, ps[0].prefix):
		rest := strings.TrimPrefix(prefix, ps[0].prefix)
		cut := regexQuote(ps[0].prefix)
		switch {
		case rest == "":
			return []string{"ProxyPassMatch " + quote("^"+cut+"/?(.*)$") + " " + quote(to+"/$1") + " nocanon"}
		case rest[0] == '/':
			return []string{"ProxyPassMatch " + quote("^"+cut+"("+regexQuote(rest)+".*)$") + " " + quote(to+"$1") + " nocanon"}
		}
		return []string{"ProxyPassMatch " + quote("^"+cut+"("+regexQuote(rest)+".*)$") + " " + quote(to+"/$1") + " nocanon"}
	}
	return nil
}

// onePrefix returns the prefix that a rule tests the path for, if it does nothing else.
func (n *node) onePrefix() (string, bool) { return n.a, n.op == opPathPrefix }

func (o *entry) ownPassLines(to string) []string {
	path := "/"
	if o.rest.op == opUnder {
		path = o.rest.a
	}
	target := o.r.target
	switch {
	case target == "" && path == "/":
		return []string{`ProxyPass "/" ` + quote(to+"/"), `ProxyPassReverse "/" ` + quote(to+"/")}
	case target == "":
		return []string{"ProxyPass " + quote(path) + " " + quote(to+path), "ProxyPassReverse " + quote(path) + " " + quote(to+path)}
	case path == "/":
		return []string{`ProxyPass "/" ` + quote(to+target), `ProxyPassReverse "/" ` + quote(to+target)}
	}
	return []string{
		"ProxyPassMatch " + quote("^"+regexQuote(path)+"(?:/(.*))?$") + " " + quote(to+substitution(target)+"$1"),
		"ProxyPassReverse " + quote(path+"/") + " " + quote(to+target),
		"ProxyPassReverse " + quote(path+"/") + " " + quote(target),
	}
}
