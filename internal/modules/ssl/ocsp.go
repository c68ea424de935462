package ssl

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/responder"
)

// inquiryConf is what a server says of asking OCSP responders about certificates of clients.
type inquiryConf struct {
	policy   module.Opt[responder.Policy]
	url      module.Opt[string]
	override module.Opt[bool]
	timeout  module.Opt[time.Duration]
	skew     module.Opt[time.Duration]
	maxAge   module.Opt[time.Duration]
	nonce    module.Opt[bool]
	noVerify module.Opt[bool]
	proxy    module.Opt[*url.URL]
	trusted  module.Opt[[]*x509.Certificate]
}

var inquirySlot = directive.Slot[inquiryConf]{Name: "ssl ocsp", Merge: func(base, add *inquiryConf) *inquiryConf {
	return &inquiryConf{
		policy: module.Over(base.policy, add.policy), url: module.Over(base.url, add.url), override: module.Over(base.override, add.override),
		timeout: module.Over(base.timeout, add.timeout), skew: module.Over(base.skew, add.skew), maxAge: module.Over(base.maxAge, add.maxAge),
		nonce: module.Over(base.nonce, add.nonce), noVerify: module.Over(base.noVerify, add.noVerify), proxy: module.Over(base.proxy, add.proxy),
		trusted: module.Over(base.trusted, add.trusted),
	}
}}

// inquiryRows are the directives about asking OCSP responders.
func inquiryRows() []directive.Row {
	seconds := func(of func(*inquiryConf) *module.Opt[time.Duration]) func(*directive.Call) error {
		return setSeconds(func(c *directive.Call) *module.Opt[time.Duration] { return of(inquirySlot.Of(c.Server)) })
	}
	flag := func(of func(*inquiryConf) *module.Opt[bool]) func(*directive.Call) error {
		return func(c *directive.Call) error {
			of(inquirySlot.Of(c.Server)).To(c.On)
			return nil
		}
	}
	return []directive.Row{
		{Name: "SSLOCSPEnable", Set: func(c *directive.Call) error {
			p, err := responder.ParsePolicy(c.Args)
			if err != nil {
				return c.Errorf("%s: %w", c.Row.Name, err)
			}
			inquirySlot.Of(c.Server).policy.To(p)
			return nil
		}},
		{Name: "SSLOCSPDefaultResponder", Set: func(c *directive.Call) error {
			inquirySlot.Of(c.Server).url.To(c.Arg(0))
			return nil
		}},
		{Name: "SSLOCSPOverrideResponder", Set: flag(func(q *inquiryConf) *module.Opt[bool] { return &q.override })},
		{Name: "SSLOCSPResponderTimeout", Set: seconds(func(q *inquiryConf) *module.Opt[time.Duration] { return &q.timeout })},
		{Name: "SSLOCSPResponseTimeSkew", Set: seconds(func(q *inquiryConf) *module.Opt[time.Duration] { return &q.skew })},
		{Name: "SSLOCSPResponseMaxAge", Set: seconds(func(q *inquiryConf) *module.Opt[time.Duration] { return &q.maxAge })},
		{Name: "SSLOCSPUseRequestNonce", Set: flag(func(q *inquiryConf) *module.Opt[bool] { return &q.nonce })},
		{Name: "SSLOCSPNoVerify", Set: flag(func(q *inquiryConf) *module.Opt[bool] { return &q.noVerify })},
		{Name: "SSLOCSPProxyURL", Set: setInquiryProxy},
		{Name: "SSLOCSPResponderCertificateFile", Set: func(c *directive.Call) error {
			list, err := readCAs(c, c.Path(c.Arg(0)))
			if err != nil {
				return err
			}
			inquirySlot.Of(c.Server).trusted.To(list)
			return nil
		}},
	}
}

// setSeconds reads a number of seconds.
func setSeconds(of func(*directive.Call) *module.Opt[time.Duration]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		n := ascii.LeadingInt(c.Arg(0)) // httpd: atoi
		if n < 0 {
			return c.Errorf("%s: invalid argument", c.Row.Name)
		}
		of(c).To(time.Duration(n) * time.Second)
		return nil
	}
}

// setInquiryProxy reads SSLOCSPProxyURL. httpd looks at it only when it connects.
func setInquiryProxy(c *directive.Call) error {
	u, err := url.Parse(c.Arg(0))
	if err != nil {
		return c.Errorf("%s: Cannot parse URL %s", c.Row.Name, c.Arg(0))
	}
	if !responder.Usable(u) {
		c.Warn("%s: '%s' is no http:// URL with a host: no responder can be asked", c.Row.Name, c.Arg(0))
	}
	inquirySlot.Of(c.Server).proxy.To(u)
	return nil
}

// inquiry returns how responders are asked; nil: they are not.
func inquiry(s *module.Server) *responder.Inquiry {
	q, ok := inquirySlot.Peek(s.Conf)
	if !ok || q.policy.V.Depth == responder.None {
		return nil
	}
	d := responder.Defaults()
	return responder.NewInquiry(responder.Settings{
		Policy: q.policy.V, Times: responder.Times{Skew: q.skew.Or(d.Skew), MaxAge: q.maxAge.Or(d.MaxAge)}, Default: q.url.V, Override: q.override.V,
		Timeout: q.timeout.Or(d.Timeout), Nonce: q.nonce.Or(d.Nonce), NoVerify: q.noVerify.V, Proxy: q.proxy.V, Trusted: q.trusted.V,
	})
}

// inquirySetup returns what two servers must share of it, as verifyConf.setup does.
func inquirySetup(s *module.Server) string {
	q, ok := inquirySlot.Peek(s.Conf)
	if !ok {
		return ""
	}
	return fmt.Sprintf("|ocsp %v %v %q", q.policy.V, q.override.V, q.url.V)
}
