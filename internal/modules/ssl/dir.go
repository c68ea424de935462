package ssl

import (
	"errors"
	"slices"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certcheck"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
)

var errShortTicket = errors.New("it has less than 48 bytes (openssl rand -out FILE 48)")

// dirConf is what a section says.
type dirConf struct {
	required module.Opt[bool]
	verify   module.Opt[certcheck.Mode] // SSLVerifyClient
	depth    module.Opt[int]            // SSLVerifyDepth
	user     module.Opt[string]         // SSLUserName
	requires []*requirement             // SSLRequire

	// SSLOptions: words with + and - change what is outside, others replace it.
	replaces bool
	add, del options
}

// options are words of SSLOptions, one bit each.
type options uint8

const (
	stdEnvVars options = 1 << iota
	strictRequire
	optRenegotiate
	fakeBasicAuth
	exportCertData
	legacyDN
	otherOptions // not supported yet
)

var optionWords = map[string]options{
	"stdenvvars": stdEnvVars, "strictrequire": strictRequire, "optrenegotiate": optRenegotiate,
	"fakebasicauth": fakeBasicAuth, "exportcertdata": exportCertData, "legacydnstringformat": legacyDN, "compatenvvars": otherOptions,
}

// httpd: ssl_config_perdir_merge.
var dirSlot = directive.Slot[dirConf]{Name: "ssl dir", Merge: func(base, add *dirConf) *dirConf {
	m := &dirConf{
		required: module.Over(base.required, add.required), verify: module.Over(base.verify, add.verify), depth: module.Over(base.depth, add.depth),
		user: module.Over(base.user, add.user), requires: slices.Concat(base.requires, add.requires),
		replaces: add.replaces, add: add.add, del: add.del,
	}
	if !add.replaces {
		m.replaces = base.replaces
		m.add = base.add&^add.del | add.add
		m.del = base.del&^add.add | add.del
	}
	return m
}}

// whenOptions: options that protect, or that others rely on, must not be ignored.
func whenOptions(c *directive.Call) (directive.Tier, string) {
	for _, w := range c.Args {
		if w != "" && w[0] == '-' {
			continue
		}
		if word := trimSign(w); optionWords[ascii.ToLower(word)] == otherOptions {
			return directive.Pending, "the option " + word + " is not supported yet"
		}
	}
	return directive.Honoured, ""
}

func trimSign(w string) string {
	if w != "" && (w[0] == '+' || w[0] == '-') {
		return w[1:]
	}
	return w
}

// setOptions reads SSLOptions [+|-]option ...
func setOptions(c *directive.Call) error {
	d := dirSlot.Of(c.Dir)
	first := true
	for _, w := range c.Args {
		word := trimSign(w)
		o, ok := optionWords[ascii.ToLower(word)]
		if !ok {
			return c.Errorf("SSLOptions: Illegal option '%s'", word)
		}
		switch w[0] {
		case '-':
			d.del |= o
			d.add &^= o
		case '+':
			d.add |= o
			d.del &^= o
		default:
			if first { // httpd: a bare option replaces, further ones add
				d.replaces, d.add, d.del = true, 0, 0
			}
			first = false
			d.add |= o
		}
	}
	return nil
}

// dir adds to the chain of a combination of sections.
func dir(b *module.Builder, d *module.Dir) error {
	if t := backend(b, d); t != nil {
		d.Chain.BackendTLS = t
	}
	c, ok := dirSlot.Peek(d.Conf)
	if !ok {
		c = &dirConf{}
	}
	d.Chain.Demand = demandOf(d, c)
	var access []exchange.Step
	if c.required.Or(false) {
		access = append(access, requireTLS{})
	}
	if d.Chain.Demand.Mode != certcheck.None {
		access = append(access, verified{d.Chain.Demand})
	}
	if c.user.Set && c.add&fakeBasicAuth == 0 {
		access = append(access, userName{c.user.V})
	}
	for _, r := range c.requires {
		access = append(access, r)
	}
	d.Chain.Access = append(access, d.Chain.Access...)
	d.Chain.LegacyDN = c.add&legacyDN != 0
	// Also in a plain virtual host: it may have the same users.
	d.Chain.Login = append(d.Chain.Login, login{fake: c.add&fakeBasicAuth != 0})
	if d.Chain.Site.TLS.On() {
		d.Chain.Fixups = append(d.Chain.Fixups, environment{all: c.add&stdEnvVars != 0, certs: c.add&exportCertData != 0})
	}
	return nil
}

// requireTLS is SSLRequireSSL.
//
// Ours: it holds whatever Satisfy says, as in httpd with SSLOptions StrictRequire.
type requireTLS struct{}

// Do implements exchange.Step.
func (requireTLS) Do(x *exchange.Exchange) error {
	if x.Client != nil && x.Client.TLS {
		return nil
	}
	return &fault.Fault{
		Side: fault.Client, Module: name, Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByTLS, Status: 403, ID: "AH02219",
		Detail: "access to " + string(x.Filename) + " failed, reason: SSL connection required",
	}
}
