package hostile

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

const tlsConf = `
Timeout 5
KeepAliveTimeout 1
LogLevel info
RequestReadTimeout handshake=1 header=2,MinRate=500
Listen 127.0.0.1:${port}
Listen 127.0.0.1:%[1]d
ProxyPass / http://127.0.0.1:${origin}/
SSLCertificateFile certs/a.crt
SSLCertificateKeyFile certs/a.key
<VirtualHost *:${port}>
ServerName a.test
SSLEngine on
</VirtualHost>
<VirtualHost *:%[1]d>
ServerName a.test
SSLEngine on
RemoteIPProxyProtocol On
</VirtualHost>
`

// front is a server with TLS, and with TLS after a PROXY header at another port.
type front struct {
	*testing.T
	s       *testkit.Server
	proxied string // address
}

// onFronts runs f on each engine.
func onFronts(t *testing.T, f func(f *front)) {
	t.Helper()
	t.Parallel()
	for _, engine := range []string{"epoll", "goroutine"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			o := testkit.NewOrigin(t)
			o.Default(testkit.MustAnswer("respond 200 ok"))
			port := testkit.FreePort(t)
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: fmt.Sprintf(tlsConf, port), Vars: map[string]string{"origin": o.Port()}})
			f(&front{t, s, fmt.Sprintf("127.0.0.1:%d", port)})
		})
	}
}

// dial opens a connection that is closed with the test.
func (f *front) dial(addr string) *net.TCPConn {
	f.Helper()
	c, err := net.DialTimeout("tcp", addr, testkit.Patience)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	return c.(*net.TCPConn)
}

// serves requires that a client of good behaviour gets its response.
func (f *front) serves() {
	f.Helper()
	if err := request(f.dial(f.s.Addr()), nil); err != nil {
		f.Errorf("another client: %v", err)
	}
}

func clientConfig() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: "a.test"} //nolint:gosec // whom it meets is not the question
}

// request makes a handshake over c and gets a page, writing through split if not nil.
func request(c net.Conn, split func(io.Writer, []byte) error) error {
	t := tls.Client(c, clientConfig())
	if err := t.Handshake(); err != nil {
		return err
	}
	if split == nil {
		split = func(w io.Writer, b []byte) error { _, err := w.Write(b); return err }
	}
	if err := split(t, []byte("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")); err != nil {
		return err
	}
	b, err := io.ReadAll(t)
	if !bytes.HasPrefix(b, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("%.40q, %w", b, err)
	}
	return nil
}

