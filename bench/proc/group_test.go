//go:build linux

package proc

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestRun(t *testing.T) {
	var g Group
	defer g.Close()
	out, err := g.Run(context.Background(), Command{Args: []string{"sh", "-c", "echo $WORD"}, Env: []string{"WORD=hello"}})
	if err != nil || out != "hello\n" {
		t.Errorf("%q, %v", out, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Run(ctx, Command{Args: []string{"cat"}}); err == nil {
		t.Error("a run that was given up has no error")
	}
}

// TestClose ends a process that ignores SIGTERM, and its child.
func TestClose(t *testing.T) {
	var g Group
	p, err := g.Start(Command{Args: []string{"sh", "-c", "trap '' TERM; sleep 60 & echo $!; cat"}, Talk: true})
	if err != nil {
		t.Fatal(err)
	}
	child, err := p.Hear(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if tree := fmt.Sprint(Tree(p.PID)); !strings.Contains(tree, child) {
		t.Errorf("%s is not among %s", child, tree)
	}
	g.Close()
	if !p.Exited() {
		t.Error("it still runs")
	}
	gone(t, p.PID)
}

// TestGuard: the guard ends the processes left in its list, and no others.
func TestGuard(t *testing.T) {
	var g Group
	defer g.Close()
	cat := Command{Args: []string{"cat"}, Talk: true}
	left, err := g.Start(cat)
	if err != nil {
		t.Fatal(err)
	}
	other, err := g.Start(cat)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "x")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	list := fmt.Sprintf("%d\n%d\n-%d\n", left.PID, other.PID, other.PID)
	if err := Guard(strings.NewReader(list), dir); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the process left in the list ends", left.Exited)
	if other.Exited() {
		t.Error("the other has ended")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func gone(t *testing.T, group int) {
	t.Helper()
	testkit.Eventually(t, "the process group is gone", func() bool { return syscall.Kill(-group, 0) == syscall.ESRCH })
}
