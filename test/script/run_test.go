package script

import (
	"crypto/tls"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// play is a run of one script on one engine in one mode.
type play struct {
	t            *testing.T
	ar           *testkit.Archive
	vars         map[string]string
	origins      map[string]*testkit.Origin
	server       *testkit.Server
	clients      map[string]*talk
	sessions     tls.ClientSessionCache            // of all clients with TLS that have no certificate
	certSessions map[string]tls.ClientSessionCache // of the others, by certificate
	current      string
	mode         string
	engine       string
}

// talk is a client connection with its last request and the response that is being read.
type talk struct {
	*testkit.Client
	method string
	resp   *testkit.Response
	err    error // of reading the head
	asked  bool  // a request waits for its response
}

func TestMain(m *testing.M) { testkit.Main(m) }

// TestScript plays every script on every engine in every mode.
func TestScript(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts (%v)", err)
	}
	engines := list("SCRIPT_ENGINES", "goroutine,epoll")
	if engines[0] == "httpd" {
		testkit.NeedHttpd(t)
	} else {
		testkit.Binary(t)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			for _, engine := range engines {
				modes := "h1,bytes"
				if engine == "epoll" {
					modes += ",tls"
				}
				for _, mode := range list("SCRIPT_MODES", modes) {
					t.Run(engine+"/"+mode, func(t *testing.T) { playScript(t, path, engine, mode) })
				}
			}
		})
	}
}

func list(env, otherwise string) []string {
	v := os.Getenv(env)
	if v == "" {
		v = otherwise
	}
	return strings.Split(v, ",")
}

func playScript(t *testing.T, path, engine, mode string) {
	ar, err := testkit.ReadArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &play{
		t: t, ar: ar, mode: mode, engine: engine, current: "c",
		sessions: tls.NewLRUClientSessionCache(16), certSessions: map[string]tls.ClientSessionCache{},
		origins: map[string]*testkit.Origin{}, clients: map[string]*talk{},
		vars: map[string]string{"dead": fmt.Sprint(testkit.FreePort(t))},
	}
	lines := strings.Split(ar.Comment, "\n")
	for i, line := range lines {
		p.prepare(i+1, line)
	}
	p.start()
	for i, line := range lines {
		words, err := testkit.Words(line)
		if err == nil && len(words) > 0 {
			if testing.Verbose() {
				t.Logf("%d: %s", i+1, line)
			}
			for j := range words {
				words[j] = testkit.Expand(words[j], p.vars)
			}
			err = p.command(words)
		}
		if err != nil {
			t.Fatalf("%s:%d: %s\n\t%v", path, i+1, line, err)
		}
	}
}

// prepare makes the origins that a line names, so that the configuration can name their ports.
func (p *play) prepare(n int, line string) {
	words, err := testkit.Words(line)
	if err != nil {
		p.t.Fatalf("line %d: %v", n, err)
	}
	switch {
	case len(words) >= 3 && words[0] == "skip" && (words[1] == p.engine || words[1] == p.mode):
		testkit.Skip(p.t, fmt.Sprintf("not on %s: %s", words[1], strings.Join(words[2:], " ")))
	case len(words) >= 3 && words[0] == "origin" && p.origins[words[1]] == nil:
		name := words[1]
		if words[2] == "unix" {
			dir, err := os.MkdirTemp("", "hg-s-")
			if err != nil || os.Chmod(dir, 0o755) != nil {
				p.t.Fatal("no folder for a socket", err)
			}
			p.t.Cleanup(func() { _ = os.RemoveAll(dir) })
			p.vars[name] = filepath.Join(dir, "s")
			p.origins[name] = testkit.NewUnixOrigin(p.t, p.vars[name])
			return
		}
		switch words[2] {
		case "ajp":
			p.origins[name] = testkit.NewAJPOrigin(p.t)
		case "fcgi":
			p.origins[name] = testkit.NewFCGIOrigin(p.t)
		default:
			p.origins[name] = testkit.NewOrigin(p.t)
		}
		p.vars[name] = p.origins[name].Port()
	}
}

