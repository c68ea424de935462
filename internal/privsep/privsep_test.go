package privsep

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/testkit"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rig is a helper on a goroutine with its client.
type rig struct {
	*Client
	dir string
	end chan error

	guard sync.Mutex // guards the fields below: the judge runs on the helper's goroutine
	grant Grant
	wrong error // the judge's error
	reads int
}

// says sets the judge's results.
func (r *rig) says(g Grant, wrong error) {
	r.guard.Lock()
	defer r.guard.Unlock()
	r.grant, r.wrong = g, wrong
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return newRigWith(t, Setup{PID: 42, PidFile: filepath.Join(dir, "run.pid"), Socket: filepath.Join(dir, "run.ctl"), UID: 4000001})
}

// count returns how often the configuration was read.
func (r *rig) count() int {
	r.guard.Lock()
	defer r.guard.Unlock()
	return r.reads
}

func newRigWith(t *testing.T, setup Setup) *rig {
	t.Helper()
	r := &rig{dir: filepath.Dir(setup.PidFile), end: make(chan error, 1)}
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	a, err := socketOf(ours)
	if err != nil {
		t.Fatal(err)
	}
	b, err := socketOf(theirs)
	if err != nil {
		t.Fatal(err)
	}
	r.Client, err = newClient(a, setup)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		err := serve(b, func(Config) (Grant, error) {
			r.guard.Lock()
			defer r.guard.Unlock()
			r.reads++
			return r.grant, r.wrong
		})
		_ = b.Close()
		r.end <- err
		close(r.ended)
	}()
	t.Cleanup(r.Close)
	return r
}

func TestOpens(t *testing.T) {
	r := newRig(t)
	log := func(name string) string { return filepath.Join(r.dir, name) }
	logs := []string{log("b"), log("a"), log("b"), log("no/c")}
	r.says(Grant{Logs: logs}, nil)
	f, err := r.OpenLog(log("a"))
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	for _, row := range []struct {
		path, says string
		is         error
	}{
		{log("x"), "it does not name " + log("x"), fs.ErrPermission},
		{"/etc/passwd", "it does not name /etc/passwd", fs.ErrPermission},
		{log("no/c"), "no such file", fs.ErrNotExist},
	} {
		if _, err := r.OpenLog(row.path); err == nil || !strings.Contains(err.Error(), row.says) || !errors.Is(err, row.is) {
			t.Errorf("%s: %v, want %q", row.path, err, row.says)
		}
	}
	if r.count() != 1 {
		t.Errorf("the configuration was read %d times, want once", r.count())
	}
	// A faulty configuration changes nothing: what was allowed still is.
	r.says(Grant{}, errors.New("it has errors"))
	r.Stale()
	if f, err := r.OpenLog(log("b")); err != nil {
		t.Error(err)
	} else {
		_ = f.Close()
	}
	if _, err := r.OpenLog(log("x")); err == nil || !strings.Contains(err.Error(), "could not read the configuration: it has errors") {
		t.Error(err)
	}
}

func TestListens(t *testing.T) {
	r := newRig(t)
	port := testkit.FreePort(t)
	a := listen.Addr{Network: "tcp", IP: netip.MustParseAddr("127.0.0.1"), Port: uint16(port), Protocol: "http"}
	r.says(Grant{Logs: []string{"/var/log/x"}, Listen: []listen.Addr{a}}, nil)
	group, err := r.Listen(a, maxFDs+3) // two messages
	if err != nil {
		t.Fatal(err)
	}
	if len(group) != maxFDs+3 {
		t.Errorf("%d sockets", len(group))
	}
	c, err := net.Dial("tcp", group[0].Addr().String())
	if err != nil {
		t.Error(err)
	} else {
		_ = c.Close()
	}
	var bind *listen.BindError
	if _, err := r.Listen(a, 1); !errors.As(err, &bind) || !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("twice: %v", err)
	}
	for _, l := range group {
		if flags, err := unix.FcntlInt(uintptr(l.FD()), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("a child would inherit descriptor %d", l.FD())
		}
		_ = l.Close()
	}
	a.Port++
	if _, err := r.Listen(a, 1); err == nil || errors.As(err, &bind) && bind.Err == nil {
		t.Errorf("an address that is not named: %v", err)
	}
}

// TestManyItems: a list that does not fit one message.
func TestManyItems(t *testing.T) {
	r := newRig(t)
	var g Grant
	for i := range 20_000 {
		g.Logs = append(g.Logs, fmt.Sprintf("%s/%05d", r.dir, i))
	}
	r.says(g, nil)
	f, err := r.OpenLog(r.dir + "/19999")
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if len(r.items) != 20_000 {
		t.Errorf("%d items", len(r.items))
	}
}

// TestHostileServer: an invalid request ends the helper, and a request for an
// unknown item opens nothing.
func TestHostileServer(t *testing.T) {
	for _, msg := range [][]byte{
		[]byte("open /etc/shadow"), bytes.Repeat([]byte{0xff}, 16), []byte("x"), make([]byte, 16), make([]byte, 17), make([]byte, 4096),
	} {
		r := newRig(t)
		if err := send(r.conn, msg, nil); err != nil {
			t.Fatal(err)
		}
		if err := <-r.end; err == nil {
			t.Errorf("%.20q did not end the helper", msg)
		}
		if _, err := r.OpenLog("/x"); !errors.Is(err, ErrGone) {
			t.Errorf("afterwards: %v", err)
		}
	}
	r := newRig(t)
	r.says(Grant{Logs: []string{filepath.Join(r.dir, "a")}}, nil)
	for _, n := range []uint32{0, 1, 1 << 31, 1<<32 - 1} { // nothing was read yet
		if _, files, err := r.ask(request{Op: opOpen, Item: n}, openPatience); err == nil || len(files) > 0 {
			t.Errorf("item %d was opened", n)
		}
	}
	// The helper does not keep descriptors that the server sends.
	if err := send(r.conn, request{Seq: 9, Op: opFinish}.bytes(), []int{0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if f, err := r.OpenLog(filepath.Join(r.dir, "a")); err != nil { // and the reply to 9 is skipped
		t.Error(err)
	} else {
		_ = f.Close()
	}
}

// TestEnd: however the server ends, its pid file is removed, and only its own.
func TestEnd(t *testing.T) {
	for _, row := range []struct {
		name, pid string
		end       func(*rig) error
		gone      bool
	}{
		{"finished", "42\n", func(r *rig) error { return r.Finish() }, true},
		{"killed", "42\n", func(r *rig) error { return r.conn.Close() }, true},
		{"a successor's", "43\n", func(r *rig) error { return r.conn.Close() }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			pid, ctl := filepath.Join(r.dir, "run.pid"), filepath.Join(r.dir, "run.ctl")
			if err := errors.Join(os.WriteFile(pid, []byte(row.pid), 0o644), os.WriteFile(ctl, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			if err := row.end(r); err != nil {
				t.Fatal(err)
			}
			r.Close()
			for _, path := range []string{pid, ctl} {
				if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) != row.gone {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
}

// TestNotStartedByServer: the variable alone does not make a program a helper.
func TestNotStartedByServer(t *testing.T) {
	for _, fd := range []string{"", "x", "0", "4"} {
		if err := Serve(fd, nil); err == nil || !strings.Contains(err.Error(), "started by the server only") {
			t.Errorf("%q: %v", fd, err)
		}
	}
}
