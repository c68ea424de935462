package param

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// param is a row of the parameter table.
type param struct {
	name string
	kind Kind
	def  string // the default, for the documentation
	set  func(p *Params, value string, k *Known) error

	check bool                        // known only with mod_proxy_hcheck
	copy  func(dst, src *CheckParams) // for rows with check
	take  func(dst, src *BalancerParams)
}

// ofChecks are all that have parameters of health checks.
const ofChecks = OfWorker | OfBalancer | OfTemplate

// params is the table of parameters. The error texts are httpd's.
var params = [...]param{
	{name: "loadfactor", kind: OfWorker, def: "1", set: setLoadFactor},
	{name: "retry", kind: OfWorker, def: "60", set: setRetry},
	{name: "slowstart", kind: OfWorker, def: "the balancer's", set: setSlowStart(func(p *Params) *time.Duration { return &p.SlowStart })},
	{name: "ttl", kind: OfWorker, def: "none", set: seconds(func(p *Params) *time.Duration { return &p.TTL }, "TTL must be at least one second")},
	{name: "min", kind: OfWorker, def: "0", set: count(func(p *Params) *int { return &p.Min }, 0, math.MaxInt32, "Min must be a positive number")},
	{name: "max", kind: OfWorker, def: "no limit", set: count(func(p *Params) *int { return &p.Max }, 0, math.MaxInt32, "Max must be a positive number")},
	{name: "smax", kind: OfWorker, def: "max", set: count(func(p *Params) *int { return &p.Smax }, 0, math.MaxInt32, "Smax must be a positive number")},
	{name: "acquire", kind: OfWorker, def: "none", set: span(func(p *Params) *time.Duration { return &p.Acquire }, time.Millisecond,
		"Acquire timeout has wrong format", "Acquire must be at least one millisecond")},
	// httpd: whole seconds read leniently, timeout=500ms means 500 seconds.
	{name: "timeout", kind: OfWorker, def: "ProxyTimeout", set: seconds(func(p *Params) *time.Duration { return &p.Timeout }, "Timeout must be at least one second")},
	{name: "iobuffersize", kind: OfWorker, def: "8192", set: size(func(p *Params) *int { return &p.IOBufferSize }, 512, defaultBuffer,
		"IOBufferSize must be >= 512 bytes, or 0 for system default.")},
	{name: "receivebuffersize", kind: OfWorker, def: "0", set: size(func(p *Params) *int { return &p.ReceiveBufferSize }, 512, 0,
		"ReceiveBufferSize must be >= 512 bytes, or 0 for system default.")},
	{name: "keepalive", kind: OfWorker, def: "off", set: onOff(func(p *Params) *bool { return &p.KeepAlive }, true, "KeepAlive must be On|Off")},
	{name: "disablereuse", kind: OfWorker, def: "off", set: onOff(func(p *Params) *bool { return &p.DisableReuse }, true, "DisableReuse must be On|Off")},
	{name: "enablereuse", kind: OfWorker, def: "on, for fcgi off", set: onOff(func(p *Params) *bool { return &p.DisableReuse }, false, "EnableReuse must be On|Off")},
	{name: "addressttl", kind: OfWorker, def: "-1", set: setAddressTTL},
	{name: "route", kind: OfWorker, set: word(func(p *Params) *string { return &p.Route }, 64, "Route length must be < %d characters")},
	{name: "redirect", kind: OfWorker, set: word(func(p *Params) *string { return &p.Redirect }, 64, "Redirect length must be < %d characters")},
	{name: "status", kind: OfWorker, set: setStatus},
	{name: "flushpackets", kind: OfWorker, def: "off", set: setFlushPackets},
	{name: "flushwait", kind: OfWorker, def: "10", set: setFlushWait},
	{name: "ping", kind: OfWorker, def: "none", set: span(func(p *Params) *time.Duration { return &p.Ping }, time.Second,
		"Ping/Pong timeout has wrong format", "Ping/Pong timeout must be at least one millisecond")},
	{name: "lbset", kind: OfWorker, def: "0", set: count(func(p *Params) *int { return &p.LBSet }, 0, 99, "lbset must be between 0 and 99")},
	{name: "connectiontimeout", kind: OfWorker, def: "timeout", set: span(func(p *Params) *time.Duration { return &p.ConnectTimeout }, time.Second,
		"Connectiontimeout has wrong format", "Connectiontimeout must be at least one millisecond.")},
	{name: "flusher", kind: OfWorker, def: "flush", set: word(func(p *Params) *string { return &p.Flusher }, 16, "flusher name length must be < %d characters")},
	{name: "secret", kind: OfWorker, set: word(func(p *Params) *string { return &p.Secret }, 64, "Secret length must be < %d characters")},
	{name: "upgrade", kind: OfWorker, def: "none, for ws websocket", set: setUpgrade},
	{name: "responsefieldsize", kind: OfWorker, def: "8192", set: size(func(p *Params) *int { return &p.ResponseFieldSize }, 0, defaultBuffer,
		"ResponseFieldSize must be greater than 0 bytes, or 0 for system default.")},

	// Ours.
	{name: "sni", kind: OfWorker, def: "auto", set: setSNI},
	{name: "proxyprotocol", kind: OfWorker, def: "off", set: setProxyProtocol},
	{name: "expand", kind: OfWorker, def: "off", set: setExpand},
	{name: "expandmin", kind: OfWorker, def: "1", set: span(func(p *Params) *time.Duration { return &p.ExpandMin }, time.Second,
		"expandmin has wrong format", "expandmin must be at least one millisecond")},
	{name: "expandmax", kind: OfWorker, def: "as DNS says", set: span(func(p *Params) *time.Duration { return &p.ExpandMax }, time.Second,
		"expandmax has wrong format", "expandmax must be at least one millisecond")},

	// Ours: on a balancer they are the defaults of its members.
	{name: "hcmethod", kind: ofChecks, def: "none", check: true, set: setCheckMethod,
		copy: func(d, s *CheckParams) { d.Method = s.Method }},
	{name: "hcpasses", kind: ofChecks, def: "1", check: true, copy: func(d, s *CheckParams) { d.Passes = s.Passes },
		set: count(func(p *Params) *int { return &p.Check.Passes }, 0, math.MaxInt32, "Passes must be a positive value")},
	{name: "hcfails", kind: ofChecks, def: "1", check: true, copy: func(d, s *CheckParams) { d.Fails = s.Fails },
		set: count(func(p *Params) *int { return &p.Check.Fails }, 0, math.MaxInt32, "Fails must be a positive value")},
	{name: "hcinterval", kind: ofChecks, def: "30", check: true, set: setCheckInterval,
		copy: func(d, s *CheckParams) { d.Interval = s.Interval }},
	{name: "hctimeout", kind: ofChecks, def: "the smaller of hcinterval and 5", check: true,
		copy: func(d, s *CheckParams) { d.Timeout = s.Timeout },
		set: span(func(p *Params) *time.Duration { return &p.Check.Timeout }, time.Second,
			"hctimeout has wrong format", "hctimeout must be at least one millisecond")},
	{name: "hcuri", kind: ofChecks, check: true, copy: func(d, s *CheckParams) { d.URI = s.URI },
		set: word(func(p *Params) *string { return &p.Check.URI }, 64, "Health check uri length must be < %d characters")},
	{name: "hchost", kind: ofChecks, def: "the member's", check: true, copy: func(d, s *CheckParams) { d.Host = s.Host }, set: setCheckHost},
	{name: "hctemplate", kind: ofChecks, check: true, set: setCheckTemplate,
		copy: func(d, s *CheckParams) { d.Template = s.Template }},
	{name: "hcexpr", kind: ofChecks, check: true, set: setCheckExpr,
		copy: func(d, s *CheckParams) { d.Expr, d.Condition = s.Expr, s.Condition }},

	{name: "stickysession", kind: OfBalancer, take: func(d, s *BalancerParams) { d.Sticky, d.StickyPath = s.Sticky, s.StickyPath }, def: "none", set: setSticky},
	{name: "stickysessionsep", kind: OfBalancer, take: func(d, s *BalancerParams) { d.StickySep = s.StickySep }, def: ".", set: setStickySep},
	{name: "nofailover", kind: OfBalancer, take: func(d, s *BalancerParams) { d.NoFailover = s.NoFailover }, def: "off", set: onOff(func(p *Params) *bool { return &p.Balancer.NoFailover }, true, "failover must be On|Off")},
	{name: "timeout", kind: OfBalancer, take: func(d, s *BalancerParams) { d.Timeout = s.Timeout }, def: "0", set: seconds(func(p *Params) *time.Duration { return &p.Balancer.Timeout }, "timeout must be at least one second")},
	{name: "maxattempts", kind: OfBalancer, take: func(d, s *BalancerParams) { d.MaxAttempts = s.MaxAttempts }, def: "one less than members", set: count(func(p *Params) *int { return &p.Balancer.MaxAttempts }, 0, math.MaxInt32,
		"maximum number of attempts must be a positive number")},
	{name: "lbmethod", kind: OfBalancer, take: func(d, s *BalancerParams) { d.Method = s.Method }, def: "byrequests", set: setMethod},
	{name: "slowstart", kind: OfBalancer, take: func(d, s *BalancerParams) { d.SlowStart = s.SlowStart }, def: "0", set: setSlowStart(func(p *Params) *time.Duration { return &p.Balancer.SlowStart })},
	cookieRow("stickyinsert", "off", cookieFlag("stickyinsert", func(c *StickyCookie) *bool { return &c.Insert }), func(d, s *StickyCookie) { d.Insert = s.Insert }),
	cookieRow("cookiepath", "/", setCookiePath, func(d, s *StickyCookie) { d.Path = s.Path }),
	cookieRow("cookiemaxage", "0", setCookieMaxAge, func(d, s *StickyCookie) { d.MaxAge = s.MaxAge }),
	cookieRow("cookiesamesite", "Lax", setCookieSameSite, func(d, s *StickyCookie) { d.SameSite = s.SameSite }),
	cookieRow("cookiesecure", "auto", setCookieSecure, func(d, s *StickyCookie) { d.Secure = s.Secure }),
	cookieRow("cookiehttponly", "on", cookieFlag("cookiehttponly", func(c *StickyCookie) *bool { return &c.HTTPOnly }), func(d, s *StickyCookie) { d.HTTPOnly = s.HTTPOnly }),
	cookieRow("cookiekey", "made at start", setCookieKey, func(d, s *StickyCookie) { d.Key = s.Key }),
	{name: "hashkey", kind: OfBalancer, take: func(d, s *BalancerParams) { d.HashKey, d.HashBy = s.HashKey, s.HashBy }, def: "uri", set: setHashKey},
	{name: "hashbalance", kind: OfBalancer, take: func(d, s *BalancerParams) { d.HashBalance = s.HashBalance }, def: "off", set: setHashBalance},
	{name: "scolonpathdelim", kind: OfBalancer, take: func(d, s *BalancerParams) { d.SemicolonPath = s.SemicolonPath }, def: "off", set: onOff(func(p *Params) *bool { return &p.Balancer.SemicolonPath }, true, "scolonpathdelim must be On|Off")},
	{name: "failonstatus", kind: OfBalancer, def: "none", set: setFailOnStatus},
	{name: "failontimeout", kind: OfBalancer, take: func(d, s *BalancerParams) { d.FailOnTimeout = s.FailOnTimeout }, def: "off", set: onOff(func(p *Params) *bool { return &p.Balancer.FailOnTimeout }, true, "failontimeout must be On|Off")},
	{name: "nonce", kind: OfBalancer, take: func(d, s *BalancerParams) { d.Nonce = s.Nonce }, def: "made at start", set: setNonce},
	{name: "growth", kind: OfBalancer, take: func(d, s *BalancerParams) { d.Growth = s.Growth }, def: "BalancerGrowth", set: count(func(p *Params) *int { return &p.Balancer.Growth }, 1, 100, "growth must be between 1 and 100")},
	{name: "forcerecovery", kind: OfBalancer, take: func(d, s *BalancerParams) { d.ForceRecovery = s.ForceRecovery }, def: "on", set: onOff(func(p *Params) *bool { return &p.Balancer.ForceRecovery }, true, "forcerecovery must be On|Off")},

	// Ours.
	{name: "retrybudget", kind: OfBalancer, def: "20", set: setRetryBudget,
		take: func(d, s *BalancerParams) { d.RetryBudget = s.RetryBudget }},
	{name: "retryfloor", kind: OfBalancer, def: "10", set: number(func(p *Params) *int { return &p.Balancer.RetryFloor }, 0, 1_000_000, "retryfloor"),
		take: func(d, s *BalancerParams) { d.RetryFloor = s.RetryFloor }},
	{name: "hold", kind: OfBalancer, def: "0", set: duration(func(p *Params) *time.Duration { return &p.Balancer.Hold }, true, "hold"),
		take: func(d, s *BalancerParams) { d.Hold = s.Hold }},
	{name: "holdlimit", kind: OfBalancer, def: "1000", set: number(func(p *Params) *int { return &p.Balancer.HoldLimit }, 1, 1_000_000, "holdlimit"),
		take: func(d, s *BalancerParams) { d.HoldLimit = s.HoldLimit }},
	{name: "outlier", kind: OfBalancer, def: "off", set: onOff(func(p *Params) *bool { return &p.Balancer.Outlier.On }, true, "outlier must be On|Off"),
		take: func(d, s *BalancerParams) { d.Outlier.On = s.Outlier.On }},
	{name: "outlierfaults", kind: OfBalancer, def: "5", set: number(func(p *Params) *int { return &p.Balancer.Outlier.Faults }, 0, 1_000_000, "outlierfaults"),
		take: func(d, s *BalancerParams) { d.Outlier.Faults = s.Outlier.Faults }},
	{name: "outlierrate", kind: OfBalancer, def: "50", set: number(func(p *Params) *int { return &p.Balancer.Outlier.Rate }, 0, 100, "outlierrate"),
		take: func(d, s *BalancerParams) { d.Outlier.Rate = s.Outlier.Rate }},
	{name: "outlierrequests", kind: OfBalancer, def: "20", set: number(func(p *Params) *int { return &p.Balancer.Outlier.Requests }, 1, 1_000_000, "outlierrequests"),
		take: func(d, s *BalancerParams) { d.Outlier.Requests = s.Outlier.Requests }},
	{name: "outlierwindow", kind: OfBalancer, def: "10", set: duration(func(p *Params) *time.Duration { return &p.Balancer.Outlier.Window }, false, "outlierwindow"),
		take: func(d, s *BalancerParams) { d.Outlier.Window = s.Outlier.Window }},
	{name: "outliertime", kind: OfBalancer, def: "10", set: duration(func(p *Params) *time.Duration { return &p.Balancer.Outlier.Time }, false, "outliertime"),
		take: func(d, s *BalancerParams) { d.Outlier.Time = s.Outlier.Time }},
	{name: "outliermaxtime", kind: OfBalancer, def: "300", set: duration(func(p *Params) *time.Duration { return &p.Balancer.Outlier.MaxTime }, false, "outliermaxtime"),
		take: func(d, s *BalancerParams) { d.Outlier.MaxTime = s.Outlier.MaxTime }},
	{name: "outliershare", kind: OfBalancer, def: "50", set: number(func(p *Params) *int { return &p.Balancer.Outlier.Share }, 0, 100, "outliershare"),
		take: func(d, s *BalancerParams) { d.Outlier.Share = s.Outlier.Share }},
	{name: "outlierslow", kind: OfBalancer, def: "none", set: duration(func(p *Params) *time.Duration { return &p.Balancer.Outlier.Slow }, true, "outlierslow"),
		take: func(d, s *BalancerParams) { d.Outlier.Slow = s.Outlier.Slow }},
	{name: "outlierstatus", kind: OfBalancer, def: "502,503,504", set: setOutlierStatus,
		take: func(d, s *BalancerParams) { d.Outlier.Status = s.Outlier.Status }},
}

