package ops

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// lowPort is an address with a port that only root may bind, which no other
// test has.
func lowPort() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:81", 64+pid>>16&63, pid>>8&255, pid&255)
}

// TestLowPort: a reload adds a port below 1024 and a log, and another one removes them
// after the server has become www-data.
func TestLowPort(t *testing.T) {
	r := newRig(t)
	server, _ := r.start()
	if uid := statusLine(t, server, "Uid:"); strings.HasPrefix(uid, "0") {
		t.Errorf("the server is still root: %s", uid)
	}
	low := lowPort()
	r.listen(r.addr(), low)
	r.write("etc/apache2.conf", r.read("etc/apache2.conf")+"CustomLog ${APACHE_LOG_DIR}/more.log %U\n")
	r.must(0, "reloaded", "reload", r.conf)
	if err := r.getPath(low, "/low"); err != nil {
		t.Error(err)
	}
	testkit.Eventually(t, "a line in the new log", func() bool { return strings.Contains(r.read("log/more.log"), "/low\n") })
	r.must(0, low, "status", r.conf)
	r.listen(r.addr())
	r.must(0, "reloaded", "reload", r.conf)
	testkit.Eventually(t, "the port is free", func() bool {
		l, err := net.Listen("tcp", low)
		if err == nil {
			_ = l.Close()
		}
		return err == nil
	})
	// A port of another process: the reload fails and reports it, and so does -k graceful.
	busy, err := net.Listen("tcp", low)
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	r.listen(r.addr(), low)
	r.must(1, "could not bind to address "+low, "reload", r.conf)
	r.must(1, "could not bind to address "+low, "-k", "graceful", "-f", r.conf)
	r.must(0, "failed: could not bind to address "+low, "status", r.conf)
	if err := r.get(r.addr()); err != nil {
		t.Errorf("after a reload that failed: %v", err)
	}
}

// TestHelper: the rights and descriptors of the helper, and signals that must not end it.
func TestHelper(t *testing.T) {
	r := newRig(t)
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: r.dir + "/notify", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	var told strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := notify.Read(buf)
			if err != nil {
				return
			}
			told.Write(append(buf[:n:n], '\n'))
		}
	}()
	server, helper := r.start("NOTIFY_SOCKET="+r.dir+"/notify", "WATCHDOG_USEC=30000000")
	r.must(0, "reloaded", "reload", r.conf)
	for _, row := range []struct{ field, want string }{
		{"Uid:", "0\t0\t0\t0"}, {"NoNewPrivs:", "1"}, {"CapEff:", "0000000000000406"}, {"CapBnd:", "0000000000000406"},
	} {
		if got := statusLine(t, helper, row.field); got != row.want {
			t.Errorf("%s %q, want %q", row.field, got, row.want)
		}
	}
	if own, err := strconv.Atoi(strings.Fields(statusLine(t, helper, "RssAnon:"))[0]); err != nil || own > 16<<10 && os.Getenv("HEADGATE_RACE") == "" {
		t.Errorf("%d kB of private memory %v", own, err)
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", helper))
	if err != nil || strings.Contains(string(env), "NOTIFY_SOCKET") {
		t.Errorf("it could send notifications for the server to systemd: %v", err)
	}
	// A log that it opened for the server stays open until the server has it.
	testkit.Eventually(t, "it keeps only its socket to the server", func() bool {
		sockets, others := 0, 0
		for fd, to := range descriptors(t, helper) {
			switch {
			case fd <= 2 && to == os.DevNull, strings.HasPrefix(to, "anon_inode:"), strings.HasPrefix(to, "/sys/fs/cgroup/"):
			case strings.HasPrefix(to, "socket:"):
				sockets++
			default:
				others++
			}
		}
		return sockets == 1 && others == 0
	})
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGWINCH} {
		if err := syscall.Kill(helper, sig); err != nil {
			t.Fatal(err)
		}
	}
	before := len(descriptors(t, server))
	for range 5 {
		r.must(0, "reloaded", "reload", r.conf) // it still responds
	}
	testkit.Eventually(t, "no more descriptors in the server than before", func() bool { return len(descriptors(t, server)) <= before })
	r.must(0, "stopped", "stop", r.conf)
	r.ends("the helper", helper)
	r.clean()
	_ = notify.Close()
	<-read
	for _, word := range []string{"READY=1\n", "RELOADING=1\n", "STOPPING=1\n"} {
		if !strings.Contains(told.String(), word) {
			t.Errorf("systemd was not told %q", word)
		}
	}
}

// TestKilled: the server or the helper is killed.
func TestKilled(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		r := newRig(t)
		server, helper := r.start()
		if err := syscall.Kill(server, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		r.ends("the helper", helper)
		r.clean()
		r.must(3, "not running", "status", r.conf)
		_, helper = r.start()
		r.must(0, "stopped", "stop", "--now", r.conf)
		r.ends("the helper", helper)
	})
	t.Run("helper", func(t *testing.T) {
		r := newRig(t)
		server, helper := r.start()
		if err := syscall.Kill(helper, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the log says so", func() bool {
			return strings.Contains(r.read("log/error.log"), "the privileged helper ended (signal: killed)")
		})
		if err := os.Rename(r.dir+"/log/access.log", r.dir+"/log/access.log.1"); err != nil {
			t.Fatal(err)
		}
		// Files that it cannot reopen stay open, and the reload reports it.
		r.must(0, "could not reopen "+r.dir+"/log/access.log", "reload", r.conf)
		if err := r.getPath(r.addr(), "/still"); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "a line in the file that is open", func() bool {
			return strings.Contains(r.read("log/access.log.1"), "/still")
		})
		r.listen(r.addr(), lowPort())
		r.must(1, "the privileged helper has ended", "reload", r.conf)
		r.must(0, "stopped", "stop", r.conf)
		r.ends("the server", server)
	})
}

// TestLinkForLog: the server's user may write to the folder of a log and has put
// a link there. The target of the link must not change.
func TestLinkForLog(t *testing.T) {
	r := newRig(t)
	r.start()
	open := filepath.Join(r.dir, "open")
	r.write("precious", "text\n")
	if err := os.Chmod(r.dir+"/precious", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(open, 33, 33); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(r.dir+"/precious", open+"/x.log"); err != nil {
		t.Fatal(err)
	}
	r.write("etc/apache2.conf", r.read("etc/apache2.conf")+"CustomLog "+open+"/x.log %U\n")
	r.must(1, "may write to the folder "+open, "reload", r.conf)
	if got := r.read("precious"); got != "text\n" {
		t.Errorf("it has %q", got)
	}
}

// statusLine returns a line of /proc/PID/status.
func statusLine(t *testing.T, pid int, field string) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("no %s", field)
	return ""
}

// descriptors returns the targets of the descriptors of a process.
func descriptors(t *testing.T, pid int) map[int]string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]string{}
	for _, e := range list {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // it was closed meanwhile
		}
		fd, _ := strconv.Atoi(e.Name())
		all[fd] = to
	}
	return all
}
