package snapshot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/source"
)

// Access reads the .htaccess files of a site.
type Access struct {
	Names []string // AccessFileName; of a folder, the first one that is there counts

	// Parse makes a section of a file. The error is httpd's complaint. It runs off the
	// loops, several at once.
	Parse func(AccessText) (Section, error)
}

// AccessText is a .htaccess file that was read.
type AccessText struct {
	Dir  string // its folder, with a slash at the end
	File string // its name, absolute
	Text string
	May  *directive.Override // what it may contain
}

// accessFile is a .htaccess file that was read; immutable.
type accessFile struct {
	table
	rules FolderRules
	name  string
	info  inode.Info
	read  time.Time
	err   error // why requests below its folder fail; nil: they do not
}

// coarse is the most that the clocks of file systems lag behind: a file that was
// written so shortly before it was read may have been written again without a
// trace.
const coarse = 2 * time.Second

// is reports whether the file is still what was read, by what there is now.
func (a *accessFile) is(name string, info inode.Info) bool {
	return a != nil && a.name == name && a.info.Same(info) && a.read.Sub(time.Unix(0, info.Changed)) > coarse
}

// lookup asks for the .htaccess file of a folder.
type lookup struct {
	access *Access
	dir    string // with a slash at the end
	name   string // absolute
	may    *directive.Override
	walks  *Walks // numbers the table that is made
}

// find returns the .htaccess file of a folder; nil: there is none. known is the one
// that was there before. httpd: ap_parse_htaccess.
func (q lookup) find(l reactor.Loop, known *accessFile) (*accessFile, error) {
	for _, name := range q.access.Names {
		q.name = q.dir + name
		info, err := inode.Stat(l, q.name)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			continue
		case err != nil:
			return nil, q.unreadable(err)
		case known.is(q.name, info):
			return known, known.err
		}
		a, err := q.read(l)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, q.unreadable(err)
		}
		return a, a.err
	}
	return nil, nil
}

// patience limits the wait for a file to be read and parsed.
const patience = 20 * time.Second

func (q lookup) read(l reactor.Loop) (*accessFile, error) {
	if l == nil {
		return readAccess(context.Background(), q)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return reactor.Await(ctx, l, reactor.Files, q, readAccess)
}

// unreadable is the fault where nobody knows what a file forbids.
func (q lookup) unreadable(err error) error {
	f := &fault.Fault{
		Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByFilesystem, Status: 403, ID: "AH00529",
		Detail: q.name + " pcfg_openfile: unable to check htaccess file, ensure it is readable and that '" + q.dir + "' is executable", Err: err,
		Page: "Server unable to read htaccess file, denying access to be safe",
	}
	if errors.Is(err, reactor.ErrBusy) || errors.Is(err, reactor.ErrDraining) || errors.Is(err, context.DeadlineExceeded) {
		f.Side, f.Kind, f.Status, f.ID = fault.Proxy, fault.Exhausted, 503, ""
	}
	return f
}

// readAccess reads and parses a file. An error says that it cannot be read. It may
// run on after its caller has left.
func readAccess(_ context.Context, q lookup) (*accessFile, error) {
	a := &accessFile{name: q.name, read: time.Now(), table: table{owner: q.walks.next()}}
	text, info, err := readSome(q.name)
	if err != nil {
		return nil, err
	}
	a.info = inode.Of(info)
	var section Section
	var wrong error // a file that cannot be used is one too: every request below it hears of it
	if len(text) > source.MaxAccess {
		wrong = errors.New("the file is larger than a megabyte")
	} else {
		section, wrong = q.access.Parse(AccessText{Dir: q.dir, File: q.name, Text: string(text), May: q.may})
	}
	if wrong == nil {
		a.rules = section.Rules
		a.dirs = a.add(kindDir, []Section{section})
	} else {
		a.err = &fault.Fault{
			Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.Internal, Cause: fault.ConfigurationError, Status: 500, Detail: q.name + ": " + wrong.Error(),
		}
	}
	return a, nil
}

// errSpecial is the error for what is not a plain file (httpd: ap_pcfg_openfile).
var errSpecial = errors.New("not a regular file")

// readSome reads a plain file, up to a little more than is allowed.
func readSome(name string) ([]byte, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errSpecial
	}
	if err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, source.MaxAccess+1))
	return text, info, err
}

// folderKey names a folder, whose sections were asked, and what its .htaccess file may contain.
type folderKey struct {
	s    *Sections
	dir  string
	may  *directive.Override
	list *directive.OverrideList
}

// folder is what was found in a folder a moment ago; immutable.
type folder struct {
	file  *accessFile // nil: there is none
	err   error
	until int64 // the time from which on it must be looked at again, in nanoseconds
}

// access looks for the .htaccess file of a folder and adds it.
func (v *visit) access(dir []byte) error {
	s, r := v.s, &v.rules
	if s.Access == nil || !r.Reads() {
		return nil
	}
	found := s.Walks.folder(v.x, folderKey{s, string(dir), r.May, r.List})
	v.until = min(v.until, found.until)
	if found.err != nil || found.file == nil {
		return found.err
	}
	v.key = key(v.key, found.file.owner, kindDir, 0)
	v.over = append(v.over, found.file)
	v.rules = found.file.rules.Over(v.rules)
	return nil
}

// folder returns what there is in a folder. Many loops share what was read.
func (w *Walks) folder(x *exchange.Exchange, k folderKey) *folder {
	l := w.of(x)
	if l == nil {
		f := &folder{}
		f.file, f.err = lookup{access: k.s.Access, dir: k.dir, may: k.may.With(k.list), walks: w}.find(x.Loop, nil)
		return f
	}
	now := x.Loop.Now()
	l.mu.Lock()
	found := l.folders[k]
	l.mu.Unlock()
	if found != nil && now.UnixNano() < found.until {
		return found
	}
	q := lookup{access: k.s.Access, dir: k.dir, may: k.may.With(k.list), walks: w}
	known := w.known(k, nil)
	found = &folder{until: now.Add(walkLife).UnixNano()}
	found.file, found.err = q.find(x.Loop, known)
	if found.file != nil && found.file != known {
		found.file = w.known(k, found.file)
		found.err = found.file.err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.folders == nil || len(l.folders) >= maxWalks {
		l.folders = make(map[folderKey]*folder)
	}
	l.folders[k] = found
	return found
}

// known returns the file of a folder that was read last, which is read unless another loop
// has read the same.
func (w *Walks) known(k folderKey, read *accessFile) *accessFile {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.files[k]
	if read == nil || last != nil && last.name == read.name && last.info.Same(read.info) && !last.read.Before(read.read) {
		return last
	}
	if w.files == nil || len(w.files) >= maxWalks {
		w.files = make(map[folderKey]*accessFile)
	}
	w.files[k] = read
	return read
}

// next returns a number for a table that no other has.
func (w *Walks) next() uint64 {
	if w == nil {
		return 1
	}
	return w.owners.Add(1)
}