type setter = func(*Params, string, *Known) error

// count makes the setter of an int between lo and hi.
func count(field func(*Params) *int, lo, hi int, reason string) setter {
	return func(p *Params, v string, _ *Known) error {
		n := ascii.LeadingInt(v)
		if n < lo || n > hi {
			return errors.New(reason)
		}
		*field(p) = n
		return nil
	}
}

// size makes the setter of a number of bytes of at least lo, where 0 means def.
func size(field func(*Params) *int, lo, def int, reason string) setter {
	return func(p *Params, v string, _ *Known) error {
		n := ascii.LeadingInt(v)
		switch {
		case n == 0:
			n = def
		case n < lo:
			return errors.New(reason)
		}
		*field(p) = n
		return nil
	}
}

// seconds makes the setter of a time in whole seconds of at least one.
func seconds(field func(*Params) *time.Duration, reason string) setter {
	return func(p *Params, v string, _ *Known) error {
		n := ascii.LeadingInt(v)
		if n < 1 {
			return errors.New(reason)
		}
		*field(p) = time.Duration(n) * time.Second
		return nil
	}
}

// span makes the setter of a time with a unit, of at least a millisecond.
func span(field func(*Params) *time.Duration, unit time.Duration, format, short string) setter {
	return func(p *Params, v string, _ *Known) error {
		d, ok := ascii.ParseTimeout(v, unit)
		switch {
		case !ok:
			return errors.New(format)
		case d < time.Millisecond:
			return errors.New(short)
		}
		*field(p) = d
		return nil
	}
}