// bytewise writes each byte by itself: in a separate record over TLS, in a segment over TCP.
func bytewise(w io.Writer, b []byte) error {
	for i := range b {
		if _, err := w.Write(b[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// written is a connection that keeps what is written, and is then at its end.
type written struct {
	net.Conn
	bytes.Buffer
}

func (w *written) Read([]byte) (int, error)         { return 0, io.EOF }
func (w *written) Write(b []byte) (int, error)      { return w.Buffer.Write(b) }
func (w *written) Close() error                     { return nil }
func (w *written) SetWriteDeadline(time.Time) error { return nil }

// hello returns the record of a valid ClientHello.
func hello() []byte {
	var w written
	_ = tls.Client(&w, clientConfig()).Handshake() // ends after the hello
	return w.Bytes()
}

// records cuts a handshake message into records of at most n bytes.
func records(message []byte, n int) (out []byte) {
	for len(message) > 0 {
		m := min(n, len(message))
		out = append(append(out, 22, 3, 1, byte(m>>8), byte(m)), message[:m]...)
		message = message[m:]
	}
	return out
}

// longHello is a ClientHello of n bytes, or the beginning of one.
func longHello(n int) []byte {
	return append([]byte{1, byte(n >> 16), byte(n >> 8), byte(n), 3, 3}, bytes.Repeat([]byte{7}, n-2)...)
}

const tooLate = "AH01382: "

// TestTLSClients: what clients do before, in and after their handshake costs them the connection, and nobody else anything.
func TestTLSClients(t *testing.T) {
	rows := []struct {
		name string
		do   func(f *front, c *net.TCPConn) error // c is then ended by the server
		log  string
	}{
		{"silence", func(*front, *net.TCPConn) error { return nil }, ""},
		{"one byte", send([]byte{22}), tooLate},
		{"half a hello", send(hello()[:100]), tooLate},
		{"a hello, and nothing more", send(hello()), tooLate},
		{"a hello, dripping", func(_ *front, c *net.TCPConn) error {
			drip := time.NewTicker(100 * time.Millisecond)
			defer drip.Stop()
			for _, b := range hello() {
				<-drip.C
				if _, err := c.Write([]byte{b}); err != nil {
					return nil //nolint:nilerr // it was closed, as it has to be
				}
			}
			return errors.New("all of it was waited for")
		}, tooLate},
		{"a hello of 100 kB", send(records(longHello(100_000), 16384)), "AH02008: "},
		{"a hello of 100 kB in short records", send(records(longHello(100_000), 100)), "AH02008: "},
		{"a hello of 16 MB", send(records(longHello(1<<24 - 1)[:300_000], 16384)), "AH02008: "},
		{"a hello of nonsense", send(records(longHello(1000), 16384)), "AH02008: "},
		{"a record that is too long", send([]byte{22, 3, 1, 255, 255, 1}), "AH02008: "},
		{"a record of no kind", send([]byte{99, 3, 1, 0, 1, 0}), "AH02008: "},
		{"empty records", send(bytes.Repeat([]byte{22, 3, 1, 0, 0}, 5000)), "AH02008: "},
		{"warnings", send(bytes.Repeat([]byte{21, 3, 1, 0, 2, 1, 90}, 5000)), "AH02008: "},
		{"an SSLv2 hello", send([]byte("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80\x02\x00\x80\x03\x00\x80\x04\x00\x80\x05\x00\x80\x06\x00\x40\x07\x00\xc0" +
			"0123456789abcdef")), "AH02008: "},
		{"an SSLv2 hello for TLS", send([]byte("\x80\x1f\x01\x03\x03\x00\x06\x00\x00\x00\x10\x00\xc0\x2f\x00\xc0\x2b0123456789abcdef")), "AH02008: "},
		{"garbage", send(bytes.Repeat([]byte("\x80\xff garbage"), 1000)), "AH02008: "},
		{"data before the handshake", send([]byte{23, 3, 3, 0, 3, 'G', 'E', 'T'}), "AH02008: "},
		{"two hellos", send(append(hello(), hello()...)), "AH02008: "},
		{"garbage after the handshake", afterHandshake([]byte("\x17\x03\x03\x00\x20garbage garbage garbage garbage")), ""},
		{"plain text after the handshake", afterHandshake([]byte("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")), ""},
		{"silence after the handshake", afterHandshake(nil), ""},
	}
	onFronts(t, func(f *front) {
		for _, row := range rows {
			f.Run(row.name, func(t *testing.T) {
				t.Parallel()
				f := &front{t, f.s, f.proxied}
				c := f.dial(f.s.Addr())
				begun := time.Now()
				if err := row.do(f, c); err != nil {
					t.Fatal(err)
				}
				_, err := io.Copy(io.Discard, c)
				if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
					t.Fatal("the connection stays open")
				}
				if took := time.Since(begun); took > 10*time.Second {
					t.Errorf("it was held for %v", took)
				}
				client := "[client " + c.LocalAddr().String() + "] " + row.log
				if row.log != "" && !testkit.Poll(testkit.Patience, func() bool { return strings.Contains(f.s.File("error.log"), client) }) {
					t.Errorf("no line %q in the log: %s", client, linesOf(f.s.File("error.log"), c.LocalAddr().String()))
				}
				for line := range strings.Lines(linesOf(f.s.File("error.log"), c.LocalAddr().String())) {
					if !strings.Contains(line, ":info]") {
						t.Errorf("logged at another level than info: %s", line)
					}
				}
				f.serves()
			})
		}
	})
}

func linesOf(log, word string) (out string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, word) {
			out += line
		}
	}
	return out
}

// send writes text as it is.
func send(text []byte) func(*front, *net.TCPConn) error {
	return func(_ *front, c *net.TCPConn) error {
		_, _ = c.Write(text) // the server may have ended it before it has read all
		return nil
	}
}

// afterHandshake writes text below TLS after a good handshake.
func afterHandshake(text []byte) func(*front, *net.TCPConn) error {
	return func(_ *front, c *net.TCPConn) error {
		if err := tls.Client(c, clientConfig()).Handshake(); err != nil {
			return err
		}
		_, _ = c.Write(text)
		return nil
	}
}

// cut splits the hello, the first record that is written, into records of one byte.
type cut struct {
	net.Conn
	done bool
}

func (c *cut) Write(b []byte) (int, error) {
	if c.done {
		return c.Conn.Write(b)
	}
	c.done = true
	_, err := c.Conn.Write(records(b[5:], 1))
	return len(b), err
}

// TestTLSOddButValid: what is unusual and allowed is served.
func TestTLSOddButValid(t *testing.T) {
	onFronts(t, func(f *front) {
		const v1 = "PROXY TCP4 192.0.2.7 192.0.2.1 1234 443\r\n"
		header := func(split func(io.Writer, []byte) error) *net.TCPConn {
			c := f.dial(f.proxied)
			if err := split(c, []byte(v1)); err != nil {
				f.Fatal(err)
			}
			return c
		}
		for name, err := range map[string]error{
			"the hello in records of one byte":   request(&cut{Conn: f.dial(f.s.Addr())}, nil),
			"a request in records of one byte":   request(f.dial(f.s.Addr()), bytewise),
			"all in segments of one byte":        request(&dripping{f.dial(f.s.Addr())}, bytewise),
			"after a PROXY header":               request(header(func(w io.Writer, b []byte) error { _, err := w.Write(b); return err }), nil),
			"after a PROXY header, bytewise":     request(header(bytewise), bytewise),
			"a PROXY header and a hello at once": request(&headed{Conn: f.dial(f.proxied), head: []byte(v1)}, nil),
		} {
			if err != nil {
				f.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestTLSIdle: a connection is idle after a request whose body ends where a record ends, and is closed after KeepAliveTimeout,
// not as one whose next request has begun.
func TestTLSIdle(t *testing.T) {
	onFronts(t, func(f *front) {
		for _, size := range []int{1, 8192, 16384, 32768} {
			cfg := clientConfig()
			cfg.DynamicRecordSizingDisabled = true
			c := tls.Client(f.dial(f.s.Addr()), cfg)
			text := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n", size)
			_, _ = io.WriteString(c, text)
			_, _ = io.WriteString(c, strings.Repeat("x", size))
			begun := time.Now()
			got, err := io.ReadAll(c)
			if n := strings.Count(string(got), "HTTP/1.1 "); n != 1 || err != nil {
				f.Errorf("%d: %d responses, %v: %q", size, n, err, got)
			}
			if took := time.Since(begun); took > 1900*time.Millisecond { // RequestReadTimeout would end a begun request after 2 s
				f.Errorf("%d: the connection was not idle: it ended after %v", size, took)
			}
		}
	})
}

// dripping writes each byte in its own segment.
type dripping struct{ net.Conn }

func (d *dripping) Write(b []byte) (int, error) { return len(b), bytewise(d.Conn, b) }

// headed writes a text together with the first bytes.
type headed struct {
	net.Conn
	head []byte
}

func (h *headed) Write(b []byte) (int, error) {
	_, err := h.Conn.Write(append(h.head, b...))
	h.head = nil
	return len(b), err
}

// TestTLSProxyHeader: a PROXY header that is missing, late or in the wrong place ends the connection.
func TestTLSProxyHeader(t *testing.T) {
	onFronts(t, func(f *front) {
		for _, row := range []struct {
			name, addr string
			text       []byte
			log        string
		}{
			{"none", f.proxied, hello(), "does not begin with a PROXY header"},
			{"half of one", f.proxied, []byte("PROXY TCP4 192.0.2.7"), "AH10184: "},
			{"two", f.proxied, append([]byte("PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n"), hello()...), "AH02008: "},
			{"where none is expected", f.s.Addr(), append([]byte("PROXY UNKNOWN\r\n"), hello()...), "AH02008: "},
			{"and silence", f.proxied, []byte("PROXY UNKNOWN\r\n"), tooLate},
			{"and half a hello", f.proxied, append([]byte("PROXY UNKNOWN\r\n"), hello()[:50]...), tooLate},
		} {
			f.Run(row.name, func(t *testing.T) {
				t.Parallel()
				f := &front{t, f.s, f.proxied}
				c := f.dial(row.addr)
				_, _ = c.Write(row.text)
				if b, err := io.ReadAll(c); bytes.Contains(b, []byte("HTTP/")) || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%.40q, %v", b, err)
				}
				if !testkit.Poll(testkit.Patience, func() bool {
					return strings.Contains(linesOf(f.s.File("error.log"), c.LocalAddr().String()), row.log)
				}) {
					t.Errorf("no %s in the log: %s", row.log, linesOf(f.s.File("error.log"), c.LocalAddr().String()))
				}
			})
		}
	})
}

// phases are the points at which a client leaves.
var phases = []struct {
	name string
	to   func(c net.Conn) error // brings the connection to it
}{
	{"connected", func(net.Conn) error { return nil }},
	{"in the head of a record", func(c net.Conn) error { _, err := c.Write(hello()[:3]); return err }},
	{"in the hello", func(c net.Conn) error { _, err := c.Write(hello()[:60]); return err }},
	{"after the hello", func(c net.Conn) error { _, err := c.Write(hello()); return err }},
	{"in the server's flight", func(c net.Conn) error {
		if _, err := c.Write(hello()); err != nil {
			return err
		}
		_, err := io.ReadFull(c, make([]byte, 20))
		return err
	}},
	{"after the handshake", func(c net.Conn) error { return tls.Client(c, clientConfig()).Handshake() }},
	{"in a request", func(c net.Conn) error { _, err := tls.Client(c, clientConfig()).Write([]byte("GET / HT")); return err }},
	{"after a request", func(c net.Conn) error {
		_, err := tls.Client(c, clientConfig()).Write([]byte("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"))
		return err
	}},
}

// TestTLSLeaves: a client goes away, by FIN and by RST, in each phase: its descriptor is free again, and nothing is
// logged above the level info.
func TestTLSLeaves(t *testing.T) {
	onFronts(t, func(f *front) {
		f.serves()
		before := f.descriptors()
		for _, phase := range phases {
			for _, reset := range []bool{false, true} {
				c := f.dial(f.s.Addr())
				if err := phase.to(c); err != nil {
					f.Errorf("%s: %v", phase.name, err)
				}
				if reset {
					_ = c.SetLinger(0)
				}
				_ = c.Close()
			}
		}
		f.frees(before)
		f.serves()
		for line := range strings.Lines(f.s.File("error.log")) {
			if strings.Contains(line, "[client ") && !strings.Contains(line, ":info]") {
				f.Errorf("logged above info: %s", line)
			}
		}
	})
}

// descriptors counts the open descriptors of the server.
func (f *front) descriptors() int {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", f.s.Pid()))
	if err != nil {
		testkit.Skip(f, "no /proc")
	}
	return len(list)
}

// frees waits until there are hardly more descriptors than before: connections to the origin may be kept.
func (f *front) frees(before int) {
	f.Helper()
	if !testkit.Poll(testkit.Patience, func() bool { return f.descriptors() <= before+3 }) {
		f.Errorf("%d descriptors, %d before", f.descriptors(), before)
	}
}

// TestTLSCrowd: many clients stop in the middle of their handshakes. Others are served meanwhile, all are freed in
// time, and later crowds take no more memory than the first ones.
func TestTLSCrowd(t *testing.T) {
	const crowd = 300
	onFronts(t, func(f *front) {
		f.serves()
		before := f.descriptors()
		var rss []int
		for range 9 { // of which three warm the server up
			var all []net.Conn
			for i := range crowd {
				c := f.dial(f.s.Addr())
				all = append(all, c)
				_, _ = c.Write([][]byte{hello(), hello()[:100], records(longHello(60_000)[:50_000], 16384)}[i%3])
			}
			f.serves()
			for _, c := range all {
				if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
					f.Fatal("a connection stays open")
				}
				_ = c.Close()
			}
			f.frees(before)
			rss = append(rss, f.memory())
		}
		if slices.Min(rss[6:]) > slices.Max(rss[3:6])+4<<10 {
			f.Error("memory grows, in kB after each round:", rss)
		}
		f.serves()
	})
}

// memory returns the resident memory of the server in kB.
func (f *front) memory() int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.s.Pid()))
	if err != nil {
		f.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		f.Fatal(err)
	}
	return n
}

// TestTLSRenegotiation: a client that wants to renegotiate is refused, and its connection ends.
func TestTLSRenegotiation(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		testkit.SkipPeer(t, "no openssl installed")
	}
	onFronts(t, func(f *front) {
		// R at the beginning of a line renegotiates; the input stays open, so that the server has to end it.
		in, hold := io.Pipe()
		defer hold.Close()
		cmd := exec.Command(program, "s_client", "-connect", f.s.Addr(), "-servername", "a.test", "-tls1_2")
		cmd.Stdin = in
		go func() { _, _ = io.WriteString(hold, "R\n") }()
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			f.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = cmd.Process.Wait()
		}()
		limit := time.NewTimer(testkit.Patience)
		defer limit.Stop()
		select {
		case <-done:
		case <-limit.C:
			_ = cmd.Process.Kill()
			<-done
			f.Error("it goes on")
		}
		_ = in.Close()
		_ = cmd.Wait() // the exit was taken above
		if said := out.String(); !strings.Contains(said, "RENEGOTIATING") || !strings.Contains(said, "alert") {
			f.Errorf("openssl says %s", said)
		}
		f.serves()
	})
}
