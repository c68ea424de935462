package source

import (
	"bytes"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/headgate/headgate/internal/lock"
)

// Kept is an FS that keeps what was read through it: so that the same
// configuration can be read again while its files are being edited, and so that
// it can be known whether they have changed. It is safe for concurrent use.
type Kept struct {
	fs FS

	mu    lock.Mutex // guards what follows
	files map[string]keptFile
	dirs  map[string]keptDir
	stats map[string]keptStat
	again bool // what was read is read again
}

type keptFile struct {
	text []byte
	err  error
}

type keptDir struct {
	list []fs.DirEntry
	err  error
}

type keptStat struct {
	info fs.FileInfo
	err  error
}

// NewKept keeps what is read through f; nil: the operating system's files.
func NewKept(f FS) *Kept {
	if f == nil {
		f = osFS{}
	}
	return &Kept{fs: f, files: map[string]keptFile{}, dirs: map[string]keptDir{}, stats: map[string]keptStat{}}
}

// Again makes k return what it has kept instead of reading. What was not read
// before is read, and kept.
func (k *Kept) Again() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.again = true
}

// through returns what is kept under a name, or reads and keeps it.
func through[T any](k *Kept, m map[string]T, name string, read func(string) T) T {
	k.mu.Lock()
	v, ok := m[name]
	ok = ok && k.again
	k.mu.Unlock()
	if ok {
		return v
	}
	v = read(name)
	k.mu.Lock()
	m[name] = v
	k.mu.Unlock()
	return v
}

// ReadFile implements FS.
func (k *Kept) ReadFile(name string) ([]byte, error) {
	v := through(k, k.files, name, k.readFile)
	return v.text, v.err
}

// ReadDir implements FS.
func (k *Kept) ReadDir(name string) ([]fs.DirEntry, error) {
	v := through(k, k.dirs, name, k.readDir)
	return v.list, v.err
}

// Stat implements FS.
func (k *Kept) Stat(name string) (fs.FileInfo, error) {
	v := through(k, k.stats, name, k.stat)
	return v.info, v.err
}

func (k *Kept) readFile(name string) keptFile { b, err := k.fs.ReadFile(name); return keptFile{b, err} }
func (k *Kept) readDir(name string) keptDir   { l, err := k.fs.ReadDir(name); return keptDir{l, err} }
func (k *Kept) stat(name string) keptStat     { i, err := k.fs.Stat(name); return keptStat{i, err} }

// Changed returns the first of the files and folders, by name, that is no longer
// as it was read; "": none. A file that was missing and is there now has changed.
func (k *Kept) Changed() string {
	k.mu.Lock()
	files, dirs, stats := maps.Clone(k.files), maps.Clone(k.dirs), maps.Clone(k.stats)
	k.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(stats)) {
		was, now := stats[name], k.stat(name)
		if (was.err == nil) != (now.err == nil) || was.err == nil && was.info.Mode().Type() != now.info.Mode().Type() {
			return name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		was, now := files[name], k.readFile(name)
		if (was.err == nil) != (now.err == nil) || !bytes.Equal(was.text, now.text) {
			return name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		was, now := dirs[name], k.readDir(name)
		same := func(a, b fs.DirEntry) bool { return a.Name() == b.Name() && a.Type() == b.Type() }
		if (was.err == nil) != (now.err == nil) || !slices.EqualFunc(was.list, now.list, same) {
			return name
		}
	}
	return ""
}

// Folders returns the folders in which a change may matter, each once, sorted:
// those of all names that were read, and those that symbolic links lead to.
func (k *Kept) Folders() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	set := map[string]bool{}
	add := func(name string, folder bool) {
		set[filepath.Dir(name)] = true
		if folder {
			set[name] = true
		}
		if real, err := filepath.EvalSymlinks(name); err == nil && real != name {
			set[filepath.Dir(real)] = true
			if folder {
				set[real] = true
			}
		}
	}
	for name := range k.files {
		add(name, false)
	}
	for name := range k.dirs {
		add(filepath.Clean(name), true)
	}
	for name := range k.stats {
		add(filepath.Clean(name), false)
	}
	return slices.Sorted(maps.Keys(set))
}

// Size returns how many bytes of texts are kept.
func (k *Kept) Size() (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.files {
		n += len(f.text)
	}
	return n
}

// live is the FS that f reads through: files that are looked at while requests are
// served are those of now.
func live(f FS) FS {
	if k, ok := f.(*Kept); ok {
		return k.fs
	}
	return f
}
