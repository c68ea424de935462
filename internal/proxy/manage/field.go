package manage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/proxy/param"
)

// field is a setting that can be changed, of a T.
type field[T any] struct {
	name string // of the parameter
	get  func(*T) string
	set  func(*T, *param.Params)

	none []string // values that mean that there is none, where the parameter cannot say so
	most int      // the largest number (httpd's manager has narrower limits than its directives); 0: the parameter's
}

// memberFields are the settings of a member, but for its flags.
var memberFields = [...]field[balance.Member]{
	{name: "loadfactor",
		get: func(m *balance.Member) string { return factorText(m.Factor) },
		set: func(m *balance.Member, p *param.Params) { m.Factor = p.LoadFactor }},
	{name: "lbset",
		get: func(m *balance.Member) string { return strconv.Itoa(m.Set) },
		set: func(m *balance.Member, p *param.Params) { m.Set = p.LBSet }},
	{name: "route",
		get: func(m *balance.Member) string { return m.Route },
		set: func(m *balance.Member, p *param.Params) { m.Route, m.RouteText = p.Route, []byte(p.Route) }},
	{name: "redirect",
		get: func(m *balance.Member) string { return m.Redirect },
		set: func(m *balance.Member, p *param.Params) { m.Redirect = p.Redirect }},

	{name: "hcmethod",
		get: func(m *balance.Member) string { return m.Check.Method },
		set: func(m *balance.Member, p *param.Params) { m.Check.Method = p.Check.Method }},
	{name: "hcinterval",
		get: func(m *balance.Member) string { return spanText(m.Check.Interval) },
		set: func(m *balance.Member, p *param.Params) { m.Check.Interval = p.Check.Interval }},
	{name: "hcpasses",
		get: func(m *balance.Member) string { return strconv.Itoa(m.Check.Passes) },
		set: func(m *balance.Member, p *param.Params) { m.Check.Passes = p.Check.Passes }},
	{name: "hcfails",
		get: func(m *balance.Member) string { return strconv.Itoa(m.Check.Fails) },
		set: func(m *balance.Member, p *param.Params) { m.Check.Fails = p.Check.Fails }},
	{name: "hcuri", none: []string{""},
		get: func(m *balance.Member) string { return m.Check.URI },
		set: func(m *balance.Member, p *param.Params) { m.Check.URI = p.Check.URI }},
	{name: "hcexpr", none: []string{""},
		get: func(m *balance.Member) string { return m.Check.Expr },
		set: func(m *balance.Member, p *param.Params) {
			m.Check.Expr, m.Check.Condition = p.Check.Expr, p.Check.Condition
		}},
}

// spanText is a time as parameters take it: in seconds where they are whole.
func spanText(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.Itoa(int(d / time.Second))
	}
	return strconv.Itoa(int(d/time.Millisecond)) + "ms"
}

// balancerFields are the settings of a balancer.
var balancerFields = [...]field[balance.Config]{
	{name: "lbmethod",
		get: func(c *balance.Config) string { return c.Method.Name },
		set: func(c *balance.Config, p *param.Params) {
			c.BalancerParams.Method, c.Method = p.Balancer.Method, balance.MethodOf(p.Balancer.Method)
		}},
	{name: "timeout", none: []string{"0"}, most: 7200,
		get: func(c *balance.Config) string { return strconv.Itoa(int(c.Timeout / time.Second)) },
		set: func(c *balance.Config, p *param.Params) { c.Timeout = p.Balancer.Timeout }},
	{name: "maxattempts", none: []string{"", "default"}, most: 99,
		get: func(c *balance.Config) string {
			if c.MaxAttempts < 0 {
				return ""
			}
			return strconv.Itoa(c.MaxAttempts)
		},
		set: func(c *balance.Config, p *param.Params) { c.MaxAttempts = p.Balancer.MaxAttempts }},
	{name: "forcerecovery",
		get: func(c *balance.Config) string { return onOff(c.ForceRecovery) },
		set: func(c *balance.Config, p *param.Params) { c.ForceRecovery = p.Balancer.ForceRecovery }},
	{name: "nofailover",
		get: func(c *balance.Config) string { return onOff(c.NoFailover) },
		set: func(c *balance.Config, p *param.Params) { c.NoFailover = p.Balancer.NoFailover }},
	{name: "stickysession", none: []string{"", "-"}, // httpd: "-" deletes
		get: func(c *balance.Config) string { return joinSticky(c.Sticky, c.StickyPath) },
		set: func(c *balance.Config, p *param.Params) {
			c.Sticky, c.StickyPath = p.Balancer.Sticky, p.Balancer.StickyPath
		}},
}

// joinSticky is stickysession= for the names of a cookie and a parameter.
func joinSticky(cookie, path string) string {
	if cookie == path {
		return cookie
	}
	return cookie + "|" + path
}

func factorText(times100 int) string { return strconv.FormatFloat(float64(times100)/100, 'f', -1, 64) }

func onOff(on bool) string {
	if on {
		return "On"
	}
	return "Off"
}

// find returns the row of a name in any case; nil: there is none.
func find[T any](rows []field[T], name string) *field[T] {
	for i := range rows {
		if ascii.EqualFold(rows[i].name, name) {
			return &rows[i]
		}
	}
	return nil
}

func names[T any](rows []field[T]) string { return strings.Join(fieldNames(rows), ", ") }

func fieldNames[T any](rows []field[T]) (all []string) {
	for i := range rows {
		all = append(all, rows[i].name)
	}
	return all
}

// apply sets the field of v to what a text says.
func (f *field[T]) apply(v *T, kind param.Kind, text string, k *param.Known) error {
	p := param.Default()
	if !slices.Contains(f.none, text) {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return &Error{Kind: Invalid, Field: f.name, Reason: "a control character is in it"}
		}
		if n, err := strconv.Atoi(text); f.most > 0 && (err != nil || n < 0 || n > f.most) {
			return &Error{Kind: Invalid, Field: f.name, Reason: fmt.Sprintf("must be a number between 0 and %d", f.most)}
		}
		if err := p.Set(kind, f.name, text, k); err != nil {
			return &Error{Kind: Invalid, Field: f.name, Reason: err.Error()}
		}
	}
	f.set(v, &p)
	return nil
}

// configured returns what the configuration says, as a text.
func (f *field[T]) configured(p *param.Params) string {
	var v T
	f.set(&v, p)
	return f.get(&v)
}
