package backtls

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// said collects what a program prints.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) has(text string, times int) func() bool {
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return strings.Count(s.text.String(), text) >= times
	}
}

// TestKeyUpdate: OpenSSL as a backend takes new keys in the middle of a body, and demands
// them of the client; the connection serves another request.
func TestKeyUpdate(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		testkit.SkipPeer(t, "openssl is not installed")
	}
	files := testkit.CertFiles()
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"a.crt", "a.key"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(files["certs/"+name]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			port := strconv.Itoa(testkit.FreePort(t))
			cmd := exec.Command(program, "s_server", "-accept", "127.0.0.1:"+port, "-cert", dir+"/a.crt", "-key", dir+"/a.key", "-tls1_3")
			var out said
			cmd.Stdout, cmd.Stderr = &out, &out
			in, err := cmd.StdinPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
			testkit.Eventually(t, "openssl listens", out.has("ACCEPT", 1))
			s := testkit.StartHeadgate(t, engine, testkit.Site{
				Vars: map[string]string{"o": port}, Env: []string{"HEADGATE_LOOPS=1"},
				Conf: "SSLProxyEngine on\nProxyPass / https://127.0.0.1:${o}/ sni=a.test\n",
			})
			c := testkit.Dial(t, s.Addr())
			defer c.Close()
			for i := 1; i <= 3; i++ {
				c.Send("GET /" + strconv.Itoa(i) + " HTTP/1.1\r\nHost: www.test\r\n\r\n")
				testkit.Eventually(t, "the request arrives", out.has("GET /"+strconv.Itoa(i)+" ", 1))
				_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
				r, err := c.ReadHead("GET")
				if err == nil {
					err = c.ReadUntil(r, "01234")
				}
				if err != nil {
					t.Fatalf("request %d: %v\n%s", i, err, s.Logs())
				}
				_, _ = io.WriteString(in, "K\n")
				testkit.Eventually(t, "the keys change", out.has("SSL_do_handshake -> 1", i))
				_, _ = io.WriteString(in, "56789")
				if err := c.ReadBody(r); err != nil || string(r.Body) != "0123456789" {
					t.Fatalf("request %d: %q, %v\n%s", i, r.Body, err, s.Logs())
				}
			}
			if !out.has("BEGIN SSL SESSION", 1)() || out.has("BEGIN SSL SESSION", 2)() {
				t.Error("it was not one connection")
			}
		})
	}
}
