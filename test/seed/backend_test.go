package seed

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// The test binary itself is the backend where this is set: its address, the file in which it writes the POSTs that it has
// begun to process, and its name.
const backendEnv = "HEADGATE_SEED_BACKEND"

// TestMain plays a backend, or runs the tests.
func TestMain(m *testing.M) {
	if words := strings.Fields(os.Getenv(backendEnv)); len(words) == 3 {
		playBackend(words[0], words[1], words[2])
		return
	}
	testkit.Main(m)
}

// playBackend serves until it is killed. What it writes to the file is there even if it is killed right after.
func playBackend(addr, file, name string) {
	begun, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	panic(http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = begun.WriteString(r.URL.Query().Get("id") + "\n")
			_, _ = io.Copy(io.Discard, r.Body)
		}
		_, _ = io.WriteString(w, name)
	})))
}

// member is a backend process that can be killed, stopped and brought back.
type member struct {
	t          *testing.T
	addr, file string
	name       string

	mu  sync.Mutex
	cmd *exec.Cmd
}

// startMember starts a backend.
func startMember(t *testing.T, name string) *member {
	t.Helper()
	m := &member{t: t, name: name, addr: fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t)), file: filepath.Join(t.TempDir(), name)}
	m.start()
	testkit.Eventually(t, "backend "+name+" responds", func() bool {
		r, err := http.Get("http://" + m.addr + "/")
		if err == nil {
			_ = r.Body.Close()
		}
		return err == nil
	})
	t.Cleanup(m.kill)
	return m
}

func (m *member) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cmd = exec.Command(os.Args[0])
	m.cmd.Env = append(os.Environ(), backendEnv+"="+m.addr+" "+m.file+" "+m.name)
	if err := m.cmd.Start(); err != nil {
		m.t.Error(err)
	}
}

func (m *member) signal(s syscall.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.cmd.Process.Signal(s)
}

func (m *member) kill() {
	m.signal(syscall.SIGKILL)
	_ = m.cmd.Wait()
}

// begun returns the ids of the POSTs that the member has begun to process.
func (m *member) begun() []string {
	b, _ := os.ReadFile(m.file)
	return strings.Fields(string(b))
}

// failed is a request that failed.
type failed struct {
	method, id string
	what       string
}

// load sends GETs, and a POST for every eighth request, over kept connections until stop is closed. A POST names itself.
type load struct {
	url, host string
	client    http.Client

	mu       sync.Mutex
	gets     int
	posts    int
	slowest  time.Duration
	failures []failed
	byName   map[string]int
}

func newLoad(s *testkit.Server, host, path string) *load {
	return &load{
		url: "http://" + s.Addr() + path, host: host, byName: make(map[string]int),
		client: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}, Timeout: 30 * time.Second},
	}
}

// run sends requests on n connections until stop is closed.
func (l *load) run(n int, stop <-chan struct{}) {
	var wg sync.WaitGroup
	for c := range n {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				l.one(i%8 == 7, fmt.Sprintf("%d-%d", c, i))
			}
		})
	}
	wg.Wait()
	l.client.CloseIdleConnections()
}

func (l *load) one(post bool, id string) {
	method, body := http.MethodGet, io.Reader(nil)
	if post {
		method, body = http.MethodPost, strings.NewReader("body of "+id)
	}
	r, err := http.NewRequest(method, l.url+"?id="+id, body)
	if err != nil {
		panic(err)
	}
	r.Host, r.GetBody = l.host, nil // the client must not repeat anything by itself
	began := time.Now()
	name, what := "", ""
	resp, err := l.client.Do(r)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if name = string(b); resp.StatusCode != 200 {
			what = resp.Status
		}
	}
	if err != nil {
		what = err.Error()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slowest = max(l.slowest, time.Since(began)); post {
		l.posts++
	} else {
		l.gets++
	}
	if what != "" {
		l.failures = append(l.failures, failed{method, id, what})
		return
	}
	l.byName[name]++
}