// onOff makes the setter of a switch; "on" sets the field to on.
func onOff(field func(*Params) *bool, on bool, reason string) setter {
	return func(p *Params, v string, _ *Known) error {
		switch {
		case ascii.EqualFold(v, "on"):
			*field(p) = on
		case ascii.EqualFold(v, "off"):
			*field(p) = !on
		default:
			return errors.New(reason)
		}
		return nil
	}
}

// word makes the setter of a text shorter than limit.
func word(field func(*Params) *string, limit int, reason string) setter {
	return func(p *Params, v string, _ *Known) error {
		if len(v) >= limit {
			return fmt.Errorf(reason, limit)
		}
		*field(p) = v
		return nil
	}
}

func setLoadFactor(p *Params, v string, _ *Known) error {
	n := leadingFloat(v) * 100
	if !(n >= 100 && n < 10001) {
		return errors.New("LoadFactor must be a number between 1..100")
	}
	p.LoadFactor = int(n)
	return nil
}

func setRetry(p *Params, v string, _ *Known) error {
	n := ascii.LeadingInt(v)
	if n < 0 {
		return errors.New("Retry must be a positive value")
	}
	p.Retry = time.Duration(n) * time.Second
	return nil
}

func setAddressTTL(p *Params, v string, _ *Known) error {
	if v == "-1" {
		p.AddressTTL = -1
		return nil
	}
	d, ok := ascii.ParseTimeout(v, time.Second)
	if !ok || d > math.MaxInt32*time.Second || d%time.Second != 0 {
		return errors.New("AddressTTL must be -1 or a number of seconds not exceeding (2147483647)")
	}
	p.AddressTTL = d
	return nil
}