func (p *play) start() {
	site := testkit.Site{Files: map[string]string{}, Vars: p.vars}
	if conf, _ := p.ar.File("httpd.conf"); p.origins["o1"] != nil && testkit.UsesBackTLS(conf) {
		maps.Copy(p.vars, testkit.StartBackTLS(p.t, p.origins["o1"].Addr()))
	}
	for _, f := range p.ar.Files {
		if f.Name == "httpd.conf" {
			site.Conf = p.conf(f.Data)
		} else {
			site.Files[f.Name] = f.Data
		}
	}
	if p.engine == "httpd" {
		p.server = testkit.StartHttpd(p.t, site)
	} else {
		site.Env = append(site.Env, "HEADGATE_LOOPS=1") // connections to backends are counted, and each loop has its own
		p.server = testkit.StartHeadgate(p.t, p.engine, site)
	}
	p.vars["port"], p.vars["dir"] = p.server.Port, p.server.Dir
}

// conf returns a configuration for the mode of the play.
func (p *play) conf(text string) string {
	if p.mode == "tls" {
		return encrypted + text
	}
	return text
}

// encrypted makes the main server one with TLS, and with it every virtual host.
const encrypted = "SSLEngine On\nSSLCertificateFile certs/www.crt\nSSLCertificateKeyFile certs/www.key\n"

// command runs one line of the script.
func (p *play) command(words []string) error {
	args := words[1:]
	switch words[0] {
	case "skip":
		return nil
	case "origin":
		return p.origin(args)
	case "release":
		if len(args) != 2 || p.origins[args[0]] == nil {
			return fmt.Errorf("usage: release ORIGIN GATE")
		}
		p.origins[args[0]].Release(args[1])
		return nil
	case "client":
		return p.client(args)
	case "use":
		p.current = args[0]
		return nil
	case "next":
		c, err := p.talk()
		if err == nil {
			err = c.finish()
			c.resp, c.asked = nil, true
		}
		return err
	case "expect":
		return p.expect(args)
	case "reload", "reload-fails":
		return p.reload(words[0] == "reload", args)
	case "signal":
		return p.signal(args)
	case "copy":
		return p.copy(args)
	case "certificate":
		return p.certificate(args)
	}
	return fmt.Errorf("unknown command %q", words[0])
}

func (p *play) origin(args []string) error {
	o := p.origins[args[0]]
	args = args[1:]
	path := ""
	verb := args[0]
	switch verb {
	case "unix", "ajp", "fcgi":
		return nil
	case "hangup":
		o.HangUp()
		return nil
	case "next":
		args = args[1:]
	case "at":
		if len(args) < 3 {
			return fmt.Errorf("usage: origin NAME at PATH ANSWER")
		}
		path, args = args[1], args[2:]
	}
	a, err := testkit.ParseAnswer(args, func(name string) (string, bool) {
		text, ok := p.ar.File(name)
		return testkit.Expand(text, p.vars), ok
	})
	switch {
	case err != nil:
		return err
	case verb == "next":
		o.Next(a)
	case verb == "at":
		o.At(path, a)
	default:
		o.Default(a)
	}
	return nil
}

func (p *play) reload(succeeds bool, args []string) error {
	if len(args) > 0 {
		conf, ok := p.ar.File(args[0])
		if !ok {
			return fmt.Errorf("no file %s", args[0])
		}
		p.server.Configure(p.conf(conf))
	}
	if p.server.Reload() != succeeds {
		return fmt.Errorf("reload: succeeded is %v", !succeeds)
	}
	return nil
}

func (p *play) signal(args []string) error {
	sigs := map[string]syscall.Signal{
		"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1, "WINCH": syscall.SIGWINCH,
	}
	if len(args) != 1 || sigs[args[0]] == 0 {
		return fmt.Errorf("usage: signal TERM|HUP|USR1|WINCH")
	}
	p.server.Signal(sigs[args[0]])
	return nil
}
