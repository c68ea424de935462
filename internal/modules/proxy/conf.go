package proxy

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/balancer"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/mapping"
	"github.com/headgate/headgate/internal/syntax"
)

// Opt is a setting that may be unset.
type Opt[T any] = module.Opt[T]

// StatusPage is the value of ProxyStatus.
type StatusPage uint8

// The values of ProxyStatus.
const (
	StatusPageOff StatusPage = iota
	StatusPageOn
	StatusPageFull
)

// ServerConf holds the directives of a server. In the zero value nothing is set.
type ServerConf struct {
	Rules           []*mapping.PassRule // ProxyPass outside sections, in file order
	Workers         forward.Definitions
	Balancers       balancer.Definitions
	SectionEncoded  bool // a section has a rule with mapping=
	Requests        Opt[bool]
	Via             Opt[forward.Via]
	MaxForwards     Opt[int64]
	Timeout         Opt[time.Duration]
	TimeoutSaid     fault.Limit // how it was written
	BadHeader       Opt[exchange.BadHeader]
	IOBuffer        Opt[int]
	ReceiveBuffer   Opt[int]
	SourceAddress   Opt[string]
	Domain          Opt[string]
	PassInherit     Opt[bool] // default on
	BalancerInherit Opt[bool] // default on
	BalancerGrowth  Opt[int]  // default 5
	BalancerPersist bool      // httpd: not inherited
	StatusPage      Opt[StatusPage]
	TunnelIdle      Opt[time.Duration] // ProxyWebsocketIdleTimeout
	Block           []string           // ProxyBlock
	NoProxy         []string
	Remotes         []*forward.Remote // ProxyRemote, ProxyRemoteMatch
	RequestsAt      syntax.Pos        // of ProxyRequests
	ForwardAllow    []netip.Prefix    // HeadgateForwardAllow
	Open            Opt[bool]         // HeadgateOpenProxy

	Passthrough   *mapping.PassRule // HeadgatePassthrough; nil: none
	PassthroughAt syntax.Pos

	Preserves    bool                // a ProxyPreserveHost On is in it or in one of its sections
	SectionRules []*mapping.PassRule // of all <Location> sections, so that their workers are built with the server's
}

// MergeServer merges the configuration of a virtual host over the main server's.
//
// Ours: the virtual host's rules come first, and ProxyPassInherit Off drops the
// main server's. httpd always puts the main server's rules first.
func MergeServer(base, own *ServerConf) *ServerConf {
	m := &ServerConf{
		Requests:        module.Over(base.Requests, own.Requests),
		Via:             module.Over(base.Via, own.Via),
		MaxForwards:     module.Over(base.MaxForwards, own.MaxForwards),
		Timeout:         module.Over(base.Timeout, own.Timeout),
		BadHeader:       module.Over(base.BadHeader, own.BadHeader),
		IOBuffer:        module.Over(base.IOBuffer, own.IOBuffer),
		ReceiveBuffer:   module.Over(base.ReceiveBuffer, own.ReceiveBuffer),
		SourceAddress:   module.Over(base.SourceAddress, own.SourceAddress),
		Domain:          module.Over(base.Domain, own.Domain),
		PassInherit:     module.Over(base.PassInherit, own.PassInherit),
		BalancerInherit: module.Over(base.BalancerInherit, own.BalancerInherit),
		BalancerGrowth:  module.Over(base.BalancerGrowth, own.BalancerGrowth),
		BalancerPersist: own.BalancerPersist,
		Passthrough:     own.Passthrough,
		PassthroughAt:   own.PassthroughAt,
		StatusPage:      module.Over(base.StatusPage, own.StatusPage),
		TunnelIdle:      module.Over(base.TunnelIdle, own.TunnelIdle),
		Block:           slices.Concat(base.Block, own.Block),
		NoProxy:         slices.Concat(base.NoProxy, own.NoProxy),
		Remotes:         slices.Concat(base.Remotes, own.Remotes),
		RequestsAt:      own.RequestsAt,
		ForwardAllow:    slices.Concat(base.ForwardAllow, own.ForwardAllow),
		Open:            module.Over(base.Open, own.Open),
		Rules:           own.Rules,
		SectionRules:    slices.Concat(own.SectionRules, base.SectionRules),
		Workers:         own.Workers,
		Balancers:       own.Balancers,
		SectionEncoded:  own.SectionEncoded || base.SectionEncoded,
		Preserves:       own.Preserves || base.Preserves,
	}
	m.TimeoutSaid = base.TimeoutSaid
	if own.Timeout.Set {
		m.TimeoutSaid = own.TimeoutSaid
	}
	if !own.Requests.Set {
		m.RequestsAt = base.RequestsAt
	}
	if m.PassInherit.Or(true) {
		m.Rules = slices.Concat(own.Rules, base.Rules)
	}
	// httpd: rules that are inherited need their workers, whatever BalancerInherit
	// says.
	if m.BalancerInherit.Or(true) || m.PassInherit.Or(true) {
		m.Workers = own.Workers.Over(&base.Workers)
		m.Balancers = own.Balancers.Over(&base.Balancers)
	}
	return m
}

