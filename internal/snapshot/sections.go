package snapshot

import (
	"bytes"
	"encoding/binary"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
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
}

// Sections is the compiled section table of one site. It implements
// exchange.Sections. What finding costs does not depend on how many sections
// there are: only on how many apply, and on the patterns that begin with no
// plain text.
type Sections struct {
	base      *directive.Confs
	dirs      finder // <Directory>, shortest first, then <DirectoryMatch>
	files     finder // <Files>, <FilesMatch>
	proxies   finder // <Proxy>, <ProxyMatch>
	locations finder // <Location>, <LocationMatch>
	chains    *combinations
	none      *exchange.Chain // where there are no sections at all: the chain of every request
}

// SectionLists are a site's sections by kind, each in the order they merge.
type SectionLists struct {
	Dirs, Files, Proxies, Locations []Section
}

// NewSections compiles the table, the combination in which nothing matches and
// those of a single <Location>.
func NewSections(base *directive.Confs, l SectionLists, compile Compile) *Sections {
	s := &Sections{
		base: base, dirs: newFinder(l.Dirs), files: newFinder(l.Files),
		proxies: newFinder(l.Proxies), locations: newFinder(l.Locations),
	}
	all := len(l.Dirs) + len(l.Files) + len(l.Proxies) + len(l.Locations)
	s.chains = newCombinations(all, func(k []byte) *exchange.Chain { return compile(s.merge(k)) })
	if all == 0 {
		s.none = s.chains.none
	}
	for i := range l.Locations {
		s.chains.build(key(nil, kindLocation, i))
	}
	return s
}

// Only gives the chain of every request where there are no sections at all,
// nil where there are.
func (s *Sections) Only() *exchange.Chain { return s.none }

// Kinds of a key's entries.
const (
	kindDir = iota
	kindFile
	kindProxy
	kindLocation
)

// key appends a section to a combination's name: 4 bytes, kind above index.
func key(k []byte, kind, index int) []byte {
	return binary.BigEndian.AppendUint32(k, uint32(kind)<<28|uint32(index))
}

// ForPath implements exchange.Sections.
func (s *Sections) ForPath(x *exchange.Exchange) *exchange.Chain {
	if len(s.locations.list) == 0 {
		return s.chains.none
	}
	var buf [keyRoom]byte
	return s.chains.get(s.matchLocations(buf[:0], x))
}

// keyRoom is room for the names of most combinations.
const keyRoom = 32 * 4

// ForTarget implements exchange.Sections.
func (s *Sections) ForTarget(x *exchange.Exchange) *exchange.Chain {
	var buf [keyRoom]byte
	k := buf[:0]
	if target, ok := proxied(x.Filename); ok {
		k = s.proxies.match(k, kindProxy, x, target, target)
	} else {
		k = s.matchFile(k, x)
	}
	return s.chains.get(s.matchLocations(k, x))
}

// proxied gives the URL behind "proxy:".
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

// matchFile matches <Directory> against the folders of a local file and
// <Files> against its last part.
func (s *Sections) matchFile(k []byte, x *exchange.Exchange) []byte {
	k = s.dirs.match(k, kindDir, x, x.Filename, x.Filename)
	name := x.Filename[bytes.LastIndexByte(x.Filename, '/')+1:]
	return s.files.match(k, kindFile, x, name, name)
}

// merge lays the sections of a combination over the site's own values, in
// httpd's order: folders, files, proxies, then locations.
func (s *Sections) merge(k []byte) *directive.Confs {
	lists := [...][]Section{kindDir: s.dirs.list, kindFile: s.files.list, kindProxy: s.proxies.list, kindLocation: s.locations.list}
	c := s.base
	for ; len(k) > 0; k = k[4:] {
		n := binary.BigEndian.Uint32(k)
		c = directive.MergeConfs(c, lists[n>>28][n&(1<<28-1)].Dir)
	}
	return c
}
