package docker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/dockerd"
)

// headgate runs a command and returns what it printed and its exit code.
func headgate(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(testkit.Binary(t), args...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// contains fails the test unless a text has all of the words.
func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in:\n%s", w, text)
		}
	}
}

const pages = `
<Location /server-status>
SetHandler server-status
</Location>
<Location /metrics>
SetHandler headgate-metrics
</Location>
<VirtualHost *:${port}>
    ServerName first.test
</VirtualHost>
<VirtualHost *:${port}>
    ServerName mine.test
</VirtualHost>
`

// What was discovered is printed as text that can be saved and used, and shown on the
// pages; so are conflicts and what is not used.
func TestDiscovered(t *testing.T) {
	r := start(t, "", pages)
	r.docker.Run(t, dockerd.Spec{Name: "seen1", Labels: web("seen")})
	r.docker.Run(t, dockerd.Spec{Name: "seen2", Labels: web("seen")})
	r.docker.Run(t, dockerd.Spec{Name: "greedy", Labels: map[string]string{"headgate.host": "mine.test"}})
	r.docker.Run(t, dockerd.Spec{Name: "typo", Labels: map[string]string{"headgate.hots": "x.test"}})
	r.docker.Run(t, dockerd.Spec{Name: "evil", Labels: map[string]string{"headgate.host": "evil.test\n</VirtualHost>\nServerName x\\"}})
	r.served("seen.test", "seen1", "seen2")
	conf := filepath.Join(r.Dir, "httpd.conf")
	var text string
	testkit.Eventually(t, "all containers are seen", func() bool {
		var code int
		text, code = headgate(t, "discovered", conf)
		return code == 0 && strings.Contains(text, "evil") && strings.Contains(text, "typo")
	})
	contains(t, text, "# docker: unix://"+r.docker.Socket+", ok, heard ", ", 5 seen, ", "conflict: greedy", "mine.test belongs to "+conf, "typo: headgate.hots: unknown label",
		`<Proxy "balancer://seen-web">`, "ServerName seen.test", "BalancerMember ")
	testkit.Eventually(t, "the log has both names of the conflict, and what is not used", func() bool {
		log := r.Logs()
		return strings.Contains(log, "discovered: docker: conflict: greedy: headgate.host: mine.test belongs to "+conf) &&
			strings.Contains(log, "discovered: docker: typo: headgate.hots: unknown label")
	})
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "</VirtualHost>\\") || strings.HasPrefix(line, "ServerName x") {
			t.Errorf("a label leaves its place: %s", line)
		}
	}
	// The text, saved, is a configuration.
	saved := testkit.StartHeadgate(t, "", testkit.Site{Conf: text, Vars: map[string]string{"seen": ""}})
	saved.Configure(regexp.MustCompile(`\*:\d+>`).ReplaceAllString(text, "*:"+saved.Port+">"))
	if !saved.Reload() {
		t.Fatal(saved.Logs())
	}
	again := &rig{Server: saved, t: t, client: r.client}
	again.served("seen.test", "seen1", "seen2")
	if code, _ := again.ask("other.test", "/"); code != 403 { // as at the main server, whose files have no index
		t.Errorf("another host of the saved text: %d", code)
	}
	var d struct {
		Sources []struct {
			Kind      string
			OK        bool
			Conflicts []struct{ Owner string }
		}
	}
	asJSON, _ := headgate(t, "discovered", "--json", conf)
	if err := json.Unmarshal([]byte(asJSON), &d); err != nil || len(d.Sources) != 1 || !d.Sources[0].OK || !strings.HasPrefix(d.Sources[0].Conflicts[0].Owner, conf) {
		t.Errorf("%v\n%s", err, asJSON)
	}
	_, page := r.ask("first.test", "/server-status")
	contains(t, page, "<h2>Discovered</h2>", "seen-web", "seen.test", "seen1", "greedy", "mine.test belongs to", "headgate.hots")
	_, auto := r.ask("first.test", "/server-status?auto")
	contains(t, auto, "HeadgateDiscovered[docker]State: ok", "HeadgateDiscovered[docker]Conflicts: 1")
	_, all := r.ask("first.test", "/metrics")
	contains(t, all, `headgate_discovery_up{source="docker"} 1`, `headgate_discovery_conflicts{source="docker"} 1`, `headgate_discovery_seen{source="docker"} 5`)
}

