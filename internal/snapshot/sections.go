package snapshot

import (
	"bytes"
	"encoding/binary"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/record"
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

	base      *directive.Confs
	rules     FolderRules // of the server itself
	dirs      finder      // <Directory>, shortest first, then <DirectoryMatch>
	proxies   finder      // <Proxy>, <ProxyMatch>
	locations finder      // <Location>, <LocationMatch>
	inner     inner       // of the server itself
	nested    [][]branch  // nested in each condition
	shown     [kinds][]record.Section
	confs     [kinds][]*directive.Confs
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
	s.chains = newCombinations(all, func(k []byte) *exchange.Chain { return compile(s.merge(k)) })
	if all == 0 {
		s.none = s.chains.none
	}
	for i := range l.Locations {
		s.chains.build(key(nil, kindLocation, i))
	}
	return s
}

// add compiles a list of sections of one kind and everything nested in them.
func (s *Sections) add(kind int, list []Section) finder {
	f := newFinder(list, len(s.confs[kind]))
	for i := range list {
		s.confs[kind] = append(s.confs[kind], list[i].Dir)
		s.shown[kind] = append(s.shown[kind], record.Section{Tag: list[i].Tag, Place: list[i].Defined})
	}
	for i := range list {
		if in := s.addInner(list[i].Inner); !in.empty() {
			if f.inner == nil {
				f.inner = make([]inner, len(list))
			}
			f.inner[i] = in
		}
	}
	return f
}

// addInner compiles what is nested in a section. The contents of a <Files> are
// matched after those of its siblings.
func (s *Sections) addInner(in Inner) inner {
	out := inner{files: s.add(kindFile, in.Files)}
	for _, c := range in.Ifs {
		out.ifs = append(out.ifs, branch{If: c, index: len(s.confs[kindIf])})
		s.confs[kindIf] = append(s.confs[kindIf], c.Dir)
		s.shown[kindIf] = append(s.shown[kindIf], record.Section{Tag: c.Tag, Place: c.Defined})
		s.nested = append(s.nested, nil)
	}
	for i := range out.ifs {
		s.nested[out.ifs[i].index] = s.addInner(Inner{Ifs: out.ifs[i].Ifs}).ifs
	}
	return out
}

// Only returns the chain of every request if there are no sections at all, else
// nil.
func (s *Sections) Only() *exchange.Chain { return s.none }

// Kinds of a key's entries.
const (
	kindDir = iota
	kindFile
	kindProxy
	kindLocation
	kindIf
	kinds
)

// key appends a section to a combination's key: 4 bytes, kind above index.
func key(k []byte, kind, index int) []byte {
	return binary.BigEndian.AppendUint32(k, uint32(kind)<<28|uint32(index))
}

// entry reads the first section of a combination's key.
func entry(k []byte) (kind, index int) {
	n := binary.BigEndian.Uint32(k)
	return int(n >> 28), int(n & (1<<28 - 1))
}

// ForPath implements exchange.Sections.
func (s *Sections) ForPath(x *exchange.Exchange) *exchange.Chain {
	if len(s.locations.list) == 0 && len(s.inner.ifs) == 0 {
		return s.chains.none
	}
	var buf [keyRoom]byte
	k := s.matchIfs(s.matchLocations(buf[:0], x), x)
	if x.Recorder != nil {
		s.record(x, "path", k)
	}
	return s.chains.get(k)
}

// keyRoom is enough for the keys of most combinations.
const keyRoom = 32 * 4

// ForTarget implements exchange.Sections.
func (s *Sections) ForTarget(x *exchange.Exchange) (*exchange.Chain, error) {
	var buf [keyRoom]byte
	k := buf[:0]
	if target, ok := proxied(x.Filename); ok {
		k = s.proxies.match(k, kindProxy, x, target, target)
	} else {
		var err error
		if k, err = s.matchFile(k, x); err != nil {
			return s.chains.none, err // httpd: what is configured for the server, no sections
		}
	}
	k = s.matchIfs(s.matchLocations(k, x), x)
	if x.Recorder != nil {
		s.record(x, "target", k)
	}
	return s.chains.get(k), nil
}

// ForURL implements exchange.Sections.
func (s *Sections) ForURL(url string) *exchange.Chain {
	var x exchange.Exchange // patterns set its environment
	target := []byte(url)
	return s.chains.get(s.proxies.match(nil, kindProxy, &x, target, target))
}

// ForClients implements exchange.Sections.
func (s *Sections) ForClients(url string) *exchange.Chain {
	x := exchange.Exchange{Path: []byte(url)}
	return s.chains.get(s.matchLocations(s.proxies.match(nil, kindProxy, &x, x.Path, x.Path), &x))
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
// folders' sections. httpd: a path ends at the first part that is no
// folder, and <Directory> looks at folders that exist only.
func (s *Sections) matchFile(k []byte, x *exchange.Exchange) ([]byte, error) {
	file := x.Filename
	switch {
	case x.Local():
		var err error
		if k, err = s.walk(k, x); err != nil {
			return k, err
		}
		file = x.File().Name
		k = s.dirs.matchPatterns(k, kindDir, x, file)
	case x.Req.Verb == message.TRACE: // httpd: it is answered before
		return k, nil
	default:
		k = s.dirs.match(k, kindDir, x, file, file)
	}
	name := file[bytes.LastIndexByte(file, '/')+1:]
	dirs := len(k)
	k = s.inner.files.match(k, kindFile, x, name, name)
	for at := 0; at < dirs && s.dirs.inner != nil; at += 4 {
		_, i := entry(k[at:])
		k = s.dirs.inner[i].files.match(k, kindFile, x, name, name)
	}
	return k, nil
}

// merge lays the sections of a combination over the site's own values, in
// httpd's order: folders, files, proxies, locations, then conditions. Those of one
// kind are merged with each other first, which lists such as those of Substitute
// depend on (httpd: ap_location_walk and its kin), but for proxies (proxy_walk).
func (s *Sections) merge(k []byte) *directive.Confs {
	c := s.base
	for len(k) > 0 {
		kind, i := entry(k)
		group := s.confs[kind][i]
		k = k[4:]
		for len(k) > 0 && kind != kindProxy {
			next, i := entry(k)
			if next != kind {
				break
			}
			group, k = directive.MergeConfs(group, s.confs[next][i]), k[4:]
		}
		c = directive.MergeConfs(c, group)
	}
	return c
}
