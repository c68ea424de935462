package snapshot

import (
	"encoding/binary"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/record"
)

// table numbers sections by kind, those nested in others too: the sections of a site, or what
// is in one .htaccess file, which is a section for its folder.
type table struct {
	owner  uint64     // tells the tables of a site apart; 0: its own
	dirs   finder     // <Directory>, shortest first, then <DirectoryMatch>; or the .htaccess file
	nested [][]branch // nested in each condition
	shown  [kinds][]record.Section
	confs  [kinds][]*directive.Confs
}

// Kinds of a key's entries.
const (
	kindDir = iota
	kindFile
	kindProxy
	kindLocation
	kindIf
	kinds
)

// An entry of a key has its kind, the owner of its table and its index there.
const (
	entrySize = 8
	keyRoom   = 32 * entrySize // enough for most combinations

	ownerBits = 36
	indexBits = 24
)

// key appends a section to a combination's key.
func key(k []byte, owner uint64, kind, index int) []byte {
	return binary.BigEndian.AppendUint64(k, uint64(kind)<<(ownerBits+indexBits)|owner&(1<<ownerBits-1)<<indexBits|uint64(index))
}

// entry reads the first section of a combination's key.
func entry(k []byte) (owner uint64, kind, index int) {
	n := binary.BigEndian.Uint64(k)
	return n >> indexBits & (1<<ownerBits - 1), int(n >> (ownerBits + indexBits)), int(n & (1<<indexBits - 1))
}

// add compiles a list of sections of one kind and everything nested in them.
func (t *table) add(kind int, list []Section) finder {
	f := newFinder(list, t.owner, len(t.confs[kind]))
	for i := range list {
		t.confs[kind] = append(t.confs[kind], list[i].Dir)
		t.shown[kind] = append(t.shown[kind], record.Section{Tag: list[i].Tag, Place: list[i].Defined})
	}
	for i := range list {
		if in := t.addInner(list[i].Inner); !in.empty() {
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
func (t *table) addInner(in Inner) inner {
	out := inner{files: t.add(kindFile, in.Files)}
	for _, c := range in.Ifs {
		out.ifs = append(out.ifs, branch{If: c, index: len(t.confs[kindIf])})
		t.confs[kindIf] = append(t.confs[kindIf], c.Dir)
		t.shown[kindIf] = append(t.shown[kindIf], record.Section{Tag: c.Tag, Place: c.Defined})
		t.nested = append(t.nested, nil)
	}
	for i := range out.ifs {
		t.nested[out.ifs[i].index] = t.addInner(Inner{Ifs: out.ifs[i].Ifs}).ifs
	}
	return out
}