func setFlushPackets(p *Params, v string, _ *Known) error {
	switch ascii.ToLower(v) {
	case "on":
		p.FlushPackets = FlushOn
	case "off":
		p.FlushPackets = FlushOff
	case "auto":
		p.FlushPackets = FlushAuto
	default:
		return errors.New("flushpackets must be on|off|auto")
	}
	return nil
}

func setFlushWait(p *Params, v string, _ *Known) error {
	n := ascii.LeadingInt(v)
	switch {
	case n < 0 || n > 1000:
		return errors.New("flushwait must be <= 1000, or 0 for system default of 10 millseconds.")
	case n == 0:
		p.FlushWait = defaultFlushWait
	default:
		p.FlushWait = time.Duration(n) * time.Millisecond
	}
	return nil
}

func setExpand(p *Params, v string, _ *Known) error {
	switch ascii.ToLower(v) {
	case "off":
		p.Expand = ExpandOff
	case "dns":
		p.Expand = ExpandDNS
	case "srv":
		p.Expand = ExpandSRV
	default:
		return errors.New("expand must be dns|srv|off")
	}
	return nil
}

// setSNI reads a host name, Off for none, or Auto for the default.
func setSNI(p *Params, v string, _ *Known) error {
	p.SNI, p.NoSNI = "", false
	switch {
	case ascii.EqualFold(v, "off"):
		p.NoSNI = true
	case ascii.EqualFold(v, "auto"):
	case !isHostName(v):
		return errors.New("sni must be Off|Auto or a host name, which no address is")
	default:
		p.SNI = v
	}
	return nil
}

