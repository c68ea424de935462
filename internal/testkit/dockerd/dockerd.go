// Package dockerd starts a Docker daemon for the tests of a package, with folders, a
// socket and a network for itself, and an image whose only file is a static program.
// Tests are skipped, with one visible line, where there is no daemon to start or
// where they do not run as root.
package dockerd

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/headgate/headgate/internal/testkit"
)

// Image is the image of the program, Network the network that containers are in.
const (
	Image   = "headgate-test"
	Network = "headgate-test"
)

// Daemon is a daemon that runs.
type Daemon struct {
	*client.Client
	Socket string // its path

	dir  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	turn *os.File      // locked: one package at a time
}

// shared is the daemon of the package.
var shared struct {
	once sync.Once
	d    *Daemon
	why  error
}

// errNone says that tests with a daemon cannot run here.
var errNone = errors.New("no Docker daemon can be started")

// Need returns the daemon of this package, which is started at first use.
func Need(t testing.TB) *Daemon {
	t.Helper()
	if os.Geteuid() != 0 {
		testkit.Skip(t, "a Docker daemon is started by root only")
	}
	if _, err := exec.LookPath("dockerd"); err != nil {
		testkit.SkipPeer(t, "no dockerd installed (scripts/install-peers installs docker.io)")
	}
	shared.once.Do(func() { shared.d, shared.why = begin() })
	if errors.Is(shared.why, errNone) {
		testkit.Skip(t, shared.why.Error())
	}
	if shared.why != nil {
		t.Fatal(shared.why)
	}
	return shared.d
}

// begin starts the daemon and makes its image and network.
func begin() (d *Daemon, err error) {
	dir, err := os.MkdirTemp("", "hgd")
	if err != nil {
		return nil, err
	}
	d = &Daemon{dir: dir, Socket: filepath.Join(dir, "d.sock")}
	defer func() {
		if err != nil {
			d.End()
			d = nil
		}
	}()
	if d.turn, err = os.OpenFile(filepath.Join(os.TempDir(), "headgate-dockerd.lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return d, err
	}
	if err = syscall.Flock(int(d.turn.Fd()), syscall.LOCK_EX); err != nil {
		return d, err
	}
	if err = makeBridge(); err != nil {
		return d, fmt.Errorf("%w: %w", errNone, err)
	}
	if err = d.Start(); err != nil {
		return d, err
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if err = d.image(ctx); err != nil {
		return d, err
	}
	if _, err = d.NetworkCreate(ctx, Network, client.NetworkCreateOptions{Driver: "bridge"}); err == nil {
		testkit.AtEnd(d.End)
	}
	return d, err
}

// Start starts the process, at first or again after Kill.
func (d *Daemon) Start() error {
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Containers go on without it; the machine's firewall and its docker0 are left alone.
	d.cmd = exec.Command("dockerd", "--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"),
		"-H", "unix://"+d.Socket, "-p", filepath.Join(d.dir, "pid"), "--live-restore", "--bridge", bridgeName(),
		"--iptables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false", "--log-level", "warn")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	d.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		defer close(done)
		_ = cmd.Wait()
	}(d.cmd, d.done)
	if d.Client == nil {
		if d.Client, err = client.New(client.WithHost("unix://" + d.Socket)); err != nil {
			return err
		}
	}
	up := testkit.Poll(30*time.Second, func() bool {
		_, err := d.Ping(context.Background(), client.PingOptions{})
		return err == nil || d.ended()
	})
	if !up || d.ended() {
		text, _ := os.ReadFile(filepath.Join(d.dir, "log"))
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		return fmt.Errorf("%w: %s", errNone, lines[len(lines)-1])
	}
	return nil
}

func (d *Daemon) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// Kill ends the daemon; its containers go on.
func (d *Daemon) Kill() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	<-d.done
}

// image makes the image.
func (d *Daemon) image(ctx context.Context) error {
	app, err := d.build()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: int64(len(app))}); err != nil {
		return err
	}
	if _, err := w.Write(app); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	res, err := d.ImageImport(ctx, client.ImageImportSource{SourceName: "-", Source: &b}, Image,
		client.ImageImportOptions{Tag: "latest", Changes: []string{`ENTRYPOINT ["/app"]`, "EXPOSE 8080"}})
	if err != nil {
		return err
	}
	defer res.Close()
	_, err = io.Copy(io.Discard, res)
	return err
}

// build builds the program of the containers.
func (d *Daemon) build() ([]byte, error) {
	root, err := testkit.Root()
	if err != nil {
		return nil, err
	}
	out := filepath.Join(d.dir, "app")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, "./internal/testkit/dockerd/app")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the program of the containers: %w: %s", err, text)
	}
	return os.ReadFile(out)
}

// End ends the daemon with all of its containers, and removes its folders.
func (d *Daemon) End() {
	if d.Client != nil && d.done != nil && !d.ended() {
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		if all, err := d.ContainerList(ctx, client.ContainerListOptions{All: true}); err == nil {
			for _, c := range all.Items {
				_, _ = d.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true})
			}
		}
		_, _ = d.NetworkRemove(ctx, Network, client.NetworkRemoveOptions{})
	}
	if d.done != nil {
		_ = d.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-d.done:
		case <-time.After(20 * time.Second):
			_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL)
			<-d.done
		}
	}
	if d.Client != nil {
		_ = d.Client.Close()
	}
	dropBridge()
	if d.dir != "" {
		d.unmount()
		_ = os.RemoveAll(d.dir)
	}
	if d.turn != nil {
		_ = d.turn.Close()
	}
}

// unmount removes mounts that are left below the folder, the inner ones first.
func (d *Daemon) unmount() {
	text, _ := os.ReadFile("/proc/self/mounts")
	lines := strings.Split(string(text), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if f := strings.Fields(lines[i]); len(f) > 1 && strings.HasPrefix(f[1], d.dir+"/") {
			_ = syscall.Unmount(f[1], syscall.MNT_DETACH)
		}
	}
}
