package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rig is a server in this process with a file in its own folder.
type rig struct {
	*server.Server
	t      *testing.T
	dir    string
	port   int
	stderr buffer
}

// buffer is a bytes.Buffer for several writers.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newRig(t *testing.T, conf string, o server.Options) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), port: testkit.FreePort(t)}
	r.write(conf)
	o.Config = config.Options{File: r.path("httpd.conf"), ServerRoot: r.dir, Version: "Headgate/test"}
	o.Modules, o.Stderr, o.KeepUser = modules.All(), &r.stderr, true
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	return r
}

// up starts the rig and stops it with the test.
func (r *rig) up() *rig {
	r.t.Helper()
	if err := r.Start(); err != nil {
		r.t.Fatalf("%v\n%s", err, r.stderr.String())
	}
	r.t.Cleanup(func() { r.Stop(false, 0, nil); r.Wait() })
	return r
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// write writes the configuration; PORT, and what pairs holds, is replaced.
func (r *rig) write(conf string, pairs ...string) {
	r.t.Helper()
	conf = "ErrorLog error.log\nServerName rig\n" + strings.NewReplacer(append(pairs, "PORT", fmt.Sprint(r.port))...).Replace(conf)
	if err := os.WriteFile(r.path("httpd.conf"), []byte(conf), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) log() string {
	b, _ := os.ReadFile(r.path("error.log"))
	return string(b) + r.stderr.String()
}

func (r *rig) logs(what string) {
	r.t.Helper()
	testkit.Eventually(r.t, "the log says "+what, func() bool { return strings.Contains(r.log(), what) })
}

// get requests port and returns status and body.
func get(t *testing.T, port int, path string) (int, string) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: testkit.Patience}
	res, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// origin is a backend that responds with its name.
func origin(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	var wait sync.WaitGroup
	wait.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { _ = s.Close(); wait.Wait() })
	return l.Addr().String()
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

const one = "Listen 127.0.0.1:PORT\nProxyPass / http://ORIGIN/\n"

func TestLife(t *testing.T) {
	a, b := origin(t, says("a")), origin(t, says("b"))
	r := newRig(t, "", server.Options{})
	r.write("PidFile run.pid\n"+one, "ORIGIN", a)
	r.up()
	if code, body := get(t, r.port, "/"); code != 200 || body != "a" {
		t.Fatalf("started: %d %q", code, body)
	}
	if pid, _ := os.ReadFile(r.path("run.pid")); string(pid) != fmt.Sprintln(os.Getpid()) {
		t.Errorf("pid file holds %q", pid)
	}

	r.write(one, "ORIGIN", b)
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	if code, body := get(t, r.port, "/"); code != 200 || body != "b" {
		t.Errorf("reloaded: %d %q", code, body)
	}
	if g := r.Generation(); g != 2 {
		t.Errorf("generation %d, want 2", g)
	}
	r.Stop(true, 0, nil)
	r.Wait()
	if code, body := get(t, r.port, "/"); code != 0 {
		t.Errorf("stopped: %d %q", code, body)
	}
	if _, err := os.Stat(r.path("run.pid")); err == nil {
		t.Error("the pid file stays behind")
	}
	for _, want := range []string{"AH00489: Headgate/test configured -- resuming normal operations", "AH00492: graceful stop done"} {
		r.logs(want)
	}
}

// TestBadReload: whatever is wrong with the file, the running configuration
// stays, and the log says what and where.
func TestBadReload(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	a := origin(t, says("a"))
	for _, row := range []struct{ name, conf, says string }{
		{"unknown directive", one + "Foo bar\n", "httpd.conf:5: Foo: Invalid command 'Foo'"},
		{"refused", one + "LuaHookAuthChecker x y\n", "httpd.conf:5: "},
		{"no listen", "ProxyPass / http://ORIGIN/\n", "no listening sockets available"},
		{"no file", "Include nowhere.conf\n" + one, "nowhere.conf"},
		{"port taken", one + "Listen " + busy.Addr().String() + "\n", "could not bind to address " + busy.Addr().String()},
		{"other form of the same port", "Listen PORT\nProxyPass / http://ORIGIN/\n", "this server itself listens there in another way"},
		{"log that cannot be opened", one + "ErrorLog no/such/folder/error.log\n", "no/such/folder"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, "", server.Options{})
			r.write(one, "ORIGIN", a)
			r.up()
			r.write(row.conf, "ORIGIN", a)
			if r.Reload() == nil {
				t.Fatal("the reload went through")
			}
			if code, body := get(t, r.port, "/"); code != 200 || body != "a" {
				t.Errorf("after it: %d %q", code, body)
			}
			r.logs(row.says)
			r.logs("the configuration stays as it was")
			if g := r.Generation(); g != 1 {
				t.Errorf("generation %d, want 1", g)
			}
			r.write(one, "ORIGIN", a)
			if err := r.Reload(); err != nil {
				t.Errorf("a good file afterwards: %v", err)
			}
		})
	}
}

