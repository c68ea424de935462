package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestInstance: run prints what it serves; reload, stop and status talk to it
// and return the outcome.
func TestInstance(t *testing.T) {
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	file, port := writeConf(t, fmt.Sprintf("CustomLog access.log %%h\nProxyPass /wait http://%s/\n", backend.Addr())+
		"<VirtualHost *>\nServerName one.test\n</VirtualHost>\n<VirtualHost *>\nServerName two.test\n</VirtualHost>\n")
	dir := filepath.Dir(file)
	cmd := exec.Command(testkit.Binary(t), "run", file)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	testkit.Eventually(t, "an answer", func() bool { return answers(port) })
	pid := cmd.Process.Pid

	at := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
	said1 := func(args ...string) result {
		r := run(t, append(args, file)...)
		r.out = at.ReplaceAllString(r.out, "TIME")
		return r
	}
	check := func(code int, out string, args ...string) {
		t.Helper()
		if r := said1(args...); r.code != code || r.out != out {
			t.Fatalf("%v: exit %d\n%s%s\nwant %d\n%s", args, r.code, r.out, r.errOut, code, out)
		}
	}
	status := func(generation int, last string) string {
		return fmt.Sprintf(`state         running
pid           %d
version       Headgate/X
since         TIME
configuration %s, generation %d since TIME
last reload   %s
listens on    127.0.0.1:%[5]d (http://127.0.0.1:%[5]d/)
requests      0 running, 0 connections
`, pid, file, generation, last, port)
	}
	testkit.Eventually(t, "no connection", func() bool { return strings.Contains(said1("status").out, "0 connections") })
	check(0, status(1, "none"), "status")
	check(0, fmt.Sprintf("headgate: reloaded (pid %d, configuration 2)\n", pid), "reload")
	check(0, status(2, "TIME: done"), "status")

	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Found only by the running server: another process has the port.
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, row := range []struct{ more, says string }{
		{"Listen " + busy.Addr().String(), "reload failed: could not bind to address " + busy.Addr().String() + ": address already in use"},
		{"Foo bar", "Invalid command 'Foo'"},
	} {
		if err := os.WriteFile(file, append(good[:len(good):len(good)], row.more+"\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"reload"}, {"reload", "-f"}, {"-k", "graceful", "-f"}, {"-k", "restart", "-f"}} {
			if r := said1(args...); r.code != 1 || !strings.Contains(r.errOut, row.says) {
				t.Errorf("%v: exit %d, want 1 and %q\n%s%s", args, r.code, row.says, r.out, r.errOut)
			}
		}
	}
	if r := said1("status"); !strings.Contains(r.out, "last reload   TIME: failed: the configuration has an error\n              "+file+":") {
		t.Errorf("after a reload that failed:\n%s", r.out)
	}
	if err := os.WriteFile(file, good, 0o644); err != nil {
		t.Fatal(err)
	}
	check(0, "", "-k", "graceful", "-f") // httpd's form prints nothing on success

	stopWhileWaiting(t, file, port, backend)
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	want := fmt.Sprintf(`headgate: serving %[1]s (pid %[2]d)
  open        http://127.0.0.1:%[3]d/
  listens on  127.0.0.1:%[3]d
  hosts       life, one.test, two.test
  error log   %[4]s/error.log
  access log  %[4]s/access.log
  reload      headgate reload %[1]s
  stop        Ctrl-C, or headgate stop %[1]s
`, file, pid, port, dir)
	if !strings.HasSuffix(said.String(), want) { // as root it prints more before
		t.Errorf("run said\n%s\nwant\n%s", &said, want)
	}
	if r := said1("status"); r.code != 3 || r.out != "headgate (no pid file) not running\n" {
		t.Errorf("after the end: exit %d %s", r.code, r.out)
	}
}

// stopWhileWaiting stops the server while a request waits for its backend: a
// graceful stop waits with it, status reports that, and stop --now ends both.
func stopWhileWaiting(t *testing.T, file string, port int, backend net.Listener) {
	t.Helper()
	client, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := io.WriteString(client, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	slow, err := backend.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	waiting := exec.Command(testkit.Binary(t), "stop", file)
	out, err := waiting.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "a server that stops, with a request", func() bool {
		r := run(t, "status", "--json", file)
		var st struct {
			State    string
			Requests int
		}
		return json.Unmarshal([]byte(r.out), &st) == nil && st.State == "stopping" && st.Requests == 1
	})
	if r := run(t, "reload", file); r.code != 1 || !strings.Contains(r.errOut, "the server is stopping") {
		t.Errorf("reload: exit %d %s", r.code, r.errOut)
	}
	if r := run(t, "stop", "--now", file); r.code != 0 || !strings.Contains(r.out, "stopped (pid ") {
		t.Errorf("stop --now: exit %d %s%s", r.code, r.out, r.errOut)
	}
	b, _ := io.ReadAll(out)
	if err := waiting.Wait(); err != nil || !strings.Contains(string(b), "stopped (pid ") {
		t.Errorf("stop: %v %s", err, b)
	}
}
