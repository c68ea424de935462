package mapping

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
)

// pass makes rules of ProxyPass lines without quoting; "~" and ProxyPassMatch
// come first as in a configuration.
func pass(t testing.TB, lines ...string) []*PassRule {
	t.Helper()
	var list []*PassRule
	for _, line := range lines {
		words := strings.Fields(line)
		r, err := ParsePass(words[1:], Place{Match: words[0] == "ProxyPassMatch"})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, r)
	}
	return list
}

// server is a list of rules with a site's options for paths.
type server struct {
	early, late *Mapping
	o           uri.Options
	env         *exchange.Vars
}

func newServer(list []*PassRule, o uri.Options) *server {
	return &server{early: NewMapping(list, true), late: NewMapping(list, false), o: o}
}

// ask maps a request target as the pipeline does and returns the status and the
// target sent; status 404 if nothing matched or the rule was "!".
func (s *server) ask(target string, a *message.Arena) (int, string, Mapped) {
	if i := strings.Index(target, "://"); i > 0 {
		target = target[i+3+strings.IndexByte(target[i+3:], '/'):]
	}
	raw := []byte(target)
	q := &Query{RawPath: raw, RawURI: raw, Options: s.o, Env: s.env}
	q.RawPath, q.Args, q.HasArgs = bytes.Cut(raw, []byte("?"))
	clean, err := uri.Clean(a.Alloc(len(raw)), q.RawPath, s.o.Merge)
	if err != nil {
		return statusOf(err), "", Mapped{}
	}
	q.Path = clean
	m, _, ok, err := s.early.Find(q, 0, a)
	if !ok && err == nil {
		if q.Path, err = uri.Decode(a.Alloc(len(clean)), clean, s.o); err == nil {
			m, _, ok, err = s.late.Find(q, 0, a)
		}
	}
	if err == nil && ok && !m.Denied {
		err = m.Canon(q, a)
	}
	switch {
	case err != nil:
		return statusOf(err), "", m
	case !ok || m.Denied:
		return 404, "", m
	}
	return 200, string(m.Target), m
}

func statusOf(err error) int {
	var u *uri.Error
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
		return f.Status
	case errors.As(err, &u):
		return u.Status
	}
	return 500
}

// pathRules are the rules testdata/paths.tsv was recorded with.
var pathRules = []string{
	"ProxyPass /ex http://b:81/t", "ProxyPass /sl/ http://b:81/t/", "ProxyPass /toslash http://b:81/",
	"ProxyPass /sl3/ http://b:81/s3", "ProxyPass /noslash http://b:81", "ProxyPass /q http://b:81/w?x=1",
	"ProxyPass /dbl//sl http://b:81/d", "ProxyPass /nc http://b:81/nc nocanon",
	"ProxyPass /encm http://b:81/en mapping=encoded", "ProxyPass /srv http://b:81/sv mapping=servlet",
	"ProxyPass /srvs/ http://b:81/svs/ mapping=servlet", "ProxyPass /no !", `ProxyPass ~ ^/re/(\w+) http://b:81/r/$1`,
	`ProxyPassMatch ^/mb/.*\.png$ http://b:81`, `ProxyPassMatch ^/lit http://b:81/x\$1`,
	"ProxyPassMatch ^/amp(.*) http://b:81/y&z/$0", "ProxyPassMatch ^/ncm/(.*)$ http://b:81/ncm/$1 nocanon",
	"ProxyPass /esc%41 http://b:81/esc", "ProxyPass / http://b:81/root/",
}

// pathDifferences are the rows where we differ from httpd.
var pathDifferences = map[string]string{
	// nocanon: a path that changed before it was authorised is refused.
	"off /nc/a/../b": "400", "off /nc//a": "400", "off /nc/%2e%2e/nc/b": "400", "off /ncm/a/../b": "400",
	"on /nc/a/../b": "400", "on /nc//a": "400", "on /nc/%2e%2e/nc/b": "400", "on /ncm/a/../b": "400",
	"nodecode /nc/a/../b": "400", "nodecode /nc//a": "400", "nodecode /nc/%2e%2e/nc/b": "400", "nodecode /ncm/a/../b": "400",
	"nomerge /nc/a/../b": "400", "nomerge /nc/%2e%2e/nc/b": "400", "nomerge /ncm/a/../b": "400",
	"on /nc/%2F": "400",
}