func TestStartFails(t *testing.T) {
	for _, row := range []struct{ name, conf, says string }{
		{"error", one + "Foo bar\n", "has an error"},
		{"no listen", "KeepAlive On\n", ""},
		{"pid file", one + "PidFile httpd.conf/x.pid\n", "AH00099: could not create"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, "", server.Options{PidFile: server.PidFileRequired})
			r.write(row.conf, "ORIGIN", "127.0.0.1:1")
			err := r.Start()
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("error %v, want %q", err, row.says)
			}
			r.Wait()
		})
	}
}

func TestSecondStartNamesHolder(t *testing.T) {
	r := newRig(t, "", server.Options{})
	r.write(one, "ORIGIN", "127.0.0.1:1")
	r.up()
	s := newRig(t, "", server.Options{})
	s.write("Listen 127.0.0.1:" + fmt.Sprint(r.port) + "\nProxyPass / http://127.0.0.1:1/\n")
	err := s.Start()
	if err == nil || !strings.Contains(err.Error(), "held by") {
		t.Errorf("error %v, want the holder named", err)
	}
}

func TestNoEngine(t *testing.T) {
	_, err := server.New(server.Options{Engine: "steam"})
	if err == nil || !strings.Contains(err.Error(), "the steam engine is not available on this system") {
		t.Errorf("error %v", err)
	}
}

// TestListenersChange: a reload that removes a port serves the connections it
// had, and one that adds a port serves it.
func TestListenersChange(t *testing.T) {
	a := origin(t, says("a"))
	r := newRig(t, "", server.Options{})
	r.write(one, "ORIGIN", a)
	r.up()
	other := testkit.FreePort(t)
	var failed atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// The other port comes and goes: a refused connection is fine, a
				// connection without a response is not.
				c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", other))
				if err != nil {
					continue
				}
				_ = c.SetDeadline(time.Now().Add(testkit.Patience))
				_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
				b, err := io.ReadAll(c)
				_ = c.Close()
				if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200") {
					failed.Add(1)
					t.Logf("%q %v", b, err)
				}
			}
		})
	}
	for i := range 20 {
		r.write(one+fmt.Sprintf("Listen 127.0.0.1:%d\n", other), "ORIGIN", a)
		if err := r.Reload(); err != nil {
			t.Fatal(err)
		}
		if code, _ := get(t, other, "/"); code != 200 {
			t.Errorf("round %d: the new port answers %d", i, code)
		}
		r.write(one, "ORIGIN", a)
		if err := r.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	clients.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d connections that were taken got no answer", n)
	}
}

