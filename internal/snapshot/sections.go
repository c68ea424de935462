package snapshot

import (
	"bytes"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// Compile turns merged section values into a chain. It is called at most once
// per combination, normally while the snapshot is built.
type Compile func(dir *directive.Confs) *exchange.Chain

// Section is one section of a site in file order.
type Section struct {
	Match   Matcher
	Dir     *directive.Confs
	Defined string // "file:line"
	Tag     string // "<Location /app>"
	Inner   Inner
	Rules   FolderRules // of a <Directory>
}

// Inner holds the sections nested in a section, or in a server, which are
// matched once it applies (httpd: sec_file and sec_if of core_dir_config).
type Inner struct {
	Files []Section // <Files> and <FilesMatch>
	Ifs   []If      // <If>, <ElseIf> and <Else>
}

// SectionLists are a site's sections by kind, each in the order they merge.
type SectionLists struct {
	Dirs, Proxies, Locations []Section // of Dirs, those with regular expressions last
	Rules                    FolderRules
	Inner                    // of the server itself
}

// Sections is the compiled section table of one site. It implements
// exchange.Sections. The cost of a search does not depend on the number of
// sections: only on how many apply, and on the number of patterns without a
// literal head.
type Sections struct {
	Walks *Walks // what is kept of walks; nil: nothing

	// Access reads the .htaccess files of the site; nil: none is looked for.
	Access *Access

	table
	base      *directive.Confs
	rules     FolderRules // of the server itself
	proxies   finder      // <Proxy>, <ProxyMatch>
	locations finder      // <Location>, <LocationMatch>
	inner     inner       // of the server itself
	chains    *combinations
	none      *exchange.Chain // without any sections: the chain of every request

	expressions exchange.Evaluator
}

// NewSections compiles the table, the combination without any match and those
// of a single <Location>.
func NewSections(base *directive.Confs, l SectionLists, compile Compile) *Sections {
	s := &Sections{base: base, rules: l.Rules}
	s.inner = s.addInner(l.Inner)
	s.dirs = s.add(kindDir, l.Dirs)
	s.proxies = s.add(kindProxy, l.Proxies)
	s.locations = s.add(kindLocation, l.Locations)
	all := 0
	for _, list := range s.confs {
		all += len(list)
	}
	s.chains = newCombinations(all, func(k []byte, over []*accessFile) *exchange.Chain { return compile(s.merge(k, over)) })
	if all == 0 {
		s.none = s.chains.none
	}
	for i := range l.Locations {
		s.chains.build(key(nil, 0, kindLocation, i))
	}
	return s
}

// Only returns the chain of every request if there are no sections at all, else
// nil.
func (s *Sections) Only() *exchange.Chain { return s.none }

// ForPath implements exchange.Sections.
func (s *Sections) ForPath(x *exchange.Exchange) *exchange.Chain {
	if len(s.locations.list) == 0 && len(s.inner.ifs) == 0 {
		return s.chains.none
	}
	var buf [keyRoom]byte
	k := s.matchIfs(s.matchLocations(buf[:0], x), nil, x)
	if x.Recorder != nil {
		s.record(x, "path", k, nil)
	}
	return s.chains.get(k, nil)
}

// ForTarget implements exchange.Sections.
func (s *Sections) ForTarget(x *exchange.Exchange) (*exchange.Chain, error) {
	var buf [keyRoom]byte
	k := buf[:0]
	var over []*accessFile
	if target, ok := proxied(x.Filename); ok {
		k = s.proxies.match(k, kindProxy, x, target, target)
	} else {
		var err error
		if k, over, err = s.matchFile(k, x); err != nil {
			return s.chains.none, err // httpd: what is configured for the server, no sections
		}
	}
	k = s.matchIfs(s.matchLocations(k, x), over, x)
	if x.Recorder != nil {
		s.record(x, "target", k, over)
	}
	return s.chains.get(k, over), nil
}

// ForURL implements exchange.Sections.
func (s *Sections) ForURL(url string) *exchange.Chain {
	var x exchange.Exchange // patterns set its environment
	target := []byte(url)
	return s.chains.get(s.proxies.match(nil, kindProxy, &x, target, target), nil)
}

// ForClients implements exchange.Sections.
func (s *Sections) ForClients(url string) *exchange.Chain {
	x := exchange.Exchange{Path: []byte(url)}
	return s.chains.get(s.matchLocations(s.proxies.match(nil, kindProxy, &x, x.Path, x.Path), &x), nil)
}

// proxied returns the URL after "proxy:".
func proxied(filename []byte) ([]byte, bool) {
	const p = "proxy:"
	if len(filename) >= len(p) && string(filename[:len(p)]) == p {
		return filename[len(p):], true
	}
	return nil, false
}

func (s *Sections) matchLocations(k []byte, x *exchange.Exchange) []byte {
	if len(s.locations.list) == 0 {
		return k
	}
	return s.locations.match(k, kindLocation, x, merged(x), x.Path)
}

// matchFile matches <Directory> against the folders of a local file and <Files>
// against its last segment: those of the server first, then those nested in the
// folders' sections and .htaccess files, which it returns. httpd: a path ends at the first part
// that is no folder, and <Directory> looks at folders that exist only.
func (s *Sections) matchFile(k []byte, x *exchange.Exchange) ([]byte, []*accessFile, error) {
	file := x.Filename
	var over []*accessFile
	switch {
	case x.Local():
		var err error
		if k, over, err = s.walk(k, x); err != nil {
			return k, nil, err
		}
		file = x.File().Name
		k = s.dirs.matchPatterns(k, kindDir, x, file)
	case x.Req.Verb == message.TRACE: // httpd: it is answered before
		return k, nil, nil
	default:
		k = s.dirs.match(k, kindDir, x, file, file)
	}
	name := file[bytes.LastIndexByte(file, '/')+1:]
	dirs := len(k)
	k = s.inner.files.match(k, kindFile, x, name, name)
	for at := 0; at < dirs; at += entrySize {
		owner, _, i := entry(k[at:])
		if t := s.of(owner, over); t.dirs.inner != nil {
			k = t.dirs.inner[i].files.match(k, kindFile, x, name, name)
		}
	}
	return k, over, nil
}

// of returns the table that an entry of a key belongs to.
func (s *Sections) of(owner uint64, over []*accessFile) *table {
	for _, a := range over {
		if a.owner == owner {
			return &a.table
		}
	}
	return &s.table
}

// merge lays the sections of a combination over the site's own values, in
// httpd's order: folders, files, proxies, locations, then conditions. Those of one
// kind are merged with each other first, which lists such as those of Substitute
// depend on (httpd: ap_location_walk and its kin), but for proxies (proxy_walk).
func (s *Sections) merge(k []byte, over []*accessFile) *directive.Confs {
	c := s.base
	for len(k) > 0 {
		owner, kind, i := entry(k)
		group := s.of(owner, over).confs[kind][i]
		k = k[entrySize:]
		for len(k) > 0 && kind != kindProxy {
			owner, next, i := entry(k)
			if next != kind {
				break
			}
			group, k = directive.MergeConfs(group, s.of(owner, over).confs[next][i]), k[entrySize:]
		}
		c = directive.MergeConfs(c, group)
	}
	return c
}
