package param

import (
	"slices"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// Kind says what a parameter is for.
type Kind uint8

// The kinds.
const (
	OfWorker   Kind = 1 << iota // a worker or a balancer's member
	OfBalancer                  // a balancer
	OfTemplate                  // a ProxyHCTemplate
)

// Params are the key=value parameters of a worker or a balancer. Times of zero
// and an empty text mean what the comment says; Given tells whether a key was
// set.
type Params struct {
	Min, Max, Smax    int           // Max 0: no limit; Smax -1: Max
	TTL               time.Duration // 0: idle connections above Smax stay
	Acquire           time.Duration // 0: wait for ever
	Retry             time.Duration // pause of a failed member; 0: none
	SlowStart         time.Duration // ours: of a member that comes back; 0: none
	ConnectTimeout    time.Duration // 0: Timeout
	Timeout           time.Duration // 0: ProxyTimeout
	Ping              time.Duration // 0: no ping
	KeepAlive         bool          // SO_KEEPALIVE
	DisableReuse      bool
	AddressTTL        time.Duration // <0: for ever; 0: each connection looks it up
	FlushPackets      FlushPackets
	FlushWait         time.Duration
	IOBufferSize      int
	ReceiveBufferSize int // 0: the system's
	ResponseFieldSize int
	Upgrade           string // protocol; "*": any; "": none
	LoadFactor        int    // times 100
	LBSet             int
	Route, Redirect   string
	Status            Status // set at start
	StatusCleared     Status // cleared at start
	Secret            string
	Flusher           string
	SNI               string        // ours: the name that a backend with TLS is asked for and must have; "": that of the request or the URL
	NoSNI             bool          // ours: no name is sent
	ProxyProtocol     int           // ours: the version of the PROXY header that connections begin with; 0: none
	Expand            Expand        // ours
	ExpandMin         time.Duration // ours: a look-up at the earliest so long after the one before
	ExpandMax         time.Duration // ours: and at the latest; 0: as DNS says
	Check             CheckParams
	Balancer          BalancerParams

	given  given
	limits limits
}

// given is a set of indexes into params.
type given [2]uint64

var _ [len(given{})*64 - len(params)]struct{} // there is room for all

func (g *given) add(i int)      { g[i/64] |= 1 << (i % 64) }
func (g *given) has(i int) bool { return g[i/64]&(1<<(i%64)) != 0 }

// FlushPackets is flushpackets=.
type FlushPackets uint8

// The values of flushpackets.
const (
	FlushOff FlushPackets = iota
	FlushOn
	FlushAuto
)

// Expand is expand=: what a member's URL stands for.
type Expand uint8

// The values of expand=.
const (
	ExpandOff Expand = iota
	ExpandDNS        // each address of its host
	ExpandSRV        // each target of the service that its host names
)

// CheckParams are the hc* parameters.
type CheckParams struct {
	Method        string // in upper case; "NONE": no checks
	Passes, Fails int
	Interval      time.Duration
	Timeout       time.Duration // ours; 0: the smaller of Interval and 5 s
	URI           string
	Host          string // ours: of the Host field; "": the member's host and port
	Template      string // name of a ProxyHCTemplate
	Expr          string // name of a ProxyHCExpr
	Condition     any    // what Known.Expr returned for Expr; nil: none
}

// BalancerParams are the parameters of a balancer.
type BalancerParams struct {
	Sticky        string // cookie name
	StickyPath    string // path parameter name
	StickySep     byte   // 0: off
	NoFailover    bool
	Timeout       time.Duration // how long to wait for a member; 0: no wait
	MaxAttempts   int           // -1: one less than members
	Method        string
	HashKey       string // ours: what lbmethod=hash goes by, as written
	Cookie        StickyCookie
	HashBy        any           // what Known.HashKey returned for HashKey; nil: the default
	SlowStart     time.Duration // ours: of members that do not say so
	HashBalance   float64       // ours: how many times its share a member may have; 0: no bound
	SemicolonPath bool          // scolonpathdelim
	FailOnStatus  []int         // nil: none
	FailOnTimeout bool
	Nonce         string // "": made at start, or none if set explicitly
	Growth        int
	ForceRecovery bool

	// Ours.
	RetryBudget int // requests repeated after a backend was sent them, in percent of all; -1: no limit
	RetryFloor  int // as many repeats a second are always allowed
	Outlier     Outlier
	Hold        time.Duration // how long a request waits while no member can be used; 0: it does not
	HoldLimit   int           // how many wait at most
}

// Defaults of httpd.
const (
	defaultBuffer    = 8192
	defaultFlushWait = 10 * time.Millisecond
	defaultRetry     = 60 * time.Second
)

// Default returns the parameters of a worker or balancer without any settings.
func Default() Params {
	return Params{
		Smax: -1, Retry: defaultRetry, AddressTTL: -1, FlushWait: defaultFlushWait, IOBufferSize: defaultBuffer,
		ResponseFieldSize: defaultBuffer, LoadFactor: 100, ExpandMin: time.Second,
		Check:    CheckParams{Method: "NONE", Passes: 1, Fails: 1, Interval: 30 * time.Second},
		Balancer: BalancerParams{StickySep: '.', MaxAttempts: -1, Method: "byrequests", Growth: 5, ForceRecovery: true, RetryBudget: 20, RetryFloor: 10, Cookie: defaultCookie, Outlier: defaultOutlier, HoldLimit: 1000},
	}
}

// Known says which names other modules know, for checking values that refer to
// them. A nil func accepts every name.
type Known struct {
	HealthCheck bool                                  // mod_proxy_hcheck is loaded
	Method      func(name string) bool                // lbmethod
	Template    func(name string) *CheckParams        // ProxyHCTemplate; nil: there is none of that name
	Expr        func(name string) (cond any, ok bool) // ProxyHCExpr
	HashKey     func(text string) (by any, err error) // hashkey
}

// Setting is one key=value word.
type Setting struct{ Key, Value string }

// Set sets one parameter. Keys ignore case. The error's text is httpd's,
// without the directive before it.
func (p *Params) Set(kind Kind, key, value string, k *Known) error {
	for i := range params {
		row := &params[i]
		if row.kind&kind == 0 || !ascii.EqualFold(row.name, key) || (row.check && !k.HealthCheck) {
			continue
		}
		if err := row.set(p, value, k); err != nil {
			return err
		}
		p.given.add(i)
		p.limits.say(row.name, value)
		return nil
	}
	unknown := &UnknownParam{Key: key, Kind: kind, text: "unknown Worker parameter"}
	switch {
	case kind == OfTemplate:
		unknown.text = "unknown Worker hcheck parameter"
	case kind == OfBalancer:
		unknown.text = "unknown Balancer parameter"
	case k.HealthCheck && ascii.HasPrefixFold(key, "hc"):
		// httpd says this for every key once mod_proxy_hcheck is loaded.
		unknown.text = "unknown Worker hcheck parameter"
	}
	return unknown
}

// UnknownParam says that no parameter has that key.
type UnknownParam struct {
	Key  string
	Kind Kind
	text string
}

// Error is httpd's text, which does not name the key.
func (u *UnknownParam) Error() string { return u.text }

// Names lists the parameters of a kind.
func Names(kind Kind) (names []string) {
	for i := range params {
		if params[i].kind&kind != 0 {
			names = append(names, params[i].name)
		}
	}
	return names
}

// Hint names the key, and the parameter that was probably meant.
func (u *UnknownParam) Hint() string {
	if h := syntax.DidYouMean(u.Key, Names(u.Kind)); h != "" {
		return "'" + u.Key + "': " + h
	}
	return "'" + u.Key + "' is none"
}

// SetAll sets parameters in order and stops at the first error.
func (p *Params) SetAll(kind Kind, list []Setting, k *Known) error {
	for _, s := range list {
		if err := p.Set(kind, s.Key, s.Value, k); err != nil {
			return err
		}
	}
	return nil
}

// Given says whether a parameter was set.
func (p *Params) Given(kind Kind, key string) bool {
	for i := range params {
		if params[i].kind&kind != 0 && params[i].name == key {
			return p.given.has(i)
		}
	}
	return false
}

// Reuse reports whether connections are pooled: for FastCGI only if enabled,
// for all others unless disabled.
func (p *Params) Reuse(scheme string) bool {
	if scheme == "fcgi" && !p.Given(OfWorker, "enablereuse") && !p.Given(OfWorker, "disablereuse") {
		return false
	}
	return !p.DisableReuse
}

// OverBalancer returns the parameters of a balancer over those of another of the
// same name: what was not given is as there. Statuses of failonstatus= add up.
func (p *Params) OverBalancer(base *Params) Params {
	m := *base
	for i := range params {
		if row := &params[i]; row.kind&OfBalancer != 0 && row.take != nil && p.given.has(i) {
			row.take(&m.Balancer, &p.Balancer)
			m.given.add(i)
			if at := slices.Index(limited[:], row.name); at >= 0 {
				m.limits[at] = p.limits[at]
			}
		}
		if row := &params[i]; row.check && (p.given.has(i) || p.Check.Template != "") {
			row.copy(&m.Check, &p.Check)
			m.given.add(i)
		}
	}
	m.Balancer.FailOnStatus = slices.Concat(base.Balancer.FailOnStatus, p.Balancer.FailOnStatus)
	return m
}

// DefaultCheck returns what a ProxyHCTemplate begins with. httpd: it connects,
// unless it says otherwise.
func DefaultCheck() CheckParams {
	c := Default().Check
	c.Method = "TCP"
	return c
}

// ChecksGiven says whether a parameter of health checks was set.
func (p *Params) ChecksGiven() bool {
	for i := range params {
		if params[i].check && p.given.has(i) {
			return true
		}
	}
	return false
}

// InheritChecks takes over the hc* parameters of a balancer that a member did
// not set itself; a template sets all. Ours: httpd knows them on members only.
func (p *Params) InheritChecks(balancer *Params) {
	if p.Check.Template != "" {
		return
	}
	all := balancer.Check.Template != ""
	for i := range params {
		row := &params[i]
		if row.check && !p.given.has(i) && (all || balancer.given.has(i)) {
			row.copy(&p.Check, &balancer.Check)
			p.given.add(i)
		}
	}
}
