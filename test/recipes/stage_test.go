package recipes

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// stage is a recipe's configuration with the ports of this run.
type stage struct {
	conf    string
	files   map[string]string
	listens map[string]string // port on the page → port in the test; the server's own is "${port}"
	origins map[string]*testkit.Origin
	dir     string // the ServerRoot
	pairs   []*pair
}

var (
	listenLine = regexp.MustCompile(`(?m)^(\s*Listen\s+)(?:([\d.]+|\*):)?(\d+)`)
	vhostLine  = regexp.MustCompile(`(?m)^\s*<VirtualHost .*>`)
	vhostPort  = regexp.MustCompile(`:(\d+)`)
	program    = regexp.MustCompile(`(fcgi|scgi|uwsgi|ajp)://127\.0\.0\.1:(\d+)`)
	local      = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)
)

// set chooses ports and starts origins for everything that the configuration names.
func set(t *testing.T, r *recipe) *stage {
	st := &stage{files: map[string]string{}, listens: map[string]string{}, origins: map[string]*testkit.Origin{}}
	listen := func(port string) string {
		if st.listens[port] == "" {
			st.listens[port] = "${port}"
			if len(st.listens) > 1 {
				st.listens[port] = fmt.Sprint(testkit.FreePort(t))
			}
		}
		return st.listens[port]
	}
	conf := listenLine.ReplaceAllStringFunc(r.conf, func(line string) string {
		m := listenLine.FindStringSubmatch(line)
		if m[2] == "" {
			m[2] = "127.0.0.1"
		}
		return m[1] + m[2] + ":#" + listen(m[3]) // the # prevents that it is taken for a backend below
	})
	if len(st.listens) == 0 {
		listen("80")
	}
	conf = vhostLine.ReplaceAllStringFunc(conf, func(line string) string {
		return vhostPort.ReplaceAllStringFunc(line, func(port string) string {
			if to := st.listens[port[1:]]; to != "" {
				return ":#" + to
			}
			return port
		})
	})
	conf = st.secured(t, conf, r.kinds)
	st.conf = st.placed(t, strings.ReplaceAll(conf, "/etc/letsencrypt/", "/etc/headgate/letsencrypt/"))
	st.certify(t, strings.ReplaceAll(r.conf, "/etc/letsencrypt/", "/etc/headgate/letsencrypt/"))
	for name, text := range r.files {
		st.files[name] = st.placed(t, text)
	}
	for port := range r.down {
		if st.origins[port] == nil {
			t.Fatalf("%s:%d: the configuration names no backend at port %s", r.page, r.line, port)
		}
		st.origins[port].Close()
	}
	return st
}

// certify makes the certificates that a configuration names.
func (st *stage) certify(t *testing.T, conf string) {
	st.pairs = pairs(conf)
	dir := t.TempDir()
	for _, p := range st.pairs {
		if err := p.issue(dir); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{p.cert, p.key} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			st.files[name] = string(text)
		}
		if strings.Contains(conf, "SSLPassPhraseDialog") {
			st.files[p.key] = testkit.Lock(t, st.files[p.key], "correct horse battery staple")
		}
	}
}

// programs start the origins for protocols other than HTTP.
var programs = map[string]func(testing.TB) *testkit.Origin{"fcgi": testkit.NewFCGIOrigin, "scgi": testkit.NewSCGIOrigin, "uwsgi": testkit.NewUWSGIOrigin, "ajp": testkit.NewAJPOrigin}

// placed returns a text with the ports and the folder of this run.
func (st *stage) placed(t *testing.T, text string) string {
	for _, m := range program.FindAllStringSubmatch(text, -1) {
		if st.origins[m[2]] == nil {
			st.origins[m[2]] = programs[m[1]](t)
		}
	}
	text = local.ReplaceAllStringFunc(text, func(s string) string {
		return "127.0.0.1:" + st.backend(t, local.FindStringSubmatch(s)[1])
	})
	return strings.ReplaceAll(strings.ReplaceAll(text, ":#", ":"), "/etc/headgate/", "${dir}/")
}

// backend returns the port in the test for a port of the page, and starts an origin unless the server listens there.
func (st *stage) backend(t *testing.T, port string) string {
	if to := st.listens[port]; to != "" {
		return to
	}
	if st.origins[port] == nil {
		st.origins[port] = testkit.NewOrigin(t)
	}
	return st.origins[port].Port()
}

// started records the port that the server has chosen.
func (st *stage) started(s *testkit.Server) {
	st.dir = s.Dir + "/"
	for port, to := range st.listens {
		if to == "${port}" {
			st.listens[port] = s.Port
		}
	}
}

var anyPort = regexp.MustCompile(`:\d+\b`)

// masked replaces ports and folders of this run by those of the page.
func (st *stage) masked(text string) string {
	return anyPort.ReplaceAllStringFunc(strings.ReplaceAll(text, st.dir, "/etc/headgate/"), func(s string) string {
		for port, o := range st.origins {
			if s == ":"+o.Port() {
				return ":" + port
			}
		}
		for port, to := range st.listens {
			switch {
			case s == ":"+to && (port == "80" || port == "443"):
				return ""
			case s == ":"+to:
				return ":" + port
			}
		}
		return s
	})
}

// unmasked replaces ports and folders of the page by those of this run.
func (st *stage) unmasked(text string) string {
	return local.ReplaceAllStringFunc(text, func(s string) string {
		if o := st.origins[local.FindStringSubmatch(s)[1]]; o != nil {
			return "127.0.0.1:" + o.Port()
		}
		return s
	})
}
