package exchange

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/headgate/headgate/internal/message"
)

// LocalFile is what the walk through the folders of a local file has found.
type LocalFile struct {
	Name []byte      // up to the first part that is not a folder (httpd: r->filename)
	Rest []byte      // the part of the path that follows (httpd: r->path_info)
	Deep int         // length of the part of Name that <Directory> looks at
	Err  error       // why the walk could not go on, other than that a part does not exist
	Mode fs.FileMode // of Name; NoFile: it does not exist (httpd: r->finfo.filetype)

	last fs.FileInfo // of the last part that exists
}

// NoFile is the Mode of a file that does not exist.
const NoFile = fs.ModeIrregular

// Store records where mapping has put x, which File looks at from then on.
func (x *Exchange) Store() { x.stored, x.file = x.Filename, nil }

// File returns the file that x was mapped to, below DocumentRoot or where an alias
// says; nil where it was mapped to a backend, and before it was mapped. The file
// system is asked once.
func (x *Exchange) File() *LocalFile {
	if x.file != nil {
		return x.file
	}
	if len(x.stored) == 0 || x.stored[0] != '/' || x.Req.Verb == message.TRACE { // httpd: TRACE has no file
		return nil
	}
	x.file = walk(x.stored)
	return x.file
}

// FileAt walks to the file with an absolute name.
func FileAt(name []byte) *LocalFile {
	if len(name) == 0 || name[0] != '/' {
		return &LocalFile{Name: name, Mode: NoFile}
	}
	return walk(name)
}

// walk goes through the folders of a file name (httpd: ap_directory_walk).
func walk(name []byte) *LocalFile {
	f := &LocalFile{Name: name, Deep: 1}
	switch f.stat(name); {
	case f.Mode.IsDir():
		f.Deep = len(name)
		return f
	case f.Mode != NoFile && name[len(name)-1] != '/':
		f.Deep = len(name) // httpd: what exists is not looked at part by part, so that its name counts too
		return f
	}
	f.stat(name[:1])
	for end := 1; end < len(name); {
		next := len(name)
		if i := bytes.IndexByte(name[end:], '/'); i >= 0 {
			next = end + i
		}
		if next == end { // an empty part
			end++
			continue
		}
		if f.stat(name[:next]); !f.Mode.IsDir() {
			f.Name, f.Rest = name[:next], name[next:]
			return f
		}
		end = min(next+1, len(name))
		f.Deep = end
	}
	return f
}

// stat looks at a file. One that does not exist is no error.
func (f *LocalFile) stat(name []byte) {
	info, err := os.Stat(string(name))
	if err == nil {
		f.last, f.Mode, f.Err = info, info.Mode(), nil
		return
	}
	f.Mode, f.Err = NoFile, nil
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		f.Err = err
	}
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
	if f == nil || f.last == nil {
		return "", "", false
	}
	st, ok := f.last.Sys().(*syscall.Stat_t)
	if !ok {
		return "", "", false
	}
	return strconv.FormatUint(uint64(st.Uid), 10), strconv.FormatUint(uint64(st.Gid), 10), true
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
