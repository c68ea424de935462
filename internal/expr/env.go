package expr

import (
	"io/fs"
	"net/netip"
	"os"
)

// Env is the request that an expression is evaluated for. Methods that append add
// a value to dst and return the extended slice.
type Env interface {
	// AppendVar appends the value of a variable; nothing if it has none.
	AppendVar(dst []byte, v Var) []byte
	// AppendEntry appends an entry of a table and reports whether it exists.
	AppendEntry(dst []byte, t Table, name string) ([]byte, bool)
	// AppendExtern appends the value of a module's variable or function. A list
	// function appends its elements, each ended by a zero byte.
	AppendExtern(dst []byte, x *Extern, arg []byte) []byte
	// RemoteAddr is the client's address, as mod_remoteip sees it.
	RemoteAddr() netip.Addr
	// Stat describes a file. With link set it does not follow a symbolic link.
	Stat(path string, link bool) (fs.FileInfo, error)
	// ReadFile returns the content of a file. A file of more than limit bytes is an
	// error.
	ReadFile(path string, limit int64) ([]byte, error)
	// Subrequest reports whether a request for target would succeed: op is 'F'
	// for a file, 'U' for a URI.
	Subrequest(op byte, target string) bool
	// Vary is called with each request header that the outcome depends on.
	Vary(header string)
}

// Table is a set of named values of a request.
type Table uint8

// The tables.
const (
	RequestHeader  Table = iota // req() and http()
	ResponseHeader              // resp(): headers_out, then err_headers_out
	Note                        // note()
	RequestEnv                  // reqenv()
	ProcessEnv                  // osenv()
)

// ExternKind is the kind of an Extern.
type ExternKind uint8

// The kinds of Extern.
const (
	ExternVar  ExternKind = iota // %{NAME}
	ExternFunc                   // name(arg)
	ExternList                   // in name(arg)
)

// Extern is a variable or function that a module added: SSL_*, SSL(), hc().
type Extern struct {
	Kind ExternKind
	Name string // as written
	ID   int    // from Options.Extern; 0 for those of mod_ssl
}

// Options say what an expression may use.
type Options struct {
	// Restricted forbids file() and filesize(), for .htaccess.
	Restricted bool
	// SSL compares as SSLRequire does: all relations are between texts, of which the
	// shorter is the lesser, whatever the operator.
	SSL bool
	// DontVary keeps conditions from adding to the Vary header.
	DontVary bool
	// Includes is for conditions in pages: v is reqenv.
	Includes bool
	// Extern looks up a name that is not built in; nil means that there are none.
	Extern func(kind ExternKind, name string) (id int, ok bool)
}

// OSFiles implements the file methods of Env with package os, for embedding.
type OSFiles struct{}

// Stat implements Env.
func (OSFiles) Stat(path string, link bool) (fs.FileInfo, error) {
	if link {
		return os.Lstat(path)
	}
	return os.Stat(path)
}

// ReadFile implements Env.
func (OSFiles) ReadFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fs.ErrInvalid
	}
	return os.ReadFile(path)
}
