package unixd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// The test binary also plays the child processes.
const envRole = "UNIXD_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

func play(role string) int {
	ready, err := ReadinessFromEnv(os.Getenv, os.Unsetenv)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	switch role {
	case "wait": // until the signal, or until the starter is gone
		fmt.Println("up")
		io.Copy(io.Discard, os.Stdin)
	case "serve":
		sid, _ := unix.Getsid(0)
		fmt.Printf("leader=%v announced=%q\n", sid == os.Getpid(), os.Getenv(envReady))
		ready.Ready()
	case "fail":
		fmt.Println("to the log")
		ready.Fail(errors.New("could not bind to address [::]:80"))
		return 1
	case "die":
		return 3
	case "hang":
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGTERM)
		<-told // no report, ever; killed by the starter
	case "drop":
		return playDrop()
	}
	return 0
}

func playDrop() int {
	if err := Drop(os.Getenv("DROP_USER"), os.Getenv("DROP_GROUP"), os.Getenv("DROP_CHROOT")); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	groups, _ := os.Getgroups()
	_, seen := os.Stat("/marker")
	fmt.Printf("%d %d %v marker=%v setuid=%v\n", os.Getuid(), os.Getgid(), groups, seen == nil, syscall.Setuid(0))
	return 0
}

// child prepares a run of this binary in a role.
func child(t *testing.T, role string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), append(env, envRole+"="+role)...)
	return cmd
}

// waiting starts a child that runs until stop; it is not waited for before, and
// so becomes a zombie when killed.
func waiting(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
	return cmd
}
