package metrics

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// prometheus is a running Prometheus.
type prometheus struct {
	t    *testing.T
	addr string
}

// startPrometheus has a Prometheus scrape a server, four times a second. The alert rules are those of contrib/
// with shorter times.
func startPrometheus(t *testing.T, s *testkit.Server, options ...string) *prometheus {
	t.Helper()
	program, dir := need(t, "prometheus"), t.TempDir()
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^( +for:) .*$`).ReplaceAllString(string(text), "$1 500ms")
	rules = strings.NewReplacer("[5m]", "[4s]").Replace(rules)
	conf := fmt.Sprintf(`
global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}
rule_files: [rules.yml]
scrape_configs:
  - job_name: headgate
    static_configs: [{targets: ["%s"]}]
`, s.Addr())
	for name, content := range map[string]string{"rules.yml": rules, "prometheus.yml": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := &prometheus{t, fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))}
	cmd := exec.Command(program, append([]string{
		"--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(dir, "data"),
		"--web.listen-address=" + p.addr, "--log.level=warn",
	}, options...)...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		http.DefaultClient.CloseIdleConnections()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	testkit.Eventually(t, "Prometheus has scraped the server", func() bool { return len(p.query(`up == 1`)) > 0 })
	return p
}

// ask asks the API of Prometheus. False: it does not respond yet.
func (p *prometheus) ask(path string, into any) bool {
	r, err := http.Get("http://" + p.addr + path)
	if err != nil {
		return false
	}
	defer r.Body.Close()
	return r.StatusCode == 200 && json.NewDecoder(r.Body).Decode(into) == nil
}

// query returns the values of a query, by their labels.
func (p *prometheus) query(q string) map[string]string {
	var got struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	out := map[string]string{}
	if p.ask("/api/v1/query?query="+url.QueryEscape(q), &got) {
		for _, r := range got.Data.Result {
			out[fmt.Sprint(r.Metric)] = fmt.Sprint(r.Value[1])
		}
	}
	return out
}

// fires waits until an alert fires.
func (p *prometheus) fires(name string) {
	p.t.Helper()
	testkit.Eventually(p.t, name+" fires", func() bool {
		return len(p.query(`ALERTS{alertname="`+name+`",alertstate="firing"}`)) > 0
	})
}

const staged = `
<Proxy balancer://down>
BalancerMember http://127.0.0.1:${dead} retry=600
</Proxy>
ProxyPass /down balancer://down
ProxyPass /slow http://127.0.0.1:${o1}/slow max=1
`

// A real Prometheus scrapes the server, the queries of the dashboard find something, and alerts fire when what
// they are about happens.
func TestPrometheus(t *testing.T) {
	need(t, "prometheus")
	o := testkit.NewOrigin(t)
	more := strings.NewReplacer("${o1}", o.Port(), "${dead}", fmt.Sprint(testkit.FreePort(t))).Replace(staged)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: more + strings.NewReplacer("${o1}", o.Port(), "${o2}", o.Port(), "${dead}", fmt.Sprint(testkit.FreePort(t))).Replace(conf)})
	o.At("/slow", testkit.MustAnswer("wait held ; respond 200 slow"))
	p := startPrometheus(t, s)
	if got := p.query("ALERTS"); len(got) > 0 {
		t.Errorf("alerts at first: %v", got)
	}
	for range 5 {
		get(t, s, "/down")
	}
	p.fires("HeadgateBalancerDown")
	p.fires("HeadgateMemberDown")
	testkit.Eventually(t, "HeadgateErrors fires", func() bool {
		get(t, s, "/dead")
		return len(p.query(`ALERTS{alertname="HeadgateErrors",alertstate="firing"}`)) > 0
	})
	done := make(chan struct{})
	for range 2 {
		go func() {
			if r, err := http.Get("http://" + s.Addr() + "/slow"); err == nil {
				r.Body.Close()
			}
			done <- struct{}{}
		}()
	}
	testkit.Eventually(t, "a request waits", func() bool { return read(t, s).value("headgate_member_waiting") > 0 })
	p.fires("HeadgateQueueing")
	o.Release("held")
	<-done
	<-done
	text := s.File("httpd.conf")
	s.Configure("Nonsense On\n" + text)
	s.Signal(syscall.SIGHUP)
	p.fires("HeadgateReloadFailed")
	shown(t, p)
	s.Stop()
	p.fires("HeadgateDown")
}

// shown checks that the queries of the dashboard find something.
func shown(t *testing.T, p *prometheus) {
	t.Helper()
	variables := strings.NewReplacer("$instance", ".*", "$vhost", ".*", "[5m]", "[1m]")
	empty := map[string]bool{
		"Certificate": true, "Handshakes": true, "Failed handshakes": true, "Certificates: days left": true, "Reloads": true, // no TLS; no change yet
		"Connect, queue, handshake: p90": true, // handshake
	}
	for title, list := range dashboard(t) {
		for _, q := range list {
			if len(p.query(variables.Replace(q))) == 0 && !empty[title] {
				t.Errorf("%s: nothing is found by %s", title, q)
			}
		}
	}
}

// With native histograms switched on Prometheus takes those.
func TestNativeHistograms(t *testing.T) {
	need(t, "prometheus")
	s, _ := started(t, "")
	for range 10 {
		get(t, s, "/one/x")
	}
	settled(t, s, 10)
	p := startPrometheus(t, s, "--enable-feature=native-histograms")
	testkit.Eventually(t, "the histogram is there", func() bool {
		for _, v := range p.query(`histogram_count(headgate_http_request_duration_seconds{mapping="ProxyPass /one"})`) {
			return v == "10"
		}
		return false
	})
	for _, v := range p.query(`histogram_quantile(0.5, headgate_http_request_duration_seconds{mapping="ProxyPass /one"})`) {
		if v == "NaN" || v == "0" {
			t.Error(v)
		}
	}
}
