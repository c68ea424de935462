package exchange

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os/user"
	"path"
	"strconv"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// LocalFile is what the walk through the folders of a local file has found.
// Nothing of it may be written to: requests share it.
type LocalFile struct {
	Name []byte      // up to the first part that is not a folder (httpd: r->filename)
	Rest []byte      // the part of the path that follows (httpd: r->path_info)
	Deep int         // length of the part of Name that <Directory> looks at
	Mode fs.FileMode // of Name; NoFile: it does not exist (httpd: r->finfo.filetype)

	// Info is what there is under Name. Where it does not exist it is that of the
	// last folder on the way there.
	Info inode.Info

	// Bare is where in Name the part begins in which no folder may be a symbolic
	// link, nor the file: a program that opens it must not follow one there.
	Bare int
	// Owned says that a symbolic link on the way was followed because its owner is
	// that of what it leads to: what is opened must be what Info says.
	Owned bool
}

// NoFile is the Mode of a file that does not exist.
const NoFile = inode.None

// Store records where mapping has put x, which File looks at from then on.
func (x *Exchange) Store() { x.stored, x.file = x.Filename, nil }

// Stored returns the name of the file that x was mapped to.
func (x *Exchange) Stored() []byte { return x.stored }

// Local reports whether x was mapped to a file. httpd: TRACE has no file.
func (x *Exchange) Local() bool {
	return len(x.stored) > 0 && x.stored[0] == '/' && x.Req.Verb != message.TRACE
}

// SetFile sets what the walk to the file of x has found.
func (x *Exchange) SetFile(f *LocalFile) { x.file = f }

// File returns the file that x was mapped to, below DocumentRoot or where an alias
// says; nil where it was mapped to a backend, and before it was mapped.
func (x *Exchange) File() *LocalFile {
	if x.file == nil && x.Local() {
		x.file = FileAt(x.Loop, x.stored)
	}
	return x.file
}

// FileAt walks to the file with an absolute name, whatever the sections of its
// folders say.
func FileAt(l reactor.Loop, name []byte) *LocalFile {
	if len(name) == 0 || name[0] != '/' {
		return &LocalFile{Name: name, Mode: NoFile}
	}
	w := Walk{Loop: l}
	_ = w.To(name) // it ends before what cannot be looked at
	f := w.File
	return &f
}

// Walk goes through the folders of a file name. httpd: ap_directory_walk.
type Walk struct {
	Loop reactor.Loop // nil: the caller runs on none

	// Enter is called for each folder, from the root on, by its name with a slash at
	// the end, which is borrowed. It returns which links may be followed in it, or why the walk
	// ends. nil: all links are followed.
	Enter func(dir []byte) (Links, error)

	File LocalFile // the outcome, complete once To has returned

	whole inode.Info // what there is under the whole name
	there bool       // there is something
}

// To walks to an absolute name. The error is a fault, or that of Enter. httpd: what exists is not
// looked at part by part where all links may be followed, so that even the name of
// a file is matched as one of a folder.
func (w *Walk) To(given []byte) error {
	name := CleanName(bytes.Clone(given))
	f := &w.File
	*f = LocalFile{Name: name, Deep: 1, Mode: NoFile}
	var err error
	w.whole, err = inode.Stat(w.Loop, string(name))
	w.there = err == nil && (w.whole.Mode.IsDir() || name[len(name)-1] != '/')
	f.Info = w.whole
	if !w.there {
		f.Info, _ = inode.Stat(w.Loop, "/")
	}
	dir := append(make([]byte, 0, len(name)+1), '/') // the folder, with a slash at its end
	for end := 1; ; {
		links, err := w.enter(dir)
		if err != nil {
			f.Name, f.Rest = name[:end:end], name[end:]
			return err
		}
		if end == len(name) {
			break
		}
		next := len(name)
		if i := bytes.IndexByte(name[end:], '/'); i >= 0 {
			next = end + i
		}
		if links != NoLinks {
			f.Bare = next
		}
		if !w.there || links != AllLinks {
			more, err := w.part(name[:next:next], links)
			if err != nil || !more {
				f.Name, f.Rest = name[:next:next], name[next:]
				return err
			}
		}
		end = min(next+1, len(name))
		f.Deep = end
		dir = append(append(dir[:0], name[:next]...), '/')
	}
	if w.there {
		f.Mode, f.Info = w.whole.Mode, w.whole
	}
	return nil
}

func (w *Walk) enter(dir []byte) (Links, error) {
	if w.Enter == nil {
		return AllLinks, nil
	}
	return w.Enter(dir)
}

