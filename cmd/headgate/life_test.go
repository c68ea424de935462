package main_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// writeConf writes a configuration of a server in its own folder.
func writeConf(t *testing.T, more string) (file string, port int) {
	t.Helper()
	dir := t.TempDir()
	port = testkit.FreePort(t)
	file = filepath.Join(dir, "httpd.conf")
	text := fmt.Sprintf("ServerRoot %q\nServerName life\nListen 127.0.0.1:%d\nPidFile run.pid\nErrorLog error.log\n%s", dir, port, more)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file, port
}

func answers(port int) bool {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: testkit.Patience}
	res, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode == 404
}

func pidOf(t *testing.T, file string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(filepath.Dir(file), "run.pid"))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}

// TestControl tests -k: the start detaches and reports the truth, and the
// server that was started obeys.
func TestControl(t *testing.T) {
	file, port := writeConf(t, "")
	k := func(word string, code int, says string) {
		t.Helper()
		r := run(t, "-f", file, "-k", word)
		if r.code != code || !strings.Contains(r.out+r.errOut, says) {
			t.Fatalf("-k %s: exit %d, want %d and %q\n%s%s", word, r.code, code, says, r.out, r.errOut)
		}
	}
	t.Cleanup(func() {
		if pid := pidOf(t, file); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // only if the test failed
		}
	})
	k("stop", 0, "not running")
	k("start", 0, "")
	if !answers(port) {
		t.Fatal("started, but nobody answers")
	}
	k("start", 0, "already running")
	k("graceful", 0, "")
	testkit.Eventually(t, "the reload in the log", func() bool {
		b, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "error.log"))
		return strings.Count(string(b), "resuming normal operations") == 2
	})
	good, _ := os.ReadFile(file)
	if err := os.WriteFile(file, append(good, "Foo bar\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	k("graceful", 1, "AH00526: Syntax error on line 6")
	k("start", 1, "AH00526: Syntax error on line 6")
	if !answers(port) {
		t.Fatal("nobody answers after a refused reload")
	}
	k("stop", 0, "") // a broken file must not prevent a stop
	if answers(port) {
		t.Fatal("stopped, but somebody answers")
	}
	if err := os.WriteFile(file, good, 0o644); err != nil {
		t.Fatal(err)
	}
	k("restart", 0, "not running, trying to start")
	k("graceful-stop", 0, "")
	testkit.Eventually(t, "the pid file goes", func() bool { return pidOf(t, file) == 0 })
}

// TestSecondStart: the process that holds the port is named, in the foreground
// and detached.
func TestSecondStart(t *testing.T) {
	file, port := writeConf(t, "")
	first := exec.Command(testkit.Binary(t), "-X", "-f", file)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = first.Process.Signal(syscall.SIGTERM)
		if err := first.Wait(); err != nil {
			t.Errorf("the first server ended with %v", err)
		}
	}()
	testkit.Eventually(t, "the first server answers", func() bool { return answers(port) })
	other, _ := writeConf(t, "")
	text, _ := os.ReadFile(other)
	lines := strings.Split(string(text), "\n")
	lines[2] = fmt.Sprintf("Listen 127.0.0.1:%d", port)
	if err := os.WriteFile(other, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("AH00072: make_sock: could not bind to address 127.0.0.1:%d (held by headgate, pid %d)\nno listening sockets available, shutting down\n", port, first.Process.Pid)
	for _, args := range [][]string{{"-X"}, {"-k", "start"}} {
		if r := run(t, append(args, "-f", other)...); r.code != 1 || !strings.HasSuffix(r.errOut, want) {
			t.Errorf("%v: exit %d\n%s\nwant\n%s", args, r.code, r.errOut, want)
		}
	}
	if r := run(t, "-k", "start", "-f", file); r.code != 0 || !strings.Contains(r.out, "already running") {
		t.Errorf("second start of the same file: exit %d\n%s%s", r.code, r.out, r.errOut)
	}
}

// TestDemo runs the demo as make run does, and stops it as Ctrl-C does.
func TestDemo(t *testing.T) {
	port, secure := testkit.FreePort(t), testkit.FreePort(t)
	cmd := exec.Command(testkit.Binary(t), "demo", "--port", strconv.Itoa(port), "--tls-port", strconv.Itoa(secure))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stderr)
	for said.Scan() && !strings.Contains(said.Text(), "Ctrl-C") {
	}
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	c := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}, Timeout: testkit.Patience}
	ask := func(path, want string) {
		t.Helper()
		send := func() (*http.Response, error) { return c.Post(base+path, "text/plain", strings.NewReader("some body")) }
		if path == "/" || path == "/balancer-manager" {
			send = func() (*http.Response, error) { return c.Get(base + path) }
		}
		res, err := send()
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 || !strings.Contains(string(b), want) {
			t.Errorf("%s: %d %v, no %q in\n%.500s", path, res.StatusCode, err, want, b)
		}
	}
	ask("/", "X-Forwarded-For:</b> 127.0.0.1")
	ask("/echo/hello", "POST /hello HTTP/1.1")
	ask("/balancer-manager", "balancer://echo")
	base = fmt.Sprintf("https://127.0.0.1:%d", secure)
	ask("/", "X-Tls:</b> TLSv1.3 TLS_AES_128_GCM_SHA256")
	ask("/echo/hello", "X-Forwarded-Proto: https")
	ask("/balancer-manager", "balancer://echo")
	res, err := c.Get(base + "/events")
	if err != nil {
		t.Fatal(err)
	}
	events := bufio.NewReader(res.Body)
	for range 3 { // two events arrive separately
		if _, err := events.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	// The stream is open during the stop.
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stderr)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	_ = res.Body.Close()
}