// isHostName reports whether a name may be sent as SNI (RFC 6066, 3).
func isHostName(s string) bool {
	digits := true
	for i := range len(s) {
		switch c := s[i]; {
		case ascii.IsDigit(c), c == '.':
		case ascii.IsAlpha(c), c == '-', c == '_':
			digits = false
		default:
			return false
		}
	}
	return s != "" && len(s) < 254 && !digits && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

func setProxyProtocol(p *Params, v string, _ *Known) error {
	switch ascii.ToLower(v) {
	case "off":
		p.ProxyProtocol = 0
	case "v1":
		p.ProxyProtocol = 1
	case "v2":
		p.ProxyProtocol = 2
	default:
		return errors.New("proxyprotocol must be v1|v2|off")
	}
	return nil
}

func setUpgrade(p *Params, v string, _ *Known) error {
	if ascii.EqualFold(v, "ANY") {
		v = "*"
	}
	if len(v) >= 16 {
		return errors.New("upgrade protocol length must be < 16 characters")
	}
	p.Upgrade = v
	return nil
}

// checkMethods are the methods of health checks.
var checkMethods = []struct {
	name string
	made bool
}{
	{"NONE", true}, {"TCP", true}, {"OPTIONS", true}, {"HEAD", true}, {"GET", true}, {"CPING", true},
	{"PROVIDER", false}, {"OPTIONS11", true}, {"HEAD11", true}, {"GET11", true},
}

func setCheckMethod(p *Params, v string, _ *Known) error {
	for _, m := range checkMethods {
		switch {
		case !ascii.EqualFold(m.name, v):
		case !m.made:
			return fmt.Errorf("Health check method %s not (yet) implemented", m.name)
		default:
			p.Check.Method = m.name
			return nil
		}
	}
	return errors.New("Unknown method")
}

func setCheckInterval(p *Params, v string, _ *Known) error {
	d, ok := ascii.ParseTimeout(v, time.Second)
	switch {
	case !ok:
		return errors.New("Unparse-able hcinterval setting")
	case d < 100*time.Millisecond:
		return errors.New("Interval must be a positive value greater than 100ms")
	}
	p.Check.Interval = d
	return nil
}

// setCheckHost reads hchost=, a host that may have a port.
func setCheckHost(p *Params, v string, _ *Known) error {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] >= 0x7f || strings.IndexByte("/?#@\"", v[i]) >= 0 {
			return errors.New("hchost must be a host, or a host and a port")
		}
	}
	return word(func(p *Params) *string { return &p.Check.Host }, 256, "hchost length must be < %d characters")(p, v, nil)
}

