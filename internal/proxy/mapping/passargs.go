package mapping

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/uri"
)

// Place says where a directive is.
type Place struct {
	InLocation bool   // the path is that of the section around it
	Path       string // of the section
	Match      bool   // the directive is ProxyPassMatch
}

// PassRule is one ProxyPass or ProxyPassMatch. Immutable once compiled.
type PassRule struct {
	Path        string     // prefix or pattern
	Target      string     // URL without "unix:…|", or "!"
	Regex       *rx.Regexp // nil: Path is a prefix
	Deny        bool       // "!": requests that match are not proxied
	NoCanon     bool
	Interpolate bool
	NoQuery     bool
	Encoded     bool // mapping=encoded or servlet: matched before decoding
	Servlet     bool
	Balancer    bool    // the target is balancer://
	URL         uri.URL // the parsed target; of a dynamic one the fixed part
	Dynamic     bool    // host or port depend on the request
	Settings    []param.Setting
	Rule        string // directive and path, for logs: "ProxyPass /app"
	Place       string // "file:line" of the directive, for logs
	Written     string // the directive as written

	// Worker is the worker of the target; nil: it is not known in advance.
	Worker *forward.Definition

	fixed fixedTarget
}

// httpd's errors for wrong arguments.
var (
	errPassPath    = errors.New("ProxyPass|ProxyPassMatch needs a path when not defined in a location")
	errPassHasPath = errors.New("ProxyPass|ProxyPassMatch can not have a path when defined in a location.")
	ErrParam       = errors.New("Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'.")
	errPassUnix    = errors.New(`ProxyPass|ProxyPassMatch uses an invalid "unix:" URL`)
	errPassTilde   = errors.New("ProxyPassMatch invalid syntax ('~' usage).")
	errPassRegex   = errors.New("Regular expression could not be compiled.")
	errPassMapping = errors.New("unknown mapping")
)

// ParsePass reads the words of ProxyPass or ProxyPassMatch. Settings stay
// words: whether they apply depends on existing workers. The error's text is
// httpd's, complete.
func ParsePass(words []string, at Place) (*PassRule, error) {
	r := &PassRule{}
	target, regex, err := r.read(words, at)
	if err != nil {
		return nil, err
	}
	if target == "" && !targetGiven(words, at) {
		return nil, errPassPath
	}
	_, real, ok := uri.SplitSocket(target)
	if !ok {
		return nil, errPassUnix
	}
	r.Target = real
	// httpd: in a section the section's path is a pattern if it looks like one
	// to fnmatch.
	if regex || at.Match || (at.InLocation && glob.HasWildcards(r.Path)) {
		if r.Regex, err = rx.Compile(r.Path, 0); err != nil {
			return nil, errPassRegex
		}
	}
	if target == "!" {
		r.Deny = true
		return r, nil
	}
	if err := r.readTarget(target); err != nil {
		return nil, err
	}
	r.fixed = fixTarget(r)
	return r, nil
}

// read splits the words.
func (r *PassRule) read(words []string, at Place) (target string, regex bool, err error) {
	havePath, haveTarget := at.InLocation, false
	r.Path = at.Path
	for _, w := range words {
		switch {
		case !havePath && w == "~":
			if at.Match {
				return "", false, errPassTilde
			}
			regex = true
		case !havePath:
			r.Path, havePath = w, true
		case !haveTarget:
			target, haveTarget = w, true
		default:
			if err := r.option(w, target, at); err != nil {
				return "", false, err
			}
		}
	}
	return target, regex, nil
}

// targetGiven distinguishes an empty target from none.
func targetGiven(words []string, at Place) bool {
	n := len(words)
	for n > 0 && !at.InLocation && words[len(words)-n] == "~" {
		n--
	}
	if at.InLocation {
		return n >= 1
	}
	return n >= 2
}

// option reads a word after the target.
func (r *PassRule) option(w, target string, at Place) error {
	for _, f := range []struct {
		name string
		flag *bool
	}{{"nocanon", &r.NoCanon}, {"interpolate", &r.Interpolate}, {"noquery", &r.NoQuery}} {
		if ascii.EqualFold(w, f.name) {
			*f.flag = true
			return nil
		}
	}
	key, value, ok := strings.Cut(w, "=")
	switch {
	case !ok && at.InLocation && strings.HasPrefix(target, "/"):
		return errPassHasPath
	case !ok:
		return ErrParam
	case !ascii.EqualFold(key, "mapping"):
		r.Settings = addSetting(r.Settings, key, value)
	case ascii.EqualFold(value, "encoded"):
		r.Encoded = true
	case ascii.EqualFold(value, "servlet"):
		r.Encoded, r.Servlet = true, true
	default:
		return errPassMapping
	}
	return nil
}

// addSetting adds a setting; one given before under the same key is replaced.
func addSetting(list []param.Setting, key, value string) []param.Setting {
	for i := range list {
		if ascii.EqualFold(list[i].Key, key) {
			list[i].Value = value
			return list
		}
	}
	return append(list, param.Setting{Key: key, Value: value})
}

// readTarget parses the rule's target.
func (r *PassRule) readTarget(target string) error {
	if param.IsBalancer(target) {
		r.Balancer = true
		name, path, ok := param.SplitBalancer(target)
		if !ok {
			return errors.New("ProxyPass Bad syntax for a balancer name (" + target + ")")
		}
		r.URL = uri.URL{Scheme: "balancer", Host: name, Path: path}
		return nil
	}
	u, err := uri.Parse(target)
	if r.Regex != nil || r.Interpolate {
		fixed, dynamic := fixedPart(target)
		r.Dynamic = dynamic
		if r.Regex != nil && dynamic && fixed != "" {
			if part, perr := uri.Parse(fixed); perr == nil {
				u, err = part, nil
			}
		}
	}
	if err != nil {
		return errors.New("ProxyPass " + err.Error())
	}
	r.URL = u
	return nil
}

// fixedPart returns the part of a target's scheme and authority that does not
// depend on the request, without the colon before a variable port.
func fixedPart(target string) (fixed string, dynamic bool) {
	begin := strings.Index(target, "://")
	if begin < 0 {
		return "", false
	}
	begin += len("://")
	end := begin + strings.IndexByte(target[begin:]+"/", '/')
	at := strings.IndexByte(target[:end], '$')
	if at < 0 {
		return "", false
	}
	if at <= begin {
		return "", true
	}
	return strings.TrimSuffix(target[:at], ":"), true
}
