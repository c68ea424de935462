package ops

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rig is a tree like Debian's with a server that root starts: the logs are
// owned by root and closed to www-data, the run folder does not exist yet.
type rig struct {
	*testing.T
	dir, bin, conf string
	port           int
}

const (
	envvars = `export APACHE_RUN_USER=www-data
export APACHE_RUN_GROUP=www-data
export APACHE_PID_FILE=@DIR@/run/apache2/apache2.pid
export APACHE_LOG_DIR=@DIR@/log
`
	apache2 = `ServerRoot @DIR@/etc
ServerName debian
PidFile ${APACHE_PID_FILE}
User ${APACHE_RUN_USER}
Group ${APACHE_RUN_GROUP}
ErrorLog ${APACHE_LOG_DIR}/error.log
CustomLog ${APACHE_LOG_DIR}/access.log "%r %>s"
IncludeOptional ports.conf
`
)

func newRig(t *testing.T) *rig {
	t.Helper()
	if os.Geteuid() != 0 {
		testkit.Skip(t, "needs root, for a server that gives up root for its User")
	}
	if _, err := user.Lookup("www-data"); err != nil {
		testkit.Skip(t, "needs a user www-data")
	}
	dir, err := os.MkdirTemp("", "headgate-ops-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &rig{T: t, dir: dir, bin: testkit.Binary(t), conf: filepath.Join(dir, "etc/apache2.conf"), port: testkit.FreePort(t)}
	group := 0
	if adm, err := user.LookupGroup("adm"); err == nil {
		group, _ = strconv.Atoi(adm.Gid)
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(dir+"/etc", 0o755), os.Mkdir(dir+"/log", 0o750),
		os.Chmod(dir+"/log", 0o750), os.Chown(dir+"/log", 0, group)); err != nil {
		t.Fatal(err)
	}
	r.write("etc/envvars", strings.ReplaceAll(envvars, "@DIR@", dir))
	r.write("etc/apache2.conf", strings.ReplaceAll(apache2, "@DIR@", dir))
	r.listen(fmt.Sprintf("127.0.0.1:%d", r.port))
	return r
}

func (r *rig) write(name, text string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(r.dir, name)) // "" if there is none
	return string(b)
}

// listen writes the addresses to listen on.
func (r *rig) listen(addrs ...string) {
	r.Helper()
	r.write("etc/ports.conf", "Listen "+strings.Join(addrs, "\nListen ")+"\n")
}

// run runs the binary to its end.
func (r *rig) run(args ...string) (code int, said string) {
	r.Helper()
	cmd := exec.Command(r.bin, args...)
	out, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		r.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// must runs the binary and requires an exit code, and words in its output.
func (r *rig) must(code int, says string, args ...string) {
	r.Helper()
	if got, said := r.run(args...); got != code || !strings.Contains(said, says) {
		r.Fatalf("headgate %s: exit %d, want %d and %q:\n%s\n%s", strings.Join(args, " "), got, code, says, said, r.read("log/error.log"))
	}
}

// start starts the server in the foreground, with a descriptor that its parent did not
// close, and returns the process and its helper.
func (r *rig) start(env ...string) (server, helper int) {
	r.Helper()
	stray, err := os.Open("/etc/passwd")
	if err != nil {
		r.Fatal(err)
	}
	defer stray.Close()
	cmd := exec.Command(r.bin, "-X", "-f", r.conf)
	cmd.Env = append(os.Environ(), env...)
	cmd.ExtraFiles = []*os.File{stray, stray, stray}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // tests end it in many ways
	}()
	r.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	if !testkit.Poll(testkit.Patience, func() bool { return r.get(r.addr()) == nil }) {
		r.Fatalf("it does not serve: %s%s", &said, r.read("log/error.log"))
	}
	return cmd.Process.Pid, r.helperOf(cmd.Process.Pid)
}

func (r *rig) addr() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }

// get requests a page; 404 is a valid response.
func (r *rig) get(addr string) error { return r.getPath(addr, "/") }

func (r *rig) getPath(addr, path string) error {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: testkit.Patience}
	res, err := c.Get("http://" + addr + path)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Body.Close()
}

// helperOf finds the privileged helper of a server.
func (r *rig) helperOf(server int) int {
	r.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		r.Fatal(err)
	}
	for _, name := range all {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		after := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(after) > 1 && after[1] == strconv.Itoa(server) {
			pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
			return pid
		}
	}
	r.Fatal("the server has no helper")
	return 0
}

// ends waits until a process has ended.
func (r *rig) ends(what string, pid int) {
	r.Helper()
	testkit.Eventually(r, "the end of "+what, func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

// clean requires an empty run folder.
func (r *rig) clean() {
	r.Helper()
	testkit.Eventually(r, "an empty run folder", func() bool {
		left, err := os.ReadDir(filepath.Join(r.dir, "run/apache2"))
		return err == nil && len(left) == 0
	})
}
