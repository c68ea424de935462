package proxyheader

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

const nginxConf = `daemon off; master_process off; pid DIR/pid; error_log DIR/error.log;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f;
  uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
  server {
    listen 127.0.0.1:PORT1 proxy_protocol;
    listen 127.0.0.1:PORT2 ssl proxy_protocol;
    ssl_certificate DIR/a.crt; ssl_certificate_key DIR/a.key;
    location / { default_type text/plain; return 200 "$proxy_protocol_addr $proxy_protocol_server_addr $proxy_protocol_server_port"; }
  }
}
`

const haproxyConf = `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:PORT1 accept-proxy
  bind 127.0.0.1:PORT2 accept-proxy ssl crt DIR/both.pem
  http-request return status 200 content-type text/plain lf-string "%[src] %[dst] %[dst_port]"
`

// TestPeers: nginx and HAProxy see the addresses of both ends, by http and ahead of the handshake of https.
func TestPeers(t *testing.T) {
	for _, peer := range []struct {
		name, conf string
		args       []string
	}{
		{"nginx", nginxConf, []string{"-p", "DIR", "-c", "FILE"}},
		{"haproxy", haproxyConf, []string{"-db", "-f", "FILE"}},
	} {
		t.Run(peer.name, func(t *testing.T) {
			plain, secure := startPeer(t, peer.name, peer.conf, peer.args)
			for _, url := range []string{"http://127.0.0.1:" + plain, "https://127.0.0.1:" + secure} {
				for _, v := range []string{"v1", "v2"} {
					s := testkit.StartHeadgate(t, "", testkit.Site{Conf: fmt.Sprintf(
						"RemoteIPHeader X-Client\nProxyPass / %s/ proxyprotocol=%s\nSSLProxyEngine on\nSSLProxyVerify none\nSSLProxyCheckPeerName off\n", url, v)})
					for _, client := range []string{"", "192.0.2.8", "2001:db8::8"} {
						server, fields := "127.0.0.1", []string{"X-A: b"}
						switch {
						case client == "":
							client = "127.0.0.6"
						case strings.Contains(client, ":"):
							server = "::ffff:127.0.0.1"
							fallthrough
						default:
							fields = []string{"X-Client: " + client}
						}
						want := client + " " + server + " " + s.Port
						if r := get(t, s, "127.0.0.6", "/", 2, fields...); string(r.Body) != want {
							t.Errorf("%s %s: %d %q, want %q\n%s", url, v, r.Status, r.Body, want, s.Logs())
						}
					}
				}
			}
		})
	}
}

// startPeer starts a program on two ports.
func startPeer(t *testing.T, name, conf string, args []string) (one, two string) {
	t.Helper()
	bin, err := exec.LookPath(name)
	if err != nil {
		testkit.SkipPeer(t, name+" is not installed (scripts/install-peers installs it)")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	certs := testkit.CertFiles()
	one, two = fmt.Sprint(testkit.FreePort(t)), fmt.Sprint(testkit.FreePort(t))
	swap := strings.NewReplacer("DIR", dir, "PORT1", one, "PORT2", two, "FILE", filepath.Join(dir, "conf"))
	for file, text := range map[string]string{
		"conf": swap.Replace(conf), "a.crt": certs["certs/a.crt"], "a.key": certs["certs/a.key"], "both.pem": certs["certs/a.crt"] + certs["certs/a.key"],
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range args {
		args[i] = swap.Replace(args[i])
	}
	cmd := exec.Command(bin, args...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	testkit.Eventually(t, name+" listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+two)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return one, two
}
