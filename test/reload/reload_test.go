package reload_test

import (
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

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// backend responds to every request with its name.
func backend(t *testing.T, name string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s %d", name, n)
	})}
	var wait sync.WaitGroup
	wait.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { _ = s.Close(); wait.Wait() })
	return l.Addr().String()
}

// conf is the configuration of a round: the backend changes, workers, virtual
// hosts and logs come and go, and every tenth is broken.
func conf(round int, backends []string) (text string, good bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "CustomLog ${dir}/access.%d.log \"%%h %%>s\"\n", round%3)
	for i := range round % 4 {
		fmt.Fprintf(&b, "ProxyPass /other%d/ http://%s/%d/ timeout=%d\n", i, backends[i%2], i, 10+round%5)
	}
	fmt.Fprintf(&b, "ProxyPass / http://%s/\n", backends[round%2])
	if round%3 == 0 {
		fmt.Fprintf(&b, "<VirtualHost *:${port}>\nServerName v%d.example\nProxyPass / http://%s/\n</VirtualHost>\n", round, backends[1])
	}
	if round%10 == 9 {
		b.WriteString([]string{"Foo bar\n", "<Location /x>\n", "Include nowhere.conf\n", "KeepAliveTimeout never\n"}[round/10%4])
		return b.String(), false
	}
	return b.String(), true
}

// watch follows a file for lines, reading each byte once.
type watch struct {
	path string
	at   int64
	rest string
}

// next returns the complete lines that were written since the last call.
func (w *watch) next() string {
	f, err := os.Open(w.path)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, _ := io.ReadAll(io.NewSectionReader(f, w.at, 1<<30))
	w.at += int64(len(b))
	text := w.rest + string(b)
	end := strings.LastIndexByte(text, '\n') + 1
	w.rest = text[end:]
	return text[:end]
}

func TestReload(t *testing.T) {
	rounds := 1000
	if testing.Short() {
		rounds = 100
	}
	backends := []string{backend(t, "a"), backend(t, "b")}
	first, _ := conf(0, backends)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: first})
	load := start(t, s.Addr())
	log := &watch{path: filepath.Join(s.Dir, "error.log")}
	// The port accepts before the line about the start is written. That line must not be
	// mistaken for that of the first reload.
	testkit.Eventually(t, "the line about the start", func() bool {
		return strings.Contains(log.next(), "resuming normal operations")
	})
	var before int
	for i := 1; i <= rounds; i++ {
		text, good := conf(i, backends)
		s.Configure(text)
		asked := load.asked.Load()
		s.Signal(syscall.SIGUSR1)
		var taken, kept bool
		testkit.Eventually(t, fmt.Sprintf("the end of reload %d", i), func() bool {
			news := log.next()
			taken = taken || strings.Contains(news, "resuming normal operations")
			kept = kept || strings.Contains(news, "the configuration stays as it was")
			return taken || kept || s.Exited()
		})
		if taken != good || kept == good {
			t.Fatalf("reload %d: new configuration %v, old one kept %v, want new %v\n%s", i, taken, kept, good, text)
		}
		// At least a few requests use each configuration.
		testkit.Eventually(t, "requests go on", func() bool { return load.asked.Load() > asked+2 })
		if i == rounds/10 {
			before = descriptors(s)
		}
	}
	load.end()
	if n := load.failed.Load(); n > 0 {
		t.Errorf("%d of %d requests failed", n, load.asked.Load())
	}
	t.Logf("%d reloads, %d requests", rounds, load.asked.Load())
	if after := descriptors(s); after > before+20 {
		t.Errorf("%d descriptors after a tenth of the reloads, %d after all", before, after)
	}
}

// descriptors counts the open files of the server, 0 if that is not known.
func descriptors(s *testkit.Server) int {
	list, err := os.ReadDir(filepath.Join("/proc", strings.TrimSpace(s.File("httpd.pid")), "fd"))
	if err != nil {
		return 0
	}
	return len(list)
}

// load is a number of clients that send requests without a pause: some keep their connection, some
// open one for each request, some send a body.
type load struct {
	asked, failed atomic.Int64
	stop          chan struct{}
	clients       sync.WaitGroup
}

func start(t *testing.T, addr string) *load {
	t.Helper()
	l := &load{stop: make(chan struct{})}
	for i := range 6 {
		l.clients.Go(func() {
			tr := &http.Transport{DisableKeepAlives: i%2 == 0}
			defer tr.CloseIdleConnections()
			c := &http.Client{Transport: tr, Timeout: testkit.Patience}
			for {
				select {
				case <-l.stop:
					return
				default:
				}
				if err := ask(c, addr, i); err != nil {
					l.failed.Add(1)
					t.Logf("client %d: %v", i, err)
				}
				l.asked.Add(1)
			}
		})
	}
	t.Cleanup(l.end)
	return l
}

func (l *load) end() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.clients.Wait()
}

// ask sends one request; a third of the clients send a body.
func ask(c *http.Client, addr string, client int) error {
	body, size := io.Reader(http.NoBody), 0
	if client%3 == 2 {
		size = 20000
		body = strings.NewReader(strings.Repeat("x", size))
	}
	res, err := c.Post("http://"+addr+"/path", "text/plain", body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if got := string(b); res.StatusCode != 200 || got != fmt.Sprintf("a %d", size) && got != fmt.Sprintf("b %d", size) {
		return fmt.Errorf("%s: %.200q", res.Status, got)
	}
	return nil
}
