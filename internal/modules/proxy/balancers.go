package proxy

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/proxy/balancer"
	"github.com/headgate/headgate/internal/proxy/mapping"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
)

// balancerOf returns the balancer that a URL names. It defines the balancer if
// there is none.
func balancerOf(c *directive.Call, target string) (*balancer.Definition, error) {
	name, _, ok := param.SplitBalancer(target)
	if !ok || name == "" {
		return nil, errors.New("Bad syntax for a balancer name (" + target + ")")
	}
	return serverSlot.Of(c.Server).Balancers.Define(name, c.Pos()), nil
}

// setOnBalancer sets parameters of a balancer.
func setOnBalancer(c *directive.Call, target string, settings []param.Setting) error {
	d, err := balancerOf(c, target)
	if err != nil {
		return c.Errorf("%s %w", c.Row.Name, err)
	}
	d.Set = d.Set || len(settings) > 0
	defer func() { d.Params.Placed(c.Pos().String()) }()
	if err := d.Params.SetAll(param.OfBalancer, settings, known(c)); err != nil {
		return paramFault(c, err)
	}
	notes(c, balancerNotes, "", settings)
	return nil
}

// passToBalancer sets the parameters of a ProxyPass on the balancer that it names.
func passToBalancer(c *directive.Call, s *ServerConf, r *mapping.PassRule) error {
	if r.URL.Host == "" || strings.Contains(r.URL.Host, "$") {
		r.Dynamic = true // each request chooses its balancer
		return nil
	}
	return setOnBalancer(c, balancer.Scheme+r.URL.Host, r.Settings)
}

// memberArgs are the words of BalancerMember.
type memberArgs struct {
	balancer, url string
	settings      []param.Setting
}

// readMember reads the words of BalancerMember. In a <Proxy> section the balancer
// is the section's. As in httpd, any word with "=" is a parameter, so a URL cannot
// contain one.
func readMember(c *directive.Call) (m memberArgs, err error) {
	s := c.Scope.Section()
	in := !s.Kind.Server()
	if in && len(s.Words) > 0 {
		m.balancer = s.Words[0]
	}
	for _, w := range syntax.Words(c.Raw) {
		key, value, ok := strings.Cut(w, "=")
		switch {
		case ok:
			m.settings = append(m.settings, param.Setting{Key: key, Value: value})
		case m.balancer == "":
			m.balancer = w
		case m.url == "":
			m.url = w
		case in:
			return m, errors.New("BalancerMember can not have a balancer name when defined in a location")
		default:
			return m, errors.New("Invalid BalancerMember parameter. Parameter must be in the form 'key=value'")
		}
	}
	switch {
	case m.balancer == "":
		return m, errors.New("BalancerMember must define balancer name when outside <Proxy > section")
	case m.url == "":
		return m, errors.New("BalancerMember must define remote proxy server")
	case !param.IsBalancer(m.balancer):
		return m, errors.New("BalancerMember Bad syntax for a balancer name (" + m.balancer + ")")
	}
	return m, nil
}

func whenMember(c *directive.Call) (directive.Tier, string) {
	m, err := readMember(c)
	if err != nil {
		return directive.Honoured, ""
	}
	u, err := uri.Parse(m.url)
	if err != nil {
		return directive.Honoured, ""
	}
	if u.Scheme == passScheme {
		return directive.Honoured, "" // what the balancer is for decides
	}
	return schemeTier(u)
}

func setMember(c *directive.Call) error {
	m, err := readMember(c)
	if err != nil {
		return c.Errorf("%w", err)
	}
	u, err := uri.Parse(m.url)
	if err != nil {
		return c.Errorf("BalancerMember %w", err)
	}
	d, err := balancerOf(c, m.balancer)
	if err == nil {
		err = passPort(u.Scheme, u.Port, u.Socket)
	}
	if err != nil {
		return c.Errorf("BalancerMember %w", err)
	}
	w, ignored, err := d.Members.Define(u, m.settings, known(c), c.Pos())
	if err != nil {
		return paramFault(c, err)
	}
	if err := expandable(c, u, &w.Params); err != nil {
		return c.Errorf("BalancerMember %w", err)
	}
	if w.Pos != c.Pos() {
		c.Warn("%s is below the URL of the member %s: it does not become a separate member (AH01149)", m.url, w.Name)
	}
	for _, set := range ignored {
		c.Warn("Ignoring parameter '%s=%s' for worker '%s' because of worker sharing (AH01150)", set.Key, set.Value, w.Name)
	}
	notes(c, memberNotes, u.Scheme, m.settings)
	oddPort(c, u)
	plainSNI(c, u, m.settings)
	return nil
}

// expandable checks a member with expand=.
func expandable(c *directive.Call, u uri.URL, p *param.Params) error {
	switch {
	case p.Expand == param.ExpandOff:
		if p.Given(param.OfWorker, "expandmin") || p.Given(param.OfWorker, "expandmax") {
			c.Warn("expandmin= and expandmax= have no effect without expand=")
		}
		return nil
	case u.Socket != "":
		return errors.New("expand= needs a host name: a unix socket has none")
	case u.OddPort != "":
		return errors.New("expand= needs a valid port")
	case p.ExpandMax > 0 && p.ExpandMax < p.ExpandMin && p.Given(param.OfWorker, "expandmin"):
		return errors.New("expandmax must not be less than expandmin")
	case p.Expand == param.ExpandDNS:
		return nil
	case u.Port != 0:
		return errors.New("expand=srv: the ports are those of the SRV records, so the URL must not have one")
	case !strings.HasPrefix(u.Host, "_") || strings.Count(u.Host, ".") < 2:
		return errors.New("expand=srv needs the name of a service, as in http://_http._tcp.example.com")
	}
	if p.Given(param.OfWorker, "loadfactor") {
		c.Note("loadfactor: the weights of the SRV records are used instead")
	}
	return nil
}

func setGrowth(c *directive.Call) error {
	n, err := ParseGrowth(c.Arg(0))
	if err != nil {
		return c.Errorf("%w", err)
	}
	serverSlot.Of(c.Server).BalancerGrowth.To(n)
	return nil
}

// setPersist keeps what is changed of balancers at run time.
func setPersist(c *directive.Call) error {
	serverSlot.Of(c.Server).BalancerPersist = ascii.EqualFold(c.Arg(0), "On")
	return nil
}