func TestProxy(t *testing.T) {
	file, backend := writeConf(t, "")
	b := exec.Command(testkit.Binary(t), "run", file)
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	port := testkit.FreePort(t)
	p := exec.Command(testkit.Binary(t), "proxy", "--from", fmt.Sprintf("127.0.0.1:%d", port), "--to", fmt.Sprintf("http://127.0.0.1:%d", backend))
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the answer of the server behind it", func() bool { return answers(port) })
	for _, cmd := range []*exec.Cmd{p, b} {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v ended with %v", cmd.Args[1], err)
		}
	}
}

// A backend by https:// is checked by the authorities of SSL_CERT_FILE, unless that
// is not wanted.
func TestProxyToTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	origin := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	origin.Config.ErrorLog = log.New(io.Discard, "", 0)
	origin.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}}
	origin.StartTLS()
	defer origin.Close()
	own, other := filepath.Join(t.TempDir(), "own.pem"), filepath.Join(t.TempDir(), "other.pem")
	for file, text := range map[string][]byte{
		own: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), other: []byte(testkit.CertFiles()["certs/www.crt"]),
	} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	to := strings.Replace(origin.URL, "127.0.0.1", "localhost", 1)
	for _, tt := range []struct {
		trust  string
		args   []string
		status int
	}{{own, nil, 200}, {other, nil, 500}, {other, []string{"--insecure"}, 200}} {
		port := testkit.FreePort(t)
		p := exec.Command(testkit.Binary(t), append([]string{"proxy", "--from", fmt.Sprintf("127.0.0.1:%d", port), "--to", to}, tt.args...)...)
		p.Env = append(os.Environ(), "SSL_CERT_FILE="+tt.trust)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		status := 0
		testkit.Eventually(t, "a response", func() bool {
			r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
			if err == nil {
				status = r.StatusCode
				_ = r.Body.Close()
			}
			return err == nil
		})
		if status != tt.status {
			t.Errorf("%v: status %d, want %d", tt, status, tt.status)
		}
		_ = p.Process.Signal(os.Interrupt)
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	}
}