// setCheckTemplate sets all parameters of checks to those of a template,
// whatever was set before (httpd).
func setCheckTemplate(p *Params, v string, k *Known) error {
	if k.Template != nil {
		t := k.Template(v)
		if t == nil {
			return errors.New("Unknown ProxyHCTemplate name: " + v)
		}
		p.Check = *t
	}
	p.Check.Template = v
	return nil
}

func setCheckExpr(p *Params, v string, k *Known) error {
	if k.Expr != nil {
		cond, ok := k.Expr(v)
		if !ok {
			return errors.New("Unknown health check condition expr: " + v)
		}
		p.Check.Condition = cond
	}
	p.Check.Expr = v
	return nil
}

// setSticky reads "cookie|parameter", or one name for both. httpd truncates
// names to 63 bytes, and so do we.
func setSticky(p *Params, v string, _ *Known) error {
	cookie, path, two := strings.Cut(v[:min(len(v), 63)], "|")
	if !two {
		path = cookie
	}
	p.Balancer.Sticky, p.Balancer.StickyPath = cookie, path
	return nil
}

func setStickySep(p *Params, v string, _ *Known) error {
	switch {
	case len(v) == 1:
		p.Balancer.StickySep = v[0]
	case ascii.EqualFold(v, "off"):
		p.Balancer.StickySep = 0
	default:
		return errors.New("stickysessionsep must be a single character or Off")
	}
	return nil
}