func TestCheckDocker(t *testing.T) {
	d := dockerd.Need(t)
	d.Run(t, dockerd.Spec{Name: "judged", Labels: map[string]string{
		"headgate.host": "judged.test", "headgate.conf": "Header set X-A b",
		"traefik.http.routers.x.rule": "Host(`x.test`)", "org.opencontainers.image.title": "x",
	}})
	d.Run(t, dockerd.Spec{Name: "wrong", Labels: map[string]string{"headgate.host": "wrong.test", "headgate.conf": "Listen 1"}})
	text, code := headgate(t, "check", "--docker=unix:"+d.Socket)
	contains(t, text, "2 containers", "judged.test", "headgate.conf", "honoured", "refused", "wrong")
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, text)
	}
	text, code = headgate(t, "check", "--json", "--docker=unix:"+d.Socket)
	var j struct {
		Labels []struct{ Container, Label, Verdict string }
	}
	if err := json.Unmarshal([]byte(text), &j); err != nil || code != 0 || len(j.Labels) < 5 {
		t.Errorf("%v %d\n%s", err, code, text)
	}
	if text, code = headgate(t, "check", "--docker=unix:/nowhere.sock"); code != 1 {
		t.Errorf("%d %s", code, text)
	}
	if text, code = headgate(t, "check", "--docker=ftp:x"); code != 2 {
		t.Errorf("%d %s", code, text)
	}
	site := testkit.Place(t, testkit.Site{Conf: "HeadgateDiscover docker unix:" + d.Socket + "\n<VirtualHost *:80>\nServerName judged.test\n</VirtualHost>\n"})
	text, _ = headgate(t, "check", "--docker", filepath.Join(site.Dir, "httpd.conf"))
	contains(t, text, "unix://"+d.Socket+": 2 containers", "conflict: judged", "belongs to "+site.Dir)
}

// output is what a process has printed so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// With no configuration at all, what runs is served, and a table says where.
func TestUp(t *testing.T) {
	d := dockerd.Need(t)
	dir := filepath.Join(t.TempDir(), "Up Project")
	file := filepath.Join(dir, "compose.yaml")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("services:\n  web:\n    image: x\n    ports: ['8080']\n  db:\n    image: y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	project := func(service string) map[string]string {
		return map[string]string{"com.docker.compose.project": "upproject", "com.docker.compose.service": service}
	}
	d.Run(t, dockerd.Spec{Name: "upproject-web-1", Labels: project("web")})
	d.Run(t, dockerd.Spec{Name: "stranger"})
	port := testkit.FreePort(t)
	cmd := exec.Command(testkit.Binary(t), "up", "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--docker", "unix:"+d.Socket, file)
	var out output
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, out.String())
		}
	})
	says := func(word string) {
		t.Helper()
		if !testkit.Poll(testkit.Patience, func() bool { return strings.Contains(out.String(), word) }) {
			t.Fatalf("%q is not printed:\n%s", word, out.String())
		}
	}
	says("http://web-upproject.localhost:" + fmt.Sprint(port) + "/")
	says("not served: db of upproject")
	r := &rig{Server: &testkit.Server{Port: fmt.Sprint(port)}, t: t, docker: d, client: httpClient(t)}
	r.served("web-upproject.localhost", "upproject-web-1")
	d.Run(t, dockerd.Spec{Name: "upproject-web-2", Labels: project("web")})
	says("upproject-web-2")
	if strings.Contains(out.String(), "stranger") {
		t.Errorf("containers of others are not the project's:\n%s", out.String())
	}
}
