package tunnels

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// nginxConf is what nginx wants to have for tunnels: one process, buffers as they are by default.
const nginxConf = `daemon off; master_process off; worker_rlimit_nofile %[4]d; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections %[4]d; }
http {
  access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f;
  uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen 127.0.0.1:%[2]d backlog=511;
    location / {
      proxy_pass http://%[3]s; proxy_http_version 1.1; proxy_read_timeout 600s;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
    }
  }
}
`

// TestMemoryBesideNginx: an idle tunnel takes at most the memory that nginx needs for one, in the same run.
func TestMemoryBesideNginx(t *testing.T) {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		testkit.SkipPeer(t, "no nginx installed (scripts/install-peers installs one)")
	}
	n := many(t)
	back, ends := start(t, "backend"), start(t, "clients")
	each := func(addr string, pid int) int {
		ends.ask("open %s %d", addr, warm)
		before := resident(t, pid)
		ends.ask("open %s %d", addr, n/2)
		return (resident(t, pid) - before) / (n / 2)
	}
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: conf, Vars: map[string]string{"o": back.ask("addr")}})
	defer s.Stop()
	ours := each(s.Addr(), s.Pid())
	addr, pid := startNginx(t, bin, back.ask("addr"), 2*n+1000)
	theirs := each(addr, pid)
	t.Logf("%d bytes for each of %d idle tunnels, nginx %d", ours, n/2, theirs)
	if ours > theirs {
		t.Errorf("%d bytes for each tunnel, nginx needs %d", ours, theirs)
	}
}

// startNginx starts an nginx that joins clients to a backend, and returns its address and process.
func startNginx(t *testing.T, bin, backend string, connections int) (addr string, pid int) {
	t.Helper()
	dir, port := t.TempDir(), testkit.FreePort(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConf, dir, port, backend, connections), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-p", dir, "-c", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr = fmt.Sprintf("127.0.0.1:%d", port)
	if !testkit.Poll(10*time.Second, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}) {
		t.Fatal("nginx does not start")
	}
	return addr, cmd.Process.Pid
}
