package unixd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// deadPID returns the number of a process that has ended and was waited for.
func deadPID(t *testing.T) int {
	t.Helper()
	cmd := child(t, "die")
	cmd.Run()
	return cmd.Process.Pid
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPidFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pid")
	own := os.Getpid()
	write := func(what, before, wantNotice string) {
		t.Helper()
		if before != "" {
			put(t, path, before)
		}
		notice, err := WritePidFile(path, own)
		pid, rerr := ReadPidFile(path)
		if err != nil || rerr != nil || pid != own || notice != wantNotice {
			t.Errorf("%s: %d %v %v\n%q\n%q", what, pid, err, rerr, notice, wantNotice)
		}
	}
	dead := deadPID(t)
	write("new", "", "")
	write("again", "", "")
	write("stale", strconv.Itoa(dead)+"\n", fmt.Sprintf("AH00098: pid file %s overwritten -- Unclean shutdown of previous run (pid %d)?", path, dead))
	write("garbage", "garbage\n", "pid file "+path+" held no process id: replaced")
	write("zero", "0\n", "pid file "+path+" held no process id: replaced")

	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o644 {
		t.Error(st.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Error(left)
	}
	if err := RemovePidFile(path, own+1); err != nil {
		t.Error(err)
	}
	if _, err := ReadPidFile(path); err != nil {
		t.Error("removed somebody else's file", err)
	}
	if err := RemovePidFile(path, own); err != nil {
		t.Error(err)
	}
	if _, err := ReadPidFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestPidFileOfTheLiving(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pid")
	twin := waiting(t, child(t, "wait")).Process
	put(t, path, strconv.Itoa(twin.Pid))
	var re *RunningError
	if _, err := WritePidFile(path, os.Getpid()); !errors.As(err, &re) || re.PID != twin.Pid {
		t.Error(err)
	}
	if runtime.GOOS != "linux" {
		testkit.Skip(t, "programs are told apart on Linux only")
	}
	stranger := waiting(t, exec.Command("cat")).Process
	put(t, path, strconv.Itoa(stranger.Pid))
	if notice, err := WritePidFile(path, os.Getpid()); err != nil || notice == "" {
		t.Error("a stranger with the number stopped us:", notice, err)
	}
}

func TestPidFileIsNoWayOut(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "x.pid"), filepath.Join(dir, "victim")
	put(t, victim, "precious")
	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	if _, err := WritePidFile(path, os.Getpid()); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(victim); string(b) != "precious" {
		t.Errorf("wrote through a link: %q", b)
	}
}

func TestRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pid")
	dead := deadPID(t)
	for _, tt := range []struct{ text, want string }{
		{"", "httpd (no pid file) not running"},
		{strconv.Itoa(dead), fmt.Sprintf("httpd (pid %d?) not running", dead)},
		{"x", "AH00058: error retrieving pid file " + path + ": not a process id; AH00059: remove it before continuing if it is corrupted"},
		{"-1", "AH00058: error retrieving pid file " + path + ": not a process id; AH00059: remove it before continuing if it is corrupted"},
	} {
		if tt.text != "" {
			put(t, path, tt.text)
		}
		if _, err := Running("httpd", path); fmt.Sprint(err) != tt.want {
			t.Errorf("%q: %v\nwant %v", tt.text, err, tt.want)
		}
	}
	if runtime.GOOS == "linux" {
		put(t, path, strconv.Itoa(waiting(t, exec.Command("cat")).Process.Pid))
		var not *NotRunningError
		if _, err := Running("httpd", path); !errors.As(err, &not) {
			t.Error("found a stranger:", err)
		}
	}
}

func TestSignalAndWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pid")
	cmd := waiting(t, child(t, "wait"))
	put(t, path, strconv.Itoa(cmd.Process.Pid))
	h, err := Running("httpd", path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()

	// The deadline is on the test's clock: the third pause is one too many.
	var slept []time.Duration
	late := errors.New("late")
	err = h.Wait(context.Background(), func(_ context.Context, d time.Duration) error {
		if slept = append(slept, d); len(slept) == 3 {
			return late
		}
		return nil
	})
	if !errors.Is(err, late) || fmt.Sprint(slept) != "[1ms 2ms 4ms]" {
		t.Error(err, slept)
	}

	stop, _ := LookupWord("stop")
	if err := h.Signal(stop.Signal); err != nil {
		t.Fatal(err)
	}
	// Its parent has not waited for it yet, so a zombie must count as ended.
	limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := h.Wait(limit, Sleep); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Error(err)
	}
	if err := h.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]syscall.Signal{"stop": syscall.SIGTERM, "graceful": syscall.SIGUSR1, "restart": syscall.SIGHUP, "graceful-stop": syscall.SIGWINCH} {
		if w, ok := LookupWord(name); !ok || w.Signal != want || w.Doc == "" || w.Starts == w.Ends {
			t.Errorf("%s: %+v", name, w)
		}
	}
	if _, ok := LookupWord("start"); ok {
		t.Error("start signals nobody")
	}
}

func FuzzParsePid(f *testing.F) {
	f.Add([]byte("12\n"))
	f.Add([]byte("-1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if pid, err := parsePid(text); (err == nil) != (pid > 0) {
			t.Error(pid, err)
		}
	})
}
