package docker

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/dockerd"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rig is a server that discovers the containers of the daemon.
type rig struct {
	*testkit.Server
	t      *testing.T
	docker *dockerd.Daemon
	client *http.Client
}

// start starts a server. What is in conf comes after the directive.
func start(t *testing.T, options, conf string) *rig {
	t.Helper()
	d := dockerd.Need(t)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: "HeadgateDiscover docker unix:" + d.Socket + " " + options + "\n" + conf})
	return &rig{Server: s, t: t, docker: d, client: httpClient(t)}
}

func httpClient(t *testing.T) *http.Client {
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: testkit.Patience}
}

// ask sends a GET and returns status and body; 0 for a request that failed.
func (r *rig) ask(host, path string) (int, string) {
	req, err := http.NewRequest(http.MethodGet, "http://"+r.Addr()+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	req.Host = host
	res, err := r.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, strings.TrimSpace(string(b))
}

// who returns the containers that respond to n requests for a host, each once.
func (r *rig) who(host string, n int) map[string]int {
	seen := map[string]int{}
	for range n {
		code, body := r.ask(host, "/")
		name, _, _ := strings.Cut(body, " ")
		if code != http.StatusOK {
			name = fmt.Sprint(code)
		}
		seen[name]++
	}
	return seen
}

// served waits until a host is served by the containers of these names and no other.
func (r *rig) served(host string, names ...string) time.Duration {
	r.t.Helper()
	began := time.Now()
	var seen map[string]int
	ok := testkit.Poll(testkit.Patience, func() bool {
		seen = r.who(host, 2*len(names)+1)
		if len(seen) != len(names) {
			return false
		}
		for _, n := range names {
			if seen[n] == 0 {
				return false
			}
		}
		return true
	})
	if !ok {
		r.t.Fatalf("%s: want %v, got %v\n%s", host, names, seen, r.Logs())
	}
	return time.Since(began)
}

// load sends GETs to a host from several clients until its end is called, which
// returns how many there were, and what became of those that failed.
func (r *rig) load(host string, clients int) (end func() (int64, []string)) {
	var n atomic.Int64
	var mu sync.Mutex
	var failed []string
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			tick := time.NewTicker(2 * time.Millisecond) // the containers have this machine, too
			defer tick.Stop()
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				code, body := r.ask(host, "/")
				n.Add(1)
				if code != http.StatusOK {
					mu.Lock()
					failed = append(failed, fmt.Sprintf("%s: %d %.200s", time.Now().Format("15:04:05.000"), code, body))
					mu.Unlock()
				}
			}
		})
	}
	return func() (int64, []string) {
		close(stop)
		wait.Wait()
		return n.Load(), failed
	}
}

// none fails the test if requests failed.
func (r *rig) none(end func() (int64, []string)) {
	r.t.Helper()
	n, failed := end()
	if len(failed) > 0 {
		r.t.Errorf("%d of %d requests failed: %v", len(failed), n, failed[:min(len(failed), 5)])
	}
	r.t.Logf("%d requests, %d failed", n, len(failed))
}

// until waits until a container that was just started is served.
func (r *rig) until(host, name string) time.Duration {
	r.t.Helper()
	began := time.Now()
	if !testkit.Poll(testkit.Patience, func() bool { return r.who(host, 8)[name] > 0 }) {
		r.t.Fatalf("%s does not get requests for %s\n%s", name, host, r.Logs())
	}
	return time.Since(began)
}