func TestPathsAsHttpd(t *testing.T) {
	servers := map[string]*server{
		"off":      newServer(pass(t, pathRules...), uri.Options{Merge: true}),
		"on":       newServer(pass(t, pathRules...), uri.Options{Merge: true, Slashes: uri.SlashesOn}),
		"nodecode": newServer(pass(t, pathRules...), uri.Options{Merge: true, Slashes: uri.SlashesNoDecode}),
		"nomerge":  newServer(pass(t, pathRules...), uri.Options{}),
	}
	f, err := os.Open("testdata/paths.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		col := strings.Split(s.Text(), "\t")
		mode, target, want := col[0], latin1(col[1]), strings.TrimRight(col[2]+" "+latin1(col[3]), " ")
		if target == "*" || strings.Contains(target, "#") {
			continue // not as a rule; refused while reading
		}
		if d, ok := pathDifferences[mode+" "+target]; ok {
			want = d
		}
		var a message.Arena
		status, sent, _ := servers[mode].ask(target, &a)
		if got := strings.TrimRight(strconv.Itoa(status)+" "+sent, " "); got != want {
			t.Errorf("%s %s: %s, want %s", mode, target, got, want)
		}
		rows++
	}
	if rows < 300 {
		t.Errorf("only %d rows", rows)
	}
}

