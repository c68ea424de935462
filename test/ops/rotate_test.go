package ops

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestRotate rotates twice with the real logrotate and the file in contrib/. Each
// time new lines go to the new file, of both logs.
func TestRotate(t *testing.T) {
	r := newRig(t)
	program, err := exec.LookPath("logrotate")
	if err != nil {
		if program = "/usr/sbin/logrotate"; !exists(program) {
			testkit.SkipPeer(t, "no logrotate installed (scripts/install-peers installs it)")
		}
	}
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile(filepath.Join(root, "contrib/logrotate/headgate"))
	if err != nil {
		t.Fatal(err)
	}
	r.write("rotate.conf", strings.NewReplacer(
		"/var/log/headgate/", r.dir+"/log/", "/usr/bin/headgate", r.bin, "/etc/headgate/headgate.conf", r.conf,
	).Replace(string(shipped)))
	rotate := func() {
		t.Helper()
		out, err := exec.Command(program, "-f", "-s", r.dir+"/state", r.dir+"/rotate.conf").CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Fatalf("logrotate: %v\n%s%s", err, out, r.read("log/error.log"))
		}
	}
	r.must(0, "", "-f", r.conf, "-k", "start")
	t.Cleanup(func() { r.run("stop", "--now", r.conf) }) // only if the test failed
	for _, path := range []string{"/first", "/second", "/third"} {
		if path != "/first" {
			rotate()
		}
		if err := r.getPath(r.addr(), path); err != nil {
			t.Fatal(err)
		}
		want := "GET " + path + " HTTP/1.1 404\n"
		testkit.Eventually(t, want+"in the new file, alone", func() bool { return r.read("log/access.log") == want })
		if path != "/first" && !strings.Contains(r.read("log/error.log"), "resuming normal operations") {
			t.Errorf("error log after %s: %q", path, r.read("log/error.log"))
		}
	}
	if got := r.read("log/access.log.1"); got != "GET /second HTTP/1.1 404\n" {
		t.Errorf("the rotated file has %q", got)
	}
	if st, err := os.Stat(r.dir + "/log/access.log"); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("the new file: %v %v", st.Mode(), err)
	}
	r.must(0, "stopped", "stop", r.conf)
	r.clean()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
