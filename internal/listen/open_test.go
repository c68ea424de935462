package listen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/internal/testkit"
)

// The test binary is also the child that inherits sockets.
func TestMain(m *testing.M) {
	if os.Getenv("LISTEN_TEST_CHILD") != "" {
		os.Exit(childMain())
	}
	goleak.VerifyTestMain(m)
}

var (
	loop4 = Addr{Network: "tcp", IP: netip.MustParseAddr("127.0.0.1")}
	ctx   = context.Background()
)

func mustOpen(t *testing.T, a Addr, o Options) *Listener {
	t.Helper()
	l, err := Open(ctx, a, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// echo connects and checks that what it sends comes back through accept.
func echo(t *testing.T, l net.Listener, to string) {
	t.Helper()
	c, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	io.WriteString(s, "x")
	if b := make([]byte, 1); readByte(c, b) != nil || b[0] != 'x' {
		t.Error("no echo")
	}
}

func readByte(c net.Conn, b []byte) error { _, err := io.ReadFull(c, b); return err }

func TestOpenServesBothFamilies(t *testing.T) {
	l := mustOpen(t, Addr{Network: "tcp"}, Options{})
	port := strconv.Itoa(int(l.bound.Port()))
	echo(t, l, "127.0.0.1:"+port)
	if l.bound.Addr().Is4() {
		testkit.Skip(t, "no IPv6 on this machine")
	}
	echo(t, l, "[::1]:"+port)
}

func TestOpenOptions(t *testing.T) {
	l := mustOpen(t, loop4, Options{Backlog: 7, ReceiveBuffer: 10000, SendBuffer: 20000, ReusePort: true})
	for _, tt := range []struct{ opt, want int }{
		{unix.SO_REUSEADDR, 1}, {unix.SO_REUSEPORT, 1}, {unix.SO_RCVBUF, 20000}, {unix.SO_SNDBUF, 40000}, // the kernel doubles
	} {
		if got, err := unix.GetsockoptInt(l.FD(), unix.SOL_SOCKET, tt.opt); err != nil || runtime.GOOS == "linux" && got != tt.want {
			t.Errorf("option %d: %d, want %d (%v)", tt.opt, got, tt.want, err)
		}
	}
	if flags, err := unix.FcntlInt(uintptr(l.FD()), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Error("blocking descriptor", err)
	}
	if flags, err := unix.FcntlInt(uintptr(l.FD()), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Error("descriptor leaks to children", err)
	}
	free := Addr{Network: "tcp", IP: netip.MustParseAddr("192.0.2.1"), Port: 0}
	if runtime.GOOS == "linux" {
		mustOpen(t, free, Options{FreeBind: true})
	}
	var be *BindError
	if _, err := Open(ctx, free, Options{}); !errors.As(err, &be) || be.Hint == "" {
		t.Error(err)
	}
}

func TestListenerLife(t *testing.T) {
	l := mustOpen(t, loop4, Options{})
	echo(t, l, l.Addr().String())
	stopped := make(chan error)
	go func() { _, err := l.Accept(); stopped <- err }()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-stopped; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if l.FD() != -1 || !errors.Is(l.Close(), net.ErrClosed) {
		t.Error("closed twice")
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	again := l.spec
	again.Port = l.bound.Port()
	mustOpen(t, again, Options{}) // the port is free
}

func TestOpenGroup(t *testing.T) {
	group, err := OpenGroup(ctx, loop4, Options{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { closeAll(group) }()
	a := loop4
	a.Port = group[0].bound.Port()
	for _, l := range group {
		if l.bound != group[0].bound {
			t.Error(l.bound)
		}
	}
	// A second group must not join the first.
	if _, err := OpenGroup(ctx, a, Options{}, 3); !errors.Is(err, syscall.EADDRINUSE) {
		t.Error(err)
	}
}

func TestPortTaken(t *testing.T) {
	l := mustOpen(t, Addr{Network: "tcp"}, Options{})
	a := loop4
	a.Port = l.bound.Port()
	_, err := Open(ctx, a, Options{})
	var be *BindError
	if !errors.As(err, &be) || !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		testkit.Skip(t, "the holder is told on Linux only")
	}
	remark := "(held by this very process: another Listen covers it)"
	if want := fmt.Sprintf("could not bind to address 127.0.0.1:%d: address already in use %s", a.Port, remark); err.Error() != want {
		t.Errorf("%v\nwant %v", err, want)
	}
	if want := fmt.Sprintf("(98)Address already in use: AH00072: make_sock: could not bind to address 127.0.0.1:%d %s", a.Port, remark); be.LogLine() != want {
		t.Errorf("%v\nwant %v", be.LogLine(), want)
	}
}

// childMain claims the socket named in its environment, greets once, and
// reports the other sockets.
func childMain() int {
	if os.Getenv("LISTEN_TEST_SYSTEMD") != "" {
		// Only the child knows its pid; systemd sets this between fork and exec.
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	}
	in, err := Inherit(os.Getenv, os.Unsetenv, os.Getpid())
	if err != nil {
		fmt.Println("inherit:", err)
		return 1
	}
	as, err := ParseListen([]string{os.Getenv("LISTEN_TEST_CHILD")}, nil)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	group, err := OpenGroup(ctx, as[0], Options{Inherited: in}, 2)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("sockets=%d rest=%d skipped=%d announced=%q\n", len(group), len(in.CloseRest()), len(in.Skipped),
		os.Getenv("LISTEN_FDS")+os.Getenv("HEADGATE_LISTEN_FDS"))
	c, err := group[0].Accept()
	if err != nil {
		return 1
	}
	io.WriteString(c, "child")
	c.Close()
	return 0
}

func TestInheritance(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what    string
		systemd bool
		want    string
	}{
		{"from a former self", false, `sockets=1 rest=1 skipped=0 announced=""`},
		{"from systemd", true, `sockets=1 rest=1 skipped=1 announced=""`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			l, other := mustOpen(t, loop4, Options{}), mustOpen(t, loop4, Options{})
			cmd := exec.Command(exe)
			cmd.Env = append(os.Environ(), "LISTEN_TEST_CHILD="+l.Addr().String())
			release, err := Pass(cmd, []*Listener{other, l})
			if err != nil {
				t.Fatal(err)
			}
			if tt.systemd {
				cmd.ExtraFiles = append(cmd.ExtraFiles, os.Stdin) // not a socket
				cmd.Env = append(cmd.Env[:len(cmd.Env)-1], "LISTEN_TEST_SYSTEMD=1", "LISTEN_FDS=3")
			}
			talk(t, cmd, release, l, tt.want)
		})
	}
}

// talk runs the child on l's socket, after closing our own copy.
func talk(t *testing.T, cmd *exec.Cmd, release func(), l *Listener, want string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	release()
	to := l.Addr().String()
	l.Close()
	line, _ := bufio.NewReader(out).ReadString('\n')
	if got := strings.TrimSpace(line); got != want {
		t.Errorf("child says %s, want %s", got, want)
	}
	taken := loop4
	taken.Port = l.bound.Port()
	_, err = Open(ctx, taken, Options{})
	holder := fmt.Sprintf("(held by %s, pid %d)", strings.TrimSpace(readSome(fmt.Sprint("/proc/", cmd.Process.Pid), "comm")), cmd.Process.Pid)
	if runtime.GOOS == "linux" && !strings.HasSuffix(fmt.Sprint(err), holder) {
		t.Errorf("%v, want %s", err, holder)
	}
	c, err := net.Dial("tcp", to)
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatal(err)
	}
	defer c.Close()
	if hello, err := io.ReadAll(c); string(hello) != "child" {
		t.Errorf("%q %v", hello, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestInheritRefuses(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"LISTEN_PID": "1", "LISTEN_FDS": "3"}, "<nil>"}, // somebody else's
		{map[string]string{"LISTEN_PID": "77", "LISTEN_FDS": "-3"}, `LISTEN_FDS: bad number of descriptors "-3"`},
		{map[string]string{"LISTEN_PID": "77", "LISTEN_FDS": "999999999"}, `LISTEN_FDS: bad number of descriptors "999999999"`},
		{map[string]string{"HEADGATE_LISTEN_FDS": "0:1"}, `HEADGATE_LISTEN_FDS: bad first descriptor "0:1"`},
		{map[string]string{"HEADGATE_LISTEN_FDS": "5"}, `HEADGATE_LISTEN_FDS: bad number of descriptors ""`},
	} {
		unset := func(k string) error { delete(tt.env, k); return nil }
		in, err := Inherit(func(k string) string { return tt.env[k] }, unset, 77)
		if fmt.Sprint(err) != tt.want || len(in.free) != 0 || len(tt.env) != 0 {
			t.Errorf("%v: %v, %d left", tt.env, err, len(in.free))
		}
	}
	var none *Inherited
	if none.take(loop4) != nil || none.CloseRest() != nil {
		t.Error("nil holds something")
	}
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		listen, bound string
		want          bool
	}{
		{"80", "[::]:80", true}, {"80", "0.0.0.0:80", true}, {"80", "127.0.0.1:80", false}, {"80", "[::]:81", false},
		{"127.0.0.1:80", "127.0.0.1:80", true}, {"127.0.0.1:80", "[::ffff:127.0.0.1]:80", true}, {"127.0.0.1:80", "0.0.0.0:80", false},
		{"[::1]:80", "[::1]:80", true}, {"[fe80::1%lo]:80", "[fe80::1%lo]:80", true}, {"[fe80::1%lo]:80", "[fe80::1%eth0]:80", false},
	} {
		as, err := ParseListen([]string{tt.listen}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := matches(as[0], netip.MustParseAddrPort(tt.bound)); got != tt.want {
			t.Errorf("Listen %s, socket %s: %v", tt.listen, tt.bound, got)
		}
	}
}
