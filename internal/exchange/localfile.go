package exchange

import (
	"bytes"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/headgate/headgate/internal/message"
)

// localFile is the result of the walk through a local file's folders.
type localFile struct {
	name []byte      // up to the first part that is not a folder
	rest []byte      // the part of the path that follows: PATH_INFO
	info fs.FileInfo // of the last part that exists; nil: none does
}

// isLocal reports whether x is mapped to a file: below DocumentRoot, or where an
// alias says.
func (x *Exchange) isLocal() bool {
	if x.Req.Verb == message.TRACE {
		return false // httpd: its file is not looked for
	}
	return len(x.Filename) > 0 && x.Filename[0] == '/'
}

// localFile walks along the file name as httpd's ap_directory_walk does. It
// asks the file system, so only callers that show the result use it.
func (x *Exchange) localFile() (f localFile) {
	name := x.Filename
	f.name = name
	end := 0
	if bytes.HasPrefix(name, []byte(x.Site.DocumentRoot)) {
		end = len(x.Site.DocumentRoot)
	}
	f.info, _ = os.Stat(string(name[:end]))
	for end < len(name) {
		next := end + 1
		if i := bytes.IndexByte(name[next:], '/'); i >= 0 {
			next += i
		} else {
			next = len(name)
		}
		if next == end+1 { // an empty part, as behind the last slash
			end = next
			continue
		}
		info, err := os.Stat(string(name[:next]))
		if err == nil {
			f.info = info
		}
		if err != nil || !info.IsDir() {
			f.name, f.rest = name[:next], name[next:]
			return f
		}
		end = next
	}
	return f
}

// ShownFilename returns httpd's r->filename: without the part of the path that
// follows a file, or the first part that does not exist. It asks the file system
// where x is mapped to a local file.
func (x *Exchange) ShownFilename() []byte {
	if x.isLocal() {
		return x.localFile().name
	}
	return x.Filename
}

func appendFilename(dst []byte, x *Exchange) []byte { return append(dst, x.ShownFilename()...) }

func pathInfo(dst []byte, x *Exchange) []byte {
	if !x.isLocal() {
		return dst
	}
	return append(dst, x.localFile().rest...)
}

// owner returns the ids of the file's owner and group.
func (x *Exchange) owner() (uid, gid string, ok bool) {
	if !x.isLocal() {
		return "", "", false
	}
	info := x.localFile().info
	if info == nil {
		return "", "", false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
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
