package soak

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/testkit"
)

// target is a server under load.
type target interface {
	// reload loads a configuration and reports whether it is in effect.
	reload(text string) (taken bool)
	// measure fills in the values that can be measured.
	measure() sample
	// held counts the resources that must not grow in an idle server, by kind.
	held() map[string]int
	// details lists the server's resources, for the report of a failure.
	details() string
	// heap is the bytes in use after a collection; 0 if it cannot be measured.
	heap() int
	// stop ends the server gracefully or returns why that failed.
	stop() error
	// log returns the text written to the error log since the last call.
	log() string
}

// program is the real program.
type program struct {
	*testkit.Server
	t   *testing.T
	pid int
	err follower
}

func startProgram(t *testing.T, engine, text string, vars map[string]string) (target, string) {
	p := &program{Server: testkit.StartHeadgate(t, engine, testkit.Site{Conf: text, Vars: vars}), t: t}
	p.err = follower{path: filepath.Join(p.Dir, "error.log")}
	// The port accepts before the line about the start is written. That line must not be
	// mistaken for that of the first reload.
	testkit.Eventually(t, "the line about the start", func() bool { return strings.Contains(p.err.next(), resumed) })
	var err error
	if p.pid, err = strconv.Atoi(strings.TrimSpace(p.File("httpd.pid"))); err != nil {
		t.Fatal(err)
	}
	return p, p.Addr()
}

// The log lines at the end of a reload.
const (
	resumed = "resuming normal operations"
	stayed  = "the configuration stays as it was"
)

func (p *program) reload(text string) (taken bool) {
	p.t.Helper()
	p.Configure(text)
	at := p.err.mark()
	p.Signal(syscall.SIGUSR1)
	testkit.Eventually(p.t, "the end of a reload", func() bool {
		news := p.err.since(at)
		taken = strings.Contains(news, resumed)
		return taken || strings.Contains(news, stayed) || p.Exited()
	})
	return taken
}

func (p *program) measure() sample      { return measure(p.pid) }
func (p *program) held() map[string]int { return descriptors(p.pid) }
func (p *program) details() string      { return sockets(p.pid) }
func (p *program) heap() int            { return 0 }
func (p *program) log() string          { return p.err.next() }

func (p *program) stop() error {
	p.Signal(syscall.SIGTERM)
	if code := p.ExitCode(); code != 0 {
		return fmt.Errorf("the program ended with %d", code)
	}
	if said := p.File("stderr.log"); strings.Contains(said, "panic") || strings.Contains(said, "DATA RACE") {
		return fmt.Errorf("the program printed %.4000s", said)
	}
	return nil
}

// embedded is a server in the process of the test.
type embedded struct {
	*server.Server
	t    *testing.T
	dir  string
	vars map[string]string
	err  follower
}

func startEmbedded(t *testing.T, engine, text string, vars map[string]string) (target, string) {
	port := strconv.Itoa(testkit.FreePort(t))
	e := &embedded{t: t, dir: t.TempDir(), vars: map[string]string{"port": port}}
	for name, value := range vars {
		e.vars[name] = value
	}
	e.vars["dir"] = e.dir
	e.err = follower{path: filepath.Join(e.dir, "error.log")}
	e.write(text)
	var err error
	e.Server, err = server.New(server.Options{
		Config:  config.Options{File: filepath.Join(e.dir, "httpd.conf"), ServerRoot: e.dir, Version: "Headgate/test"},
		Modules: modules.All(), Engine: engine, KeepUser: true, PidFile: server.PidFileNone,
	})
	var none *server.EngineError
	if errors.As(err, &none) {
		testkit.Skip(t, err.Error())
	}
	if err == nil {
		err = e.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.stop() })
	return e, "127.0.0.1:" + port
}

func (e *embedded) write(text string) {
	if err := os.WriteFile(filepath.Join(e.dir, "httpd.conf"), []byte(testkit.Expand(text, e.vars)), 0o644); err != nil {
		e.t.Fatal(err)
	}
}

func (e *embedded) reload(text string) (taken bool) {
	e.write(text)
	return e.Reload() == nil
}

func (e *embedded) measure() sample {
	s := measure(os.Getpid())
	for _, n := range e.held() {
		s.goroutines += n
	}
	return s
}

// held counts the goroutines that the server started, by the place of the start, and
// coroutines by whether they are active or in a free list.
func (e *embedded) held() map[string]int {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	kinds := map[string]int{}
	for _, stack := range strings.Split(string(buf), "\n\n") {
		_, maker, _ := strings.Cut(stack, "\ncreated by ")
		maker, _, _ = strings.Cut(maker, " in goroutine")
		state, _, _ := strings.Cut(stack, "\n")
		switch {
		case strings.Contains(state, "[coroutine") && strings.Contains(stack, ".(*coro).do("):
			kinds["coroutine at work"]++
		case strings.Contains(state, "[coroutine"):
			kinds["coroutine at rest"]++
		case strings.HasPrefix(maker, own) && !strings.HasPrefix(maker, own+"testkit"):
			kinds[maker]++
		}
	}
	return kinds
}

func (e *embedded) details() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// own matches the places where the server starts goroutines.
const own = "github.com/headgate/headgate/internal/"

func (e *embedded) heap() int {
	runtime.GC()
	runtime.GC() // the second collection frees the contents of pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func (e *embedded) log() string { return e.err.next() }

func (e *embedded) stop() error {
	e.Stop(true, testkit.Patience, nil)
	e.Wait()
	if n := len(e.Addrs()); n > 0 {
		return fmt.Errorf("%d listeners after the stop", n)
	}
	return nil
}

// follower reads the complete lines of a file, each once.
type follower struct {
	path string
	text strings.Builder // text that was read and not yet returned
	at   int64
}

// read reads the text that was written meanwhile.
func (f *follower) read() {
	file, err := os.Open(f.path)
	if err != nil {
		return
	}
	defer file.Close()
	b, _ := io.ReadAll(io.NewSectionReader(file, f.at, 1<<40))
	b = b[:strings.LastIndexByte(string(b), '\n')+1]
	f.at += int64(len(b))
	f.text.Write(b)
}

// next returns the text that it has not returned yet.
func (f *follower) next() string {
	f.read()
	defer f.text.Reset()
	return f.text.String()
}

// mark is a position in the text that next will return, for since.
func (f *follower) mark() int { return f.text.Len() }

func (f *follower) since(mark int) string {
	f.read()
	return f.text.String()[mark:]
}
