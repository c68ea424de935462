package proxy

import (
	"errors"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/mapping"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
)

// serverSlot and dirSlot identify the configuration of mod_proxy.
var (
	serverSlot = directive.Slot[ServerConf]{Name: "proxy server", Merge: MergeServer}
	dirSlot    = directive.Slot[DirConf]{Name: "proxy dir", Merge: MergeDir}
)

// rows are mod_proxy's directives.
func rows() []directive.Row {
	return []directive.Row{
		{Name: "ProxyPass", Set: setPass, When: whenPass},
		{Name: "ProxyPassMatch", Set: setPass, When: whenPass},
		{Name: "ProxyPassReverse", Set: setReverse},
		{Name: "ProxyPassReverseCookiePath", Set: setCookie(func(d *DirConf) *[]*forward.RuleSet { return &d.CookiePaths })},
		{Name: "ProxyPassReverseCookieDomain", Set: setCookie(func(d *DirConf) *[]*forward.RuleSet { return &d.CookieDomains })},
		{Name: "ProxyPassInterpolateEnv", Set: dirFlag(func(d *DirConf) *Opt[bool] { return &d.Interpolate })},
		{Name: "ProxyPreserveHost", Set: setPreserve},
		{Name: "ProxyAddHeaders", Set: dirFlag(func(d *DirConf) *Opt[bool] { return &d.AddHeaders })},
		{Name: "Proxy100Continue", Set: dirFlag(func(d *DirConf) *Opt[bool] { return &d.Forward100 })},
		{Name: "ProxyErrorOverride", Set: setErrorOverride},
		{Name: "ProxyPassInherit", Set: serverFlag(func(s *ServerConf) *Opt[bool] { return &s.PassInherit })},
		{Name: "ProxyVia", Set: serverWord(ParseVia, func(s *ServerConf) *Opt[forward.Via] { return &s.Via })},
		{Name: "ProxyStatus", Set: serverWord(ParseStatusPage, func(s *ServerConf) *Opt[StatusPage] { return &s.StatusPage })},
		{Name: "ProxyBadHeader", Set: serverWord(ParseBadHeader, badHeader)},
		{Name: "ProxyTimeout", Set: setProxyTimeout},
		{Name: "ProxyMaxForwards", Set: func(c *directive.Call) error {
			serverSlot.Of(c.Server).MaxForwards.To(ParseMaxForwards(c.Arg(0)))
			return nil
		}},
		{Name: "ProxyIOBufferSize", Tier: directive.Mapped, Note: "it limits the packets of AJP; bodies always move in buffers of 16 KiB", Set: setBuffer(func(s *ServerConf) *Opt[int] { return &s.IOBuffer })},
		{Name: "ProxyReceiveBufferSize", Set: setBuffer(func(s *ServerConf) *Opt[int] { return &s.ReceiveBuffer })},
		{Name: "ProxySourceAddress", Set: setSource},
		{Name: "<Proxy>", Open: openProxy},
		{Name: "<ProxyMatch>", Open: openProxyMatch},
		{Name: "ProxySet", Set: setProxySet},
		{Name: "BalancerMember", Set: setMember, When: whenMember},
		{Name: "BalancerInherit", Set: serverFlag(func(s *ServerConf) *Opt[bool] { return &s.BalancerInherit })},
		{Name: "BalancerPersist", Set: setPersist},
		passRow(),
		proxyStatusRow(),
		{Name: "BalancerGrowth", Tier: directive.Noted, Note: forGrowth, Set: setGrowth},
	}
}

// place returns the context of a ProxyPass or ProxyPassReverse.
func place(c *directive.Call) mapping.Place {
	at := mapping.Place{Match: c.Row.Name == "ProxyPassMatch"}
	if s := c.Scope.Section(); !s.Kind.Server() {
		at.InLocation = true
		if len(s.Words) > 0 {
			at.Path = s.Words[0]
		}
	}
	return at
}

// whenPass returns the tier of a rule, which depends on the scheme of its target.
func whenPass(c *directive.Call) (directive.Tier, string) {
	r, err := mapping.ParsePass(syntax.Words(c.Raw), place(c))
	if err != nil || r.Deny || r.Balancer {
		return directive.Honoured, ""
	}
	return schemeTier(r.URL)
}

func schemeTier(u uri.URL) (directive.Tier, string) {
	switch u.Scheme {
	case "http", "ws", "https", "wss", "fcgi", "scgi", "uwsgi", "ajp", "":
		return directive.Honoured, ""
	case "h2", "h2c":
		return directive.Pending, "backends by " + u.Scheme + ":// are not supported yet"
	case passScheme:
		return directive.Refused, "tcp:// is for connections that are passed on unread: HeadgatePassthrough"
	case "ftp":
		return directive.Refused, "FTP is not supported: a server chooses where the connection with the data leads, and the proxy would list folders as pages"
	case "fdpass":
		return directive.Refused, "clients are not handed to other processes (mod_proxy_fdpass): Headgate keeps their connections, for TLS, further requests and logs"
	}
	return directive.Refused, "there is no protocol for the scheme " + u.Scheme + "://"
}