// latin1 turns the file's text back into bytes.
func latin1(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func TestTargets(t *testing.T) {
	rules := []string{
		"ProxyPass /pct http://b/a%20b", "ProxyPass /pctf http://b/a%2Fb", "ProxyPass /i/${U} http://b/i/${T}/ interpolate",
		"ProxyPass /j http://b/j/${T} interpolate", "ProxyPass /k http://b/k/${T}", "ProxyPass /up http://LOCAL:81/UP",
		"ProxyPassMatch ^/m1(/.*)$ http://b:80$1", "ProxyPassMatch ^/m2/(.*)$ http://b/m2?x=$1", "ProxyPassMatch ^/m3 http://b/m3/",
		"ProxyPass /hash http://b/x#y", "ProxyPass /inv http://b/i/${T} interpolate nocanon", "ProxyPass /glue/ http://b",
		"ProxyPassMatch ^/dyn/(\\w+)/(.*) http://$1.example/$2", "ProxyPassMatch ^/port/(\\d+)(/.*) http://b:$1$2",
		"ProxyPassMatch ^/open/(.*) http://b$1", "ProxyPass /bal balancer://Pool/x", "ProxyPass /six http://[::1]:8080",
		"ProxyPass /user http://u:p@b/", "ProxyPass /hostvar http://${T}.example/ interpolate",
	}
	rows := []struct{ target, env, want string }{
		{"/pct/x", "", "200 http://b/a%2520b/x"},
		{"/pctf/x", "", "200 http://b/a%252Fb/x"},
		{"/i/x", "v", "200 http://b/i/v/x"},
		{"/j/x", "a b", "200 http://b/j/a%20b/x"},
		{"/j/x", "", "200 http://b/j//x"},
		{"/k/x", "v", "200 http://b/k/$%7BT%7D/x"},
		{"/up/x", "", "200 http://local:81/UP/x"},
		{"/m1/x", "", "200 http://b/x"},
		{"/m1/x?y", "", "200 http://b/x?y"},
		{"/m2/a", "", "200 http://b/m2%3Fx=a"},
		{"/m2/a?b", "", "200 http://b/m2%3Fx=a?b"},
		{"/m3/a", "", "200 http://b/m3//m3/a"},
		{"/hash/q", "", "200 http://b/x%23y/q"},
		{"/inv/q%20r", "v", "200 http://b/i/v/q%20r"},
		{"/inv/q%20r?a=%zz", "v", "200 http://b/i/v/q%20r?a=%zz"},
		{"/glue/x", "", "500"}, // ours: httpd goes to the host "bx"
		{"/glue/:81", "", "500"},
		{"/glue/", "", "200 http://b/"},
		{"/dyn/h1/p/q?r", "", "200 dynamic http://h1.example/p/q?r"},
		{"/port/8081/x", "", "200 dynamic http://b:8081/x"},
		{"/port/80/x", "", "200 http://b/x"},
		{"/port/99999/x", "", "400"},
		{"/open/x", "", "200 dynamic http://bx/"},
		{"/bal/a%20b?c", "", "200 balancer://pool/x/a%20b?c"},
		{"/six/x", "", "200 http://[::1]:8080/x"},
		{"/user/x", "", "200 http://b//x"},
		{"/hostvar/x", "v", "200 dynamic http://v.example//x"},
		{"/hostvar/x", "v/../w", "200 dynamic http://v/../w.example//x"},
		{"/m1/x?a b", "", "403"},
		{"/m1/x?a\x7f", "", "403"},
		{"/inv/x?\x01", "v", "403"},
		{"/none", "", "404"},
	}
	s := newServer(pass(t, rules...), uri.Options{Merge: true})
	for _, row := range rows {
		var a message.Arena
		s.env = &exchange.Vars{}
		if row.env != "" {
			s.env.Set("T", []byte(row.env))
		}
		status, _, m := s.ask(row.target, &a)
		got := strconv.Itoa(status)
		if status == 200 {
			if m.Dynamic {
				got += " dynamic"
			}
			got += " " + strings.TrimPrefix(string(m.Filename), "proxy:")
		}
		if got != row.want {
			t.Errorf("%s with %q: %s, want %s", row.target, row.env, got, row.want)
		}
	}
}

func TestInterpolationIsOffWithoutTheDirective(t *testing.T) {
	s := newServer(pass(t, "ProxyPass /i http://b/${T} interpolate"), uri.Options{})
	var a message.Arena
	if _, sent, _ := s.ask("/i/x", &a); sent != "/$%7BT%7D/x" {
		t.Errorf("sent %s", sent)
	}
}

func TestRewrittenPathIsNotForwardedRaw(t *testing.T) {
	r := pass(t, "ProxyPass /nc http://b/nc nocanon")[0]
	var a message.Arena
	q := &Query{Path: []byte("/nc/new"), RawPath: []byte("/nc/old"), Options: uri.Options{Merge: true}}
	m, ok, err := r.Match(q, &a)
	if !ok || err != nil || !m.NotRaw {
		t.Fatalf("%+v %v %v", m, ok, err)
	}
	if err := m.Canon(q, &a); err != nil || string(m.Target) != "/nc/new" {
		t.Errorf("sent %s, %v", m.Target, err)
	}
}

func TestServletChangesThePath(t *testing.T) {
	s := newServer(pass(t, "ProxyPass /srv http://b/sv mapping=servlet"), uri.Options{Merge: true})
	var a message.Arena
	_, sent, m := s.ask("/srv;x=1/a;y=2/b?q", &a)
	if sent != "/sv;x=1/a;y=2/b?q" || string(m.Path) != "/srv/a/b" {
		t.Errorf("sent %s, path %s", sent, m.Path)
	}
}

func TestMatchPrefix(t *testing.T) {
	for _, row := range []struct {
		path, prefix string
		want         int
	}{
		{"/ex", "/ex", 3}, {"/ex/", "/ex", 3}, {"/ex/a", "/ex", 3}, {"/exa", "/ex", 0}, {"/e", "/ex", 0}, {"/ex", "/ex/", 0},
		{"/ex/", "/ex/", 4}, {"/ex//a", "/ex/", 5}, {"//ex/a", "/ex", 4}, {"/a/b", "/a//b", 4}, {"/a//b", "/a/b", 5},
		{"/", "/", 1}, {"//", "/", 2}, {"/x", "/", 1}, {"/x", "", 0}, {"", "/", 0}, {"/x", "x", 0}, {"/", "/examples", 0},
		{"/EX", "/ex", 0}, {"/ex?x", "/ex", 0},
	} {
		if got := MatchPrefix([]byte(row.path), row.prefix); got != row.want {
			t.Errorf("MatchPrefix(%q, %q) = %d, want %d", row.path, row.prefix, got, row.want)
		}
	}
}
