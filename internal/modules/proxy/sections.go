package proxy

import (
	"strings"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/proxy/mapping"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
)

// sectionTarget returns the URL or pattern of a <Proxy> tag and the parameters
// that may follow it.
func sectionTarget(args string) (target string, settings []param.Setting, ok bool) {
	words := syntax.Words(args)
	if len(words) == 0 {
		return "", nil, true
	}
	settings, ok = settingsOf(words[1:])
	return words[0], settings, ok
}

// openProxy checks a <Proxy> tag. A tag with a URL and parameters defines the
// worker of that URL, or changes it.
func openProxy(c *directive.Call) error {
	target, settings, ok := sectionTarget(c.Raw)
	switch {
	case target == "":
		c.Warn("a <Proxy> without a URL applies to all proxied requests, like <Proxy *>")
		return nil
	case len(c.Args) > 1 && !strings.Contains(target, ":"):
		return c.Errorf("<Proxy> arguments are not supported for non url.")
	case !ok:
		return c.Errorf("%s", mapping.ErrParam)
	case len(settings) == 0:
		return nil
	case glob.HasWildcards(target):
		return c.Errorf("Wildcards not allowed in the worker URL of a <Proxy> with parameters")
	}
	return setOn(c, target, settings)
}

func openProxyMatch(c *directive.Call) error {
	switch len(c.Args) {
	case 0:
		c.Warn("a <ProxyMatch> without a pattern applies to all proxied requests")
		return nil
	case 1:
	default:
		return c.Errorf("Multiple %s arguments not (yet) supported.", c.Row.Name)
	}
	if _, err := rx.Compile(c.Args[0], 0); err != nil {
		return c.Errorf("Regex could not be compiled")
	}
	return nil
}

// setOn sets parameters on the worker or balancer of a URL. It defines one if
// there is none.
func setOn(c *directive.Call, target string, settings []param.Setting) error {
	if param.IsBalancer(target) {
		return setOnBalancer(c, target, settings)
	}
	u, err := uri.Parse(target)
	if err != nil {
		return c.Errorf("ProxyPass %w", err)
	}
	s := serverSlot.Of(c.Server)
	d, _, err := s.Workers.Define(u, nil, known(c), c.Pos())
	if err != nil {
		return c.Errorf("%w", err)
	}
	defer func() { d.Params.Placed(c.Pos().String()) }()
	if err := d.Params.SetAll(param.OfWorker, settings, known(c)); err != nil {
		return paramFault(c, err)
	}
	notes(c, paramNotes, u.Scheme, settings)
	oddPort(c, u)
	plainSNI(c, u, settings)
	return nil
}

// proxySetTarget returns the URL that a ProxySet applies to: that of the section
// around it, else its first word. words are the parameters.
func proxySetTarget(c *directive.Call) (target string, words []string) {
	words = syntax.Words(c.Raw)
	if s := c.Scope.Within(directive.KindProxy); s != nil && len(s.Words) > 0 {
		return s.Words[0], words
	}
	if len(words) > 0 {
		return words[0], words[1:]
	}
	return "", nil
}

func setProxySet(c *directive.Call) error {
	target, words := proxySetTarget(c)
	in := c.Scope.Within(directive.KindProxy) != nil
	switch {
	case in && len(words) == 0:
		c.Warn("it has no parameters and no effect")
		return nil
	case len(words) == 0:
		return c.Errorf("ProxySet requires additional arguments")
	}
	if !in && param.IsBalancer(target) {
		if name, _, ok := param.SplitBalancer(target); !ok || serverSlot.Of(c.Server).Balancers.Find(name) == nil {
			return c.Errorf("ProxySet can not find '%s' Balancer.", target)
		}
	} else if !in {
		u, err := uri.Parse(target)
		if err != nil || serverSlot.Of(c.Server).Workers.Find(u.Name()) == nil {
			return c.Errorf("ProxySet can't find worker '%s'", target)
		}
	}
	settings, ok := settingsOf(words)
	if !ok {
		return c.Errorf("Invalid ProxySet parameter. Parameter must be in the form 'key=value'")
	}
	return setOn(c, target, settings)
}