func setPass(c *directive.Call) error {
	at := place(c)
	r, err := mapping.ParsePass(syntax.Words(c.Raw), at)
	if err != nil {
		return c.Errorf("%w", err)
	}
	r.Rule, r.Place = c.Row.Name+" "+r.Path, c.Pos().String()
	r.Written = c.Line().Directive
	s := serverSlot.Of(c.Server)
	switch {
	case r.Deny:
	case r.Balancer:
		if err := passToBalancer(c, s, r); err != nil {
			return err
		}
	case !r.Dynamic:
		var ignored []param.Setting
		r.Worker, ignored, err = s.Workers.Define(r.URL, r.Settings, known(c), c.Pos())
		if err != nil {
			return paramFault(c, err)
		}
		notes(c, paramNotes, r.URL.Scheme, r.Settings)
		oddPort(c, r.URL)
		plainSNI(c, r.URL, r.Settings)
		glued(c, r)
		for _, set := range ignored {
			c.Warn("Ignoring parameter '%s=%s' for worker '%s' because of worker sharing (AH01146)", set.Key, set.Value, r.Worker.Name)
		}
	}
	if r.Regex != nil && r.Regex.Backtracking() {
		c.Warn("the pattern needs backtracking, which is slower and bounded")
	}
	if at.InLocation {
		s.SectionEncoded = s.SectionEncoded || r.Encoded
		s.SectionRules = append(s.SectionRules, r)
		dirSlot.Of(c.Dir).Rule = r
		return nil
	}
	s.Rules = append(s.Rules, r)
	return nil
}

// paramFault returns the error for a key=value word.
func paramFault(c *directive.Call, err error) error {
	fault := c.Errorf("%s %w", c.Row.Name, err)
	if u := (*param.UnknownParam)(nil); errors.As(err, &u) {
		return c.Hinted(fault, u.Hint())
	}
	return fault
}

func setReverse(c *directive.Call) error {
	r, err := ParseReverse(c.Args, place(c))
	if err != nil {
		return c.Errorf("%w", err)
	}
	r.Line = c.Line()
	d := dirSlot.Of(c.Dir)
	d.Reverse = forward.AddRule(d.Reverse, r)
	return nil
}

func setCookie(list func(*DirConf) *[]*forward.RuleSet) func(*directive.Call) error {
	return func(c *directive.Call) error {
		l := list(dirSlot.Of(c.Dir))
		r := ParseCookie(c.Args)
		r.Line = c.Line()
		*l = forward.AddRule(*l, r)
		return nil
	}
}

func dirFlag(field func(*DirConf) *Opt[bool]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		field(dirSlot.Of(c.Dir)).To(c.On)
		return nil
	}
}

func setPreserve(c *directive.Call) error {
	dirSlot.Of(c.Dir).PreserveHost.To(c.On)
	if c.On {
		serverSlot.Of(c.Server).Preserves = true
	}
	return nil
}

func serverFlag(field func(*ServerConf) *Opt[bool]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		field(serverSlot.Of(c.Server)).To(c.On)
		return nil
	}
}

// serverWord makes a setter of a one-word value.
func serverWord[T any](parse func(string) (T, error), field func(*ServerConf) *Opt[T]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		v, err := parse(c.Arg(0))
		if err != nil {
			return c.Errorf("%w", err)
		}
		field(serverSlot.Of(c.Server)).To(v)
		return nil
	}
}

// setProxyTimeout keeps also how it was written: faults say it.
func setProxyTimeout(c *directive.Call) error {
	if err := serverWord(ParseProxyTimeout, timeout)(c); err != nil {
		return err
	}
	serverSlot.Of(c.Server).TimeoutSaid = fault.Limit{Line: "ProxyTimeout " + c.Arg(0), Place: c.Pos().String()}
	return nil
}

func setErrorOverride(c *directive.Call) error {
	for _, w := range c.Args {
		if err := dirSlot.Of(c.Dir).SetErrorOverride(w); err != nil {
			return c.Errorf("%w", err)
		}
	}
	return nil
}

func setBuffer(field func(*ServerConf) *Opt[int]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		n, err := ParseBuffer(c.Row.Name, c.Arg(0))
		if err != nil {
			return c.Errorf("%w", err)
		}
		field(serverSlot.Of(c.Server)).To(n)
		return nil
	}
}

func badHeader(s *ServerConf) *Opt[exchange.BadHeader] { return &s.BadHeader }
func timeout(s *ServerConf) *Opt[time.Duration]        { return &s.Timeout }
