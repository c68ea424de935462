package forward

import (
	"strings"

	"github.com/headgate/headgate/internal/prefix"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
)

// Definition is a worker as the configuration defines it: by a ProxyPass, or a
// <Proxy> section with parameters. Later rules whose URL begins with a worker's
// use it too.
type Definition struct {
	URL    uri.URL
	Name   string // canonical URL
	Params param.Params
	Pos    syntax.Pos

	Settings []param.Setting // as written where it was defined
}

// Definitions are the workers of one server in the order they were defined.
// The zero value has none.
type Definitions struct {
	list  []*Definition
	names prefix.Tree
	base  *Definitions // of the main server; nil: none
}

// Over returns the workers of a virtual host: its own before the main server's.
func (s *Definitions) Over(base *Definitions) Definitions {
	return Definitions{list: s.list, names: s.names, base: base}
}

// Define returns the worker that a URL belongs to, or adds one with the settings; known checks
// names in them. ignored are the settings that an existing worker does not accept (AH01146).
func (s *Definitions) Define(u uri.URL, settings []param.Setting, known *param.Known, pos syntax.Pos) (d *Definition, ignored []param.Setting, err error) {
	name := u.Name()
	if d = s.Find(name); d != nil {
		return d, settings, nil
	}
	d = &Definition{URL: u, Name: name, Params: param.Default(), Pos: pos, Settings: settings}
	if err := d.Params.SetAll(param.OfWorker, settings, known); err != nil {
		return nil, nil, err
	}
	d.Params.Placed(pos.String())
	s.add(d)
	return d, nil, nil
}

func (s *Definitions) add(d *Definition) {
	s.names.Add(d.Name, int32(len(s.list)))
	s.list = append(s.list, d)
}

// Find returns the worker with the longest name that is a prefix of url; nil:
// none. Scheme, host and port must be those of url: http://h is no prefix of
// http://h2 (httpd: min_match of ap_proxy_get_worker).
func (s *Definitions) Find(url string) *Definition {
	least := len(url)
	if i := strings.Index(url, "://"); i >= 0 {
		if slash := strings.IndexByte(url[i+len("://"):], '/'); slash >= 0 {
			least = i + len("://") + slash
		}
	}
	return s.find(url, least)
}

// find is Find among names of at least so many bytes.
func (s *Definitions) find(url string, least int) (best *Definition) {
	if s.base != nil {
		best = s.base.find(url, least)
	}
	w := s.names.Walk([]byte(url))
	for {
		_, list := w.Next(prefix.None)
		if list == nil {
			return best
		}
		d := s.list[list[0]]
		if len(d.Name) >= least && (best == nil || len(d.Name) >= len(best.Name)) {
			best = d
		}
	}
}

// Own returns the workers of the server itself, without those that it inherits.
func (s *Definitions) Own() []*Definition { return s.list }
