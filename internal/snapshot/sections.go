package snapshot

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

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
// exchange.Sections.
type Sections struct {
	base      *directive.Confs
	dirs      []Section // <Directory>, shortest first, then <DirectoryMatch>
	files     []Section // <Files>, <FilesMatch>
	proxies   []Section // <Proxy>, <ProxyMatch>
	locations []Section // <Location>, <LocationMatch>

	locIndex prefixIndex
	compile  Compile

	most  int        // how many combinations are kept
	mu    sync.Mutex // guards compiling a new combination
	cache atomic.Pointer[map[string]*exchange.Chain]
}

// SectionLists are a site's sections by kind, each in the order they merge.
type SectionLists struct {
	Dirs, Files, Proxies, Locations []Section
}

// maxCombinations bounds how many combinations met at run time are kept. A
// configuration whose sections combine in more ways pays for compiling the rest
// anew.
const maxCombinations = 4096

// NewSections compiles the table and the combination in which nothing
// matches.
func NewSections(base *directive.Confs, l SectionLists, compile Compile) *Sections {
	s := &Sections{
		base: base, dirs: l.Dirs, files: l.Files, proxies: l.Proxies, locations: l.Locations,
		compile: compile,
	}
	s.locIndex.build(l.Locations)
	first := make(map[string]*exchange.Chain, 1+len(l.Locations))
	first[""] = compile(base)
	for i := range l.Locations {
		k := key(nil, kindLocation, i)
		first[string(k)] = compile(s.merge(k))
	}
	s.most = len(first) + maxCombinations
	s.cache.Store(&first)
	return s
}

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
	var buf [64]byte
	return s.chain(s.matchLocations(buf[:0], x))
}

// ForTarget implements exchange.Sections.
func (s *Sections) ForTarget(x *exchange.Exchange) *exchange.Chain {
	var buf [64]byte
	k := buf[:0]
	if target, ok := proxied(x.Filename); ok {
		for i := range s.proxies {
			if s.proxies[i].Match.Match(x, target) {
				k = key(k, kindProxy, i)
			}
		}
	} else {
		k = s.matchFile(k, x)
	}
	return s.chain(s.matchLocations(k, x))
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
	if len(s.locations) == 0 {
		return k
	}
	return s.locIndex.match(k, x, s.locations)
}

// matchFile matches <Directory> against the folders of a local file and
// <Files> against its last part.
func (s *Sections) matchFile(k []byte, x *exchange.Exchange) []byte {
	for i := range s.dirs {
		if s.dirs[i].Match.Match(x, x.Filename) {
			k = key(k, kindDir, i)
		}
	}
	if len(s.files) == 0 {
		return k
	}
	name := x.Filename
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			name = name[i+1:]
			break
		}
	}
	for i := range s.files {
		if s.files[i].Match.Match(x, name) {
			k = key(k, kindFile, i)
		}
	}
	return k
}

// chain gives the compiled combination.
func (s *Sections) chain(k []byte) *exchange.Chain {
	if c := (*s.cache.Load())[string(k)]; c != nil {
		return c
	}
	return s.add(k)
}

func (s *Sections) add(k []byte) *exchange.Chain {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := *s.cache.Load()
	if c := old[string(k)]; c != nil {
		return c
	}
	c := s.compile(s.merge(k))
	if len(old) >= s.most {
		return c
	}
	fresh := make(map[string]*exchange.Chain, len(old)+1)
	for n, v := range old {
		fresh[n] = v
	}
	fresh[string(k)] = c
	s.cache.Store(&fresh)
	return c
}

// merge lays the sections of a combination over the site's own values, in
// httpd's order: folders, files, proxies, then locations.
func (s *Sections) merge(k []byte) *directive.Confs {
	lists := [...][]Section{kindDir: s.dirs, kindFile: s.files, kindProxy: s.proxies, kindLocation: s.locations}
	c := s.base
	for ; len(k) > 0; k = k[4:] {
		n := binary.BigEndian.Uint32(k)
		c = directive.MergeConfs(c, lists[n>>28][n&(1<<28-1)].Dir)
	}
	return c
}
