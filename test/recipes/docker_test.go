package recipes

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/dockerd"
)

// project is the Compose project of a recipe, on a real daemon: its images stand for
// the program of package dockerd, which responds with the container's name.
type project struct {
	t        *testing.T
	daemon   *dockerd.Daemon
	name     string
	services map[string]composed
	running  map[string]string // name → id
}

type composed struct {
	Labels      map[string]string
	HealthCheck map[string]any
}

// compose reads the compose.yaml of a recipe and points its configuration to the test's daemon; nil: it has none.
func compose(t *testing.T, r *recipe) *project {
	text, ok := r.files["compose.yaml"]
	if !ok {
		return nil
	}
	var f struct {
		Name     string
		Services map[string]composed
	}
	if err := yaml.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, daemon: dockerd.Need(t), name: f.Name, services: f.Services, running: map[string]string{}}
	return p
}

// configured is the configuration with the daemon of the test.
func (p *project) configured(conf string) string {
	return strings.ReplaceAll(conf, "HeadgateDiscover docker", "HeadgateDiscover docker unix:"+p.daemon.Socket)
}

// run does a docker command, and waits until the server has taken its outcome over.
func (p *project) run(words []string, s *testkit.Server) error {
	switch {
	case len(words) >= 4 && strings.Join(words[:4], " ") == "docker compose up -d":
		scale := map[string]int{}
		if len(words) == 6 && words[4] == "--scale" {
			name, n, _ := strings.Cut(words[5], "=")
			scale[name], _ = strconv.Atoi(n)
		}
		p.up(scale)
	case len(words) == 3 && words[1] == "stop":
		p.daemon.Stop(p.t, p.running[words[2]])
		delete(p.running, words[2])
	case len(words) == 3 && words[1] == "kill":
		p.daemon.Slay(p.t, p.running[words[2]])
		delete(p.running, words[2])
	default:
		return fmt.Errorf("unknown command %q", words)
	}
	p.settle(s)
	return nil
}

// up starts what is not running yet: one container of each service, or as many as scale says.
func (p *project) up(scale map[string]int) {
	for service, c := range p.services {
		for i := 1; i <= max(scale[service], 1); i++ {
			name := fmt.Sprintf("%s-%s-%d", p.name, service, i)
			if p.running[name] != "" {
				continue
			}
			labels := map[string]string{"com.docker.compose.project": p.name, "com.docker.compose.service": service}
			for k, v := range c.Labels {
				labels[k] = v
			}
			p.running[name] = p.daemon.Run(p.t, dockerd.Spec{Name: name, Labels: labels, Check: c.HealthCheck != nil})
		}
	}
}

// settle waits until the server has seen the containers as they are now.
func (p *project) settle(s *testkit.Server) {
	p.t.Helper()
	var text []byte
	ok := testkit.Poll(testkit.Patience, func() bool {
		text, _ = exec.Command(testkit.Binary(p.t), "discovered", filepath.Join(s.Dir, "httpd.conf")).Output()
		members := strings.Count(string(text), "BalancerMember ")
		for name := range p.running {
			switch {
			case strings.Contains(string(text), "# "+name+"\n"):
				members--
			case !strings.Contains(string(text), "conflict: "+name+":"):
				return false
			}
		}
		return members == 0 && !strings.Contains(string(text), "status=")
	})
	if !ok {
		p.t.Fatalf("the server does not have %v:\n%s\n%s", p.running, text, s.Logs())
	}
}