// DirConf holds the directives of a section. Those of a server outside of sections
// are its outermost section. In the zero value nothing is set.
type DirConf struct {
	Rule *mapping.PassRule // ProxyPass in a Location; the last section's applies
	forward.Rewrites
	Interpolate    Opt[bool] // ProxyPassInterpolateEnv
	PreserveHost   Opt[bool]
	AddHeaders     Opt[bool] // default on
	ErrorOverride  Opt[bool]
	OverrideCodes  []int                     // sorted; empty: every error
	Forward100     Opt[bool]                 // Proxy100Continue, default on
	FallbackToHTTP Opt[bool]                 // ProxyWebsocketFallbackToProxyHttp, default on
	Told           Opt[exchange.ProxyStatus] // ProxyStatusHeader
}

// MergeDir merges an inner section over an outer one, base. Lists are joined,
// base's first; settings that are set in own replace base's.
func MergeDir(base, own *DirConf) *DirConf {
	m := &DirConf{
		Rule: own.Rule,
		Rewrites: forward.Rewrites{
			Reverse:       slices.Concat(base.Reverse, own.Reverse),
			CookiePaths:   slices.Concat(base.CookiePaths, own.CookiePaths),
			CookieDomains: slices.Concat(base.CookieDomains, own.CookieDomains),
		},
		Interpolate:    module.Over(base.Interpolate, own.Interpolate),
		PreserveHost:   module.Over(base.PreserveHost, own.PreserveHost),
		AddHeaders:     module.Over(base.AddHeaders, own.AddHeaders),
		ErrorOverride:  module.Over(base.ErrorOverride, own.ErrorOverride),
		OverrideCodes:  slices.Concat(base.OverrideCodes, own.OverrideCodes),
		Forward100:     module.Over(base.Forward100, own.Forward100),
		FallbackToHTTP: module.Over(base.FallbackToHTTP, own.FallbackToHTTP),
		Told:           module.Over(base.Told, own.Told),
	}
	if m.Rule == nil {
		m.Rule = base.Rule
	}
	slices.Sort(m.OverrideCodes)
	return m
}

// SetErrorOverride takes one word of ProxyErrorOverride: on, off, or a status
// after on.
func (d *DirConf) SetErrorOverride(word string) error {
	switch {
	case ascii.EqualFold(word, "Off"):
		d.ErrorOverride.To(false)
	case ascii.EqualFold(word, "On"):
		d.ErrorOverride.To(true)
	case !d.ErrorOverride.Set:
		return errors.New("ProxyErrorOverride first parameter must be one of: off | on")
	case word == "" || !ascii.IsDigit(word[0]):
		return errors.New("ProxyErrorOverride: status codes to intercept must be numeric")
	case !d.ErrorOverride.V:
		return errors.New("ProxyErrorOverride: status codes must follow a value of 'on'")
	default:
		code := ascii.LeadingInt(word)
		if code < 400 || code > 599 {
			return errors.New("ProxyErrorOverride: status codes to intercept must be valid HTTP Status Codes >=400 && <600")
		}
		d.OverrideCodes = append(d.OverrideCodes, code)
		slices.Sort(d.OverrideCodes)
	}
	return nil
}

// overrides returns the meaning of ProxyErrorOverride.
func (d *DirConf) overrides() forward.Overrides {
	return forward.Overrides{On: d.ErrorOverride.V, Codes: d.OverrideCodes}
}
