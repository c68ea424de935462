package snapshot

import (
	"bytes"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
)

// FolderRules are what a walk through folders has to know of a section.
type FolderRules struct {
	Options exchange.OptionRules
	May     *directive.Override     // AllowOverride; nil: unchanged
	List    *directive.OverrideList // AllowOverrideList; nil: unchanged
}

// Over merges r over those of the sections around it.
func (r FolderRules) Over(base FolderRules) FolderRules {
	out := FolderRules{Options: r.Options.Over(base.Options), May: base.May, List: base.List}
	if r.May != nil {
		out.May = r.May
	}
	if r.List != nil {
		out.List = r.List
	}
	return out
}

// Reads reports whether there can be a .htaccess file.
func (r *FolderRules) Reads() bool {
	return r.May != nil && r.May.Reads() || r.List != nil && len(*r.List) > 0
}

// walk goes through the folders of the file that x was mapped to and appends the
// <Directory> sections and .htaccess files that apply on the way. httpd: ap_directory_walk.
func (s *Sections) walk(k []byte, x *exchange.Exchange) ([]byte, []*accessFile, error) {
	name := x.Stored()
	if known := s.Walks.find(x, s, name); known != nil {
		x.SetFile(&known.file)
		return append(k, known.key...), known.over, nil
	}
	v := &visit{s: s, x: x, rules: s.rules, until: math.MaxInt64}
	if x.Loop != nil {
		v.until = x.Loop.Now().Add(walkLife).UnixNano()
	}
	var room [32]int32
	v.hits = s.dirs.hits(room[:0], x, append(bytes.Clone(exchange.CleanName(name)), '/'))
	w := exchange.Walk{Loop: x.Loop, Enter: v.enter}
	err := w.To(name)
	found := &walked{file: w.File, key: v.key, over: v.over, until: v.until}
	x.SetFile(&found.file)
	if err != nil {
		return k, nil, err
	}
	s.Walks.keep(x, s, name, found)
	return append(k, v.key...), v.over, nil
}

// visit is a walk that comes from folder to folder.
type visit struct {
	s     *Sections
	x     *exchange.Exchange
	rules FolderRules // of the folders so far
	depth int         // how many folders were entered below the root
	hits  []int32     // the plain <Directory> sections ahead

	key   []byte        // of what applies so far
	over  []*accessFile // of it, the .htaccess files
	until int64         // until when what was seen may be believed, in nanoseconds
}

// enter is called for each folder, from the root on.
func (v *visit) enter(dir []byte) (exchange.Links, error) {
	for len(v.hits) > 0 && Depth(v.s.dirs.list[v.hits[0]].Match) <= v.depth {
		i := v.hits[0]
		v.hits = v.hits[1:]
		v.key = key(v.key, 0, kindDir, v.s.dirs.first+int(i))
		v.rules = v.s.dirs.list[i].Rules.Over(v.rules)
	}
	v.depth++
	if err := v.access(dir); err != nil {
		return exchange.NoLinks, err
	}
	return v.rules.Options.Set.Links(), nil
}

// Depth is the number of folders in what a <Directory> section names.
func Depth(m Matcher) int {
	switch m := m.(type) {
	case Folder:
		return strings.Count(strings.TrimRight(string(m), "/"), "/")
	case Glob:
		return strings.Count(strings.TrimRight(m.Pattern, "/"), "/")
	}
	return 0
}

// Walks keeps for a moment where walks have led, for each loop, and the .htaccess
// files that were read. nil keeps nothing.
type Walks struct {
	loops  []loopWalks
	owners atomic.Uint64 // counts tables

	mu    lock.Mutex // guards what follows
	files map[folderKey]*accessFile
}

// NewWalks makes one for a number of loops.
func NewWalks(loops int) *Walks { return &Walks{loops: make([]loopWalks, max(loops, 1))} }

// loopWalks are those of one loop.
type loopWalks struct {
	mu      lock.Mutex // guards what follows
	files   map[walkKey]*walked
	folders map[folderKey]*folder
	_       [32]byte // so that no two loops use one cache line
}

// walkKey names a file and whose sections were asked.
type walkKey struct {
	s    *Sections
	name string
}

// walked is where a walk has led; immutable.
type walked struct {
	file  exchange.LocalFile
	key   []byte // what applies on the way
	over  []*accessFile
	until int64 // the time from which on it must be walked again, in nanoseconds
}

// Limits of what is kept: how long, so that changes in the file system count soon,
// and how much on each loop.
const (
	walkLife = 500 * time.Millisecond
	maxWalks = 4096
)

func (w *Walks) of(x *exchange.Exchange) *loopWalks {
	if w == nil || x.Loop == nil {
		return nil
	}
	return &w.loops[uint(x.Loop.Index())%uint(len(w.loops))]
}

// find returns where the walk to a file has led recently, nil if there was none.
func (w *Walks) find(x *exchange.Exchange, s *Sections, name []byte) *walked {
	l := w.of(x)
	if l == nil {
		return nil
	}
	l.mu.Lock()
	found := l.files[walkKey{s, string(name)}]
	l.mu.Unlock()
	if found == nil || x.Loop.Now().UnixNano() >= found.until {
		return nil
	}
	return found
}

// keep keeps where a walk has led, if it has led to the whole of the name: what is missing
// may come at any moment.
func (w *Walks) keep(x *exchange.Exchange, s *Sections, name []byte, found *walked) {
	l := w.of(x)
	if l == nil || found.file.Mode == exchange.NoFile || len(found.file.Rest) > 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.files == nil || len(l.files) >= maxWalks {
		l.files = make(map[walkKey]*walked)
	}
	l.files[walkKey{s, string(name)}] = found
}
