package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestPersist: with BalancerPersist a server that was killed comes back with what was
// changed at run time.
func TestPersist(t *testing.T) {
	file, port := writeConf(t, `DefaultRuntimeDir .
BalancerPersist On
<Proxy balancer://shop>
BalancerMember http://127.0.0.1:1/a route=1
BalancerMember http://127.0.0.1:1/b route=2
</Proxy>
ProxyPass /shop balancer://shop
`)
	start := func() *exec.Cmd {
		cmd := exec.Command(testkit.Binary(t), "run", file)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "an answer", func() bool { return answers(port) })
		return cmd
	}
	kill := func(cmd *exec.Cmd) {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	}
	ctl := func(line string) string {
		r := run(t, append([]string{"ctl", "-f", file}, strings.Fields(line)...)...)
		if r.code != 0 {
			t.Errorf("ctl %s: exit %d\n%s", line, r.code, r.errOut)
		}
		return r.out
	}
	members := func() string {
		var list []struct {
			Members []struct {
				URL, State, Route string
				LoadFactor        float64
			}
		}
		if err := json.Unmarshal([]byte(ctl("members --json")), &list); err != nil || len(list) != 1 {
			t.Fatal(err, list)
		}
		out := ""
		for _, m := range list[0].Members {
			out += fmt.Sprintf("%s %s %s %g\n", strings.TrimPrefix(m.URL, "http://127.0.0.1:1"), m.State, m.Route, m.LoadFactor)
		}
		return out
	}
	const changed = "/b drained 2 2.5\n/c disabled three 1\n"

	cmd := start()
	defer func() { kill(cmd) }()
	for _, line := range []string{"weight /b 2.5", "drain /b", "add http://127.0.0.1:1/c route=three status=+D", "remove /a"} {
		ctl(line)
	}
	if got := members(); got != changed {
		t.Fatal(got)
	}
	kill(cmd)
	cmd = start()
	if got := members(); got != changed {
		t.Errorf("after kill -9: %s", got)
	}
	if r := run(t, "reload", file); r.code != 0 || members() != changed {
		t.Errorf("after a reload: %s%s", r.errOut, members())
	}
	kill(cmd)

	state := filepath.Join(filepath.Dir(file), "balancers.json")
	if err := os.WriteFile(state, []byte("{nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd = start()
	if got := members(); got != "/a ok 1 1\n/b ok 2 1\n" {
		t.Errorf("after a broken file: %s", got)
	}
	if log, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "error.log")); !strings.Contains(string(log), state+" (BalancerPersist) is ignored") {
		t.Errorf("log: %s", log)
	}
}