// part looks at one part of the name. more: it is a folder.
func (w *Walk) part(name []byte, links Links) (more bool, err error) {
	f := &w.File
	info, err := inode.Lstat(w.Loop, string(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Mode = NoFile
		return false, nil
	case errors.Is(err, fs.ErrPermission):
		return false, unreachable("AH00035", "access denied (filesystem path '"+string(name)+"') because search permissions are missing on a component of the path", err)
	case err != nil:
		return false, unreachable("AH00036", "access failed (filesystem path '"+string(name)+"')", err)
	}
	if info.Mode&fs.ModeSymlink != 0 {
		if info, err = w.target(name, info, links); err != nil {
			return false, err
		}
	}
	f.Info, f.Mode = info, info.Mode
	switch {
	case info.Mode.IsDir():
		return true, nil
	case info.Mode.IsRegular():
		return false, nil
	}
	return false, unreachable("AH00038", "Forbidden: "+string(name)+" doesn't point to a file or directory", nil)
}

// target returns what a link leads to, if it may be followed. httpd: resolve_symlink.
func (w *Walk) target(name []byte, link inode.Info, links Links) (inode.Info, error) {
	denied := func(err error) error {
		return unreachable("AH00037", "Symbolic link not allowed or link target not accessible: "+string(name), err)
	}
	if links == NoLinks {
		return link, denied(nil)
	}
	info, err := inode.Stat(w.Loop, string(name))
	switch {
	case err != nil:
		return link, denied(err)
	case links == OwnersLinks && info.UID != link.UID:
		return link, denied(nil)
	}
	w.File.Owned = w.File.Owned || links == OwnersLinks
	return info, nil
}

// unreachable is the fault of a file that cannot be walked to.
func unreachable(id, detail string, err error) error {
	f := &fault.Fault{
		Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByFilesystem, Status: 403, ID: id, Detail: detail, Err: err,
	}
	if errors.Is(err, reactor.ErrBusy) || errors.Is(err, reactor.ErrDraining) || errors.Is(err, context.DeadlineExceeded) {
		f.Side, f.Kind, f.Status, f.ID = fault.Proxy, fault.Exhausted, 503, ""
	}
	return f
}

// CleanName returns an absolute name without empty parts, "." and "..". A slash at its
// end stays. httpd: apr_filepath_merge.
func CleanName(name []byte) []byte {
	for i := 0; i+1 < len(name); i++ {
		if name[i] == '/' && (name[i+1] == '/' || name[i+1] == '.') {
			return cleaned(name)
		}
	}
	return name
}

func cleaned(name []byte) []byte {
	clean := path.Clean(string(name))
	last := name[bytes.LastIndexByte(name, '/')+1:]
	if clean != "/" && (len(last) == 0 || string(last) == "." || string(last) == "..") {
		clean += "/"
	}
	return []byte(clean)
}

// ShownFilename returns httpd's r->filename: without the part of the path that
// follows a file, or the first part that does not exist.
func (x *Exchange) ShownFilename() []byte {
	if len(x.Filename) > 0 && x.Filename[0] == '/' && len(x.Filename) == len(x.stored) && &x.Filename[0] == &x.stored[0] {
		if f := x.File(); f != nil {
			return f.Name
		}
	}
	return x.Filename
}

func appendFilename(dst []byte, x *Exchange) []byte { return append(dst, x.ShownFilename()...) }

func pathInfo(dst []byte, x *Exchange) []byte {
	if f := x.File(); f != nil {
		dst = append(dst, f.Rest...)
	}
	return dst
}

// owner returns the ids of the file's owner and group. httpd: where there is no
// such file they are those of the last folder on the way there.
func (x *Exchange) owner() (uid, gid string, ok bool) {
	f := x.File()
	if f == nil {
		return "", "", false
	}
	return strconv.FormatUint(uint64(f.Info.UID), 10), strconv.FormatUint(uint64(f.Info.GID), 10), true
}

// FileOwner returns the name of the user whose file x was mapped to.
func (x *Exchange) FileOwner() (string, bool) {
	b := scriptUser(nil, x)
	return string(b), len(b) > 0
}

func scriptUser(dst []byte, x *Exchange) []byte {
	if uid, _, ok := x.owner(); ok {
		if u, err := user.LookupId(uid); err == nil {
			dst = append(dst, u.Username...)
		}
	}
	return dst
}

func scriptGroup(dst []byte, x *Exchange) []byte {
	if _, gid, ok := x.owner(); ok {
		if g, err := user.LookupGroupId(gid); err == nil {
			dst = append(dst, g.Name...)
		}
	}
	return dst
}