func setMethod(p *Params, v string, k *Known) error {
	if k.Method != nil && !k.Method(v) {
		return errors.New("unknown lbmethod")
	}
	p.Balancer.Method = v
	return nil
}

// setSlowStart is slowstart=, in seconds or with a unit; 0 is none.
func setSlowStart(field func(*Params) *time.Duration) setter {
	return func(p *Params, v string, _ *Known) error {
		d, ok := ascii.ParseTimeout(v, time.Second)
		if v == "" || !ok || d < 0 || d > 24*time.Hour {
			return errors.New("slowstart must be 0, or a time of at most a day")
		}
		*field(p) = d
		return nil
	}
}

// setHashKey is hashkey=, whose forms package balance knows.
func setHashKey(p *Params, v string, k *Known) error {
	if k.HashKey != nil {
		by, err := k.HashKey(v)
		if err != nil {
			return err
		}
		p.Balancer.HashBy = by
	}
	p.Balancer.HashKey = v
	return nil
}

// setHashBalance is hashbalance=: a number, all of it, or Off.
func setHashBalance(p *Params, v string, _ *Known) error {
	if ascii.EqualFold(v, "off") {
		p.Balancer.HashBalance = 0
		return nil
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f >= 1 && f <= 100) {
		return errors.New("hashbalance must be Off or a number between 1 and 100")
	}
	p.Balancer.HashBalance = f
	return nil
}

func setFailOnStatus(p *Params, v string, _ *Known) error {
	p.Balancer.FailOnStatus = nil
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }) {
		n := ascii.LeadingInt(s)
		if n < 100 || n > 599 {
			return errors.New("failonstatus must be one or more HTTP response codes")
		}
		p.Balancer.FailOnStatus = append(p.Balancer.FailOnStatus, n)
	}
	return nil
}

func setNonce(p *Params, v string, _ *Known) error {
	switch {
	case ascii.EqualFold(v, "None"):
		p.Balancer.Nonce = ""
	case len(v) > 36:
		return errors.New("Provided nonce is too large")
	default:
		p.Balancer.Nonce = v
	}
	return nil
}
