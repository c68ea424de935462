package config_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// runtimeOf is what snapshots of a test are built over.
func runtimeOf(t testing.TB) *config.Runtime {
	t.Helper()
	logs := logsink.NewRegistry(logsink.Options{Loops: 1})
	t.Cleanup(logs.Close)
	return &config.Runtime{
		Clock: clock.New(nil), State: new(state.Registry), Resolver: new(resolve.Resolver), Logs: logs, Loops: 1,
		Protocols: backend.Protocols(), Log: logsink.NewStartupLog(os.Stderr),
	}
}

func load(t *testing.T, rt *config.Runtime, text string, check bool) *config.Loaded {
	t.Helper()
	dir := t.TempDir()
	return config.Load(config.Options{
		File: filepath.Join(dir, "httpd.conf"), Text: text, ServerRoot: dir, Version: "Headgate/test", Check: check,
	}, rt, modules.All())
}

const conf = `
ServerName main.test
Listen 127.0.0.1:18080
MaxRequestWorkers 7
<Location /a>
    LimitRequestBody 1
</Location>
<VirtualHost *:18080>
    <Location /b>
        LimitRequestBody 2
    </Location>
    ProxyPass /a/ http://127.0.0.1:9000/
</VirtualHost>
<VirtualHost *:18080>
    ServerName two.test
    ProxyPass / http://127.0.0.1:9001/
    <Location ~ "^/a/b">
        LimitRequestBody 3
    </Location>
</VirtualHost>
<VirtualHost [::]:18081>
    ServerName six.test
</VirtualHost>
`

func states(rt *config.Runtime) (n int) {
	state.Each(rt.State, func(string, *worker.State) { n++ })
	return n
}

func workers(s *snapshot.Snapshot) []*worker.Worker { return slices.Collect(s.Workers()) }

func TestBuild(t *testing.T) {
	rt := runtimeOf(t)
	l := load(t, rt, conf, false)
	if l.Snapshot == nil {
		t.Fatal(l.Found)
	}
	s := l.Snapshot
	sites := slices.Collect(s.Sites())
	if s.MaxInFlight != 7 || len(sites) != 4 || states(rt) != 2 {
		t.Errorf("%d in flight, %d sites, %d workers", s.MaxInFlight, len(sites), states(rt))
	}
	set := s.VHosts.Base(netip.MustParseAddrPort("127.0.0.1:18080"))
	for host, want := range map[string]*exchange.Site{
		"main.test": sites[1], // seen on httpd: it goes by the main server's name
		"two.test":  sites[2], "": sites[1],
	} {
		if got := s.VHosts.Pick(set, []byte(host)); got != want {
			t.Errorf("%q: site %s at %s", host, got.Name, got.Defined)
		}
	}
	if got := s.VHosts.Site(s.VHosts.Base(netip.MustParseAddrPort("127.0.0.1:18081"))); got != sites[3] {
		t.Errorf("[::] is site %s", got.Name)
	}
	// A reload of the same configuration finds the same state, and the last
	// snapshot closes it.
	again := load(t, rt, conf, false)
	if workers(again.Snapshot)[0].State != workers(s)[0].State {
		t.Error("state did not survive")
	}
	<-s.Retire().Done()
	if states(rt) != 2 {
		t.Error("state was closed while in use")
	}
	<-again.Snapshot.Retire().Done()
	if n := states(rt); n != 0 {
		t.Errorf("%d states left", n)
	}
}

// A configuration that is only checked, or fails, leaves nothing behind.
// What is wrong with a member is said with its place, once, and nothing panics for the
// lack of the balancer.
func TestMemberThatCannotBeBuilt(t *testing.T) {
	l := load(t, runtimeOf(t), `ServerName main.test
Listen 127.0.0.1:18080
<Proxy balancer://x>
    BalancerMember http://127.0.0.1:9 hcinterval=5
    BalancerMember fcgi://127.0.0.1:9 hcinterval=5
    ProxySet hcmethod=GET
</Proxy>
ProxyPass / balancer://x/
`, true)
	var lines []int
	for _, d := range l.Found {
		if d.Severity == directive.SeverityError {
			lines = append(lines, d.Pos.Line)
		}
	}
	if l.OK() || !slices.Equal(lines, []int{5}) {
		t.Errorf("errors in lines %v of %+v", lines, l.Found)
	}
}

func TestBuildLeavesNothing(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		check, ok  bool
	}{
		{"check", conf, true, true},
		{"a log that cannot be opened", conf + "CustomLog /no/such/folder/log \"%h\"\n", false, false},
		{"fault in the text", conf + "Nonsense\n", false, false},
	} {
		rt := runtimeOf(t)
		if l := load(t, rt, tt.text, tt.check); l.OK() != tt.ok {
			t.Errorf("%s: %v", tt.name, l.Found)
		}
		testkit.Eventually(t, tt.name+": no state left", func() bool { return states(rt) == 0 })
	}
}

// Combinations are compiled while requests run, in several sites at once.
func TestCompileWhileServing(t *testing.T) {
	s := load(t, runtimeOf(t), conf, false).Snapshot
	defer s.Retire()
	var wg sync.WaitGroup
	for site := range s.Sites() {
		for range 3 {
			wg.Go(func() {
				for path, want := range map[string]int64{"/a": 1, "/b": 2, "/a/b": 3, "/x": 1 << 30} {
					x := &exchange.Exchange{Site: site, Path: []byte(path), Filename: []byte("proxy:http://127.0.0.1:9000/")}
					if c, err := site.Sections.ForTarget(x); err != nil || site.Name == "two.test" && path == "/a/b" && c.LimitBody != want {
						t.Errorf("%s: %d", path, c.LimitBody)
					}
				}
			})
		}
	}
	wg.Wait()
}