// TestReloadUnderLoad: clients with and without kept connections get every
// response, through good reloads and bad ones.
func TestReloadUnderLoad(t *testing.T) {
	a, b := origin(t, says("a")), origin(t, says("b"))
	r := newRig(t, "", server.Options{})
	r.write(one, "ORIGIN", a)
	r.up()
	var asked, failed atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		clients.Go(func() {
			tr := &http.Transport{DisableKeepAlives: i%2 == 0}
			defer tr.CloseIdleConnections()
			c := &http.Client{Transport: tr, Timeout: testkit.Patience}
			for done := false; !done; {
				select {
				case <-stop:
					done = true
				default:
				}
				asked.Add(1)
				res, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d/", r.port))
				if err != nil {
					failed.Add(1)
					t.Log(err)
					continue
				}
				body, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || res.StatusCode != 200 || string(body) != "a" && string(body) != "b" {
					failed.Add(1)
					t.Log(res.Status, string(body), err)
				}
			}
		})
	}
	for i := range 50 {
		conf, to := one, a
		if i%2 == 1 {
			to = b
		}
		if i%5 == 4 {
			conf += "Foo bar\n"
		}
		r.write(conf, "ORIGIN", to)
		before := asked.Load()
		if err := r.Reload(); (err != nil) != (i%5 == 4) {
			t.Fatalf("reload %d: %v", i, err)
		}
		testkit.Eventually(t, "some requests", func() bool { return asked.Load() > before+4 })
	}
	close(stop)
	clients.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d of %d requests failed", n, asked.Load())
	}
	if asked.Load() < 200 {
		t.Errorf("only %d requests were made", asked.Load())
	}
}

// TestStop: a graceful stop lets a request finish; its deadline and a second
// signal cut it.
func TestStop(t *testing.T) {
	for _, row := range []struct {
		name     string
		graceful bool
		deadline time.Duration
		hurry    bool
		finishes bool
	}{
		{"graceful", true, 0, false, true},
		{"deadline", true, time.Millisecond, false, false},
		{"second signal", true, 0, true, false},
		{"at once", false, 0, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			begun, release := make(chan struct{}), make(chan struct{})
			a := origin(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "first")
				_ = http.NewResponseController(w).Flush()
				close(begun)
				<-release
				_, _ = io.WriteString(w, "last")
			})
			r := newRig(t, "", server.Options{})
			r.write(one, "ORIGIN", a)
			r.up()
			answer := make(chan string, 1)
			go func() {
				_, body := get(t, r.port, "/")
				answer <- body
			}()
			<-begun
			hurry := make(chan struct{})
			if row.hurry {
				close(hurry)
			}
			stopped := make(chan struct{})
			go func() { r.Stop(row.graceful, row.deadline, hurry); close(stopped) }()
			if row.finishes {
				r.logs("AH00492: graceful stop: 1 connections open")
				close(release)
			}
			<-stopped
			if body := <-answer; (body == "firstlast") != row.finishes {
				t.Errorf("the client got %q", body)
			}
			if !row.finishes {
				close(release)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	a := origin(t, says("a"))
	r := newRig(t, "", server.Options{Terminal: true})
	r.write(one, "ORIGIN", a)
	r.up()
	signals := make(chan os.Signal, 4)
	ended := make(chan struct{})
	go func() { r.Run(signals); close(ended) }()
	signals <- syscall.SIGUSR1
	r.logs("AH00493: SIGUSR1 received.  Doing graceful restart")
	testkit.Eventually(t, "the second generation", func() bool { return r.Generation() == 2 })
	signals <- syscall.SIGWINCH // from a resized window
	signals <- syscall.SIGHUP
	testkit.Eventually(t, "the third generation", func() bool { return r.Generation() == 3 })
	signals <- syscall.SIGTERM
	<-ended
	r.logs("AH00491: caught SIGTERM, shutting down")
}

func TestGracefulSignal(t *testing.T) {
	r := newRig(t, "", server.Options{})
	r.write(one+"GracefulShutdownTimeout 5\n", "ORIGIN", "127.0.0.1:1")
	r.up()
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGWINCH
	r.Run(signals)
	r.logs("AH00492: graceful stop done")
}

// TestFixed: without a file there is nothing to reload, and SIGHUP of a closed
// terminal ends the server.
func TestFixed(t *testing.T) {
	r := newRig(t, "", server.Options{Fixed: true})
	r.write(one, "ORIGIN", "127.0.0.1:1")
	r.up()
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGUSR1
	signals <- syscall.SIGHUP
	r.Run(signals)
	if g := r.Generation(); g != 1 {
		t.Errorf("generation %d, want 1", g)
	}
}
