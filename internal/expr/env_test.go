package expr

import (
	"io/fs"
	"net/netip"
	"testing"
	"testing/fstest"
	"time"
)

// fakeEnv is a request whose values are in maps.
type fakeEnv struct {
	vars    map[Var]string
	entries map[Table]map[string]string
	remote  netip.Addr
	files   fstest.MapFS
	vary    []string
	externs map[string]string
}

func newEnv() *fakeEnv {
	return &fakeEnv{
		vars: map[Var]string{
			HTTPS: "off", RequestURI: "/a/b", RemoteAddr: "127.0.0.1", RequestStatus: "404", ServerPort: "8080",
			RequestScheme: "http", RequestFilename: "/srv/index.html",
		},
		entries: map[Table]map[string]string{
			RequestHeader:  {"Foo": "Bar", "Host": "www.example.org", "Cookie": "a=1", "User-Agent": "curl/8"},
			ResponseHeader: {"X": "1"},
			Note:           {"both": "note"},
			RequestEnv:     {"both": "reqenv", "FOO": "bar"},
			ProcessEnv:     {"both": "osenv", "PATH": "/bin"},
		},
		remote: netip.MustParseAddr("127.0.0.1"),
		files: fstest.MapFS{
			"dir/full": {Data: []byte("text")}, "empty": {}, "prog": {Mode: 0o755}, "link": {Mode: fs.ModeSymlink | 0o777},
		},
		externs: map[string]string{"body": "RUNNING\n", "SSL_PROTOCOL": "TLSv1.3", "oid": "one\x00two\x00"},
	}
}

func (e *fakeEnv) AppendVar(dst []byte, v Var) []byte {
	if v >= TimeYear && v <= Time {
		return AppendTime(dst, v, time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC))
	}
	return append(dst, e.vars[v]...)
}

func (e *fakeEnv) AppendEntry(dst []byte, t Table, name string) ([]byte, bool) {
	s, ok := e.entries[t][name]
	return append(dst, s...), ok
}

func (e *fakeEnv) AppendExtern(dst []byte, x *Extern, arg []byte) []byte {
	if x.Kind == ExternVar {
		return append(dst, e.externs[x.Name]...)
	}
	return append(dst, e.externs[string(arg)]...)
}

func (e *fakeEnv) RemoteAddr() netip.Addr { return e.remote }

func (e *fakeEnv) Stat(path string, link bool) (fs.FileInfo, error) {
	if link {
		return e.files.Lstat(path)
	}
	return e.files.Stat(path)
}

func (e *fakeEnv) ReadFile(path string, _ int64) ([]byte, error) { return e.files.ReadFile(path) }

func (e *fakeEnv) Subrequest(op byte, target string) bool { return target == string(op) }

func (e *fakeEnv) Vary(header string) { e.vary = append(e.vary, header) }

// withExterns has some variables and functions of mod_ssl and mod_proxy_hcheck.
var withExterns = Options{Extern: func(k ExternKind, name string) (int, bool) {
	known := map[string]ExternKind{"SSL_PROTOCOL": ExternVar, "hc": ExternFunc, "PeerExtList": ExternList}
	kind, ok := known[name]
	return 7, ok && kind == k
}}

func evalBool(t *testing.T, src string, env Env) bool {
	t.Helper()
	b, err := ParseBool(src, withExterns)
	if err != nil {
		t.Errorf("%s: %v", src, err)
		return false
	}
	ok, err := b.Eval(env, &State{})
	if err != nil {
		t.Errorf("%s: %v", src, err)
	}
	return ok
}
