package hostile

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// flooding makes a handshake over c, by TLS 1.3, and returns what writes records of any kind on it.
func flooding(t *testing.T, c net.Conn) *testkit.Records {
	t.Helper()
	var keys bytes.Buffer
	cfg := clientConfig()
	cfg.KeyLogWriter = &keys
	s := tls.Client(c, cfg)
	if err := s.Handshake(); err != nil {
		t.Fatal(err)
	}
	return testkit.NewRecords(t, c, s, keys.String())
}

// many repeats what makes a piece, in writes of some size, until the server has cut the connection.
func many(c net.Conn, n int, piece func() []byte) {
	for n > 0 {
		var b []byte
		for ; n > 0 && len(b) < 8<<10; n-- {
			b = append(b, piece()...)
		}
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

const (
	warningLevel, fatalLevel   = 1, 2
	closeNotify, userCancelled = 0, 90
	renegotiate                = 100
)

// TestTLSFloods: what a client sends after its handshake that brings nothing forward ends its connection soon, costs little, and
// is logged at info at most, while others are served.
func TestTLSFloods(t *testing.T) {
	const floods = 50_000
	begin := []byte("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n")
	rows := []struct {
		name string
		do   func(r *testkit.Records, c net.Conn)
	}{
		{"key updates", func(r *testkit.Records, c net.Conn) { many(c, floods, r.KeyUpdate) }},
		{"key updates in a body", func(r *testkit.Records, c net.Conn) {
			r.Write(r.Seal(testkit.DataRecord, begin...))
			many(c, 4000, func() []byte { return append(r.KeyUpdate(), r.Seal(testkit.DataRecord, 'x')...) })
		}},
		{"empty records", func(r *testkit.Records, c net.Conn) {
			many(c, floods, func() []byte { return r.Seal(testkit.DataRecord) })
		}},
		{"empty records in a body", func(r *testkit.Records, c net.Conn) {
			r.Write(r.Seal(testkit.DataRecord, begin...))
			many(c, floods, func() []byte { return r.Seal(testkit.DataRecord) })
		}},
		{"padding", func(r *testkit.Records, c net.Conn) { // a record of zeros has no type
			many(c, 100, func() []byte { return r.Seal(0, make([]byte, 16000)...) })
		}},
		{"alerts: user_canceled", func(r *testkit.Records, c net.Conn) {
			many(c, floods, func() []byte { return r.Seal(testkit.AlertRecord, warningLevel, userCancelled) })
		}},
		{"alerts: no_renegotiation", func(r *testkit.Records, c net.Conn) {
			many(c, floods, func() []byte { return r.Seal(testkit.AlertRecord, warningLevel, renegotiate) })
		}},
		{"a fatal alert, and data", func(r *testkit.Records, c net.Conn) {
			r.Write(r.Seal(testkit.AlertRecord, fatalLevel, 80))
			many(c, floods, func() []byte { return r.Seal(testkit.DataRecord, begin...) })
		}},
		{"close_notify, and data", func(r *testkit.Records, c net.Conn) {
			r.Write(r.Seal(testkit.AlertRecord, warningLevel, closeNotify))
			many(c, floods, func() []byte { return r.Seal(testkit.DataRecord, begin...) })
		}},
		{"finished, again", func(r *testkit.Records, c net.Conn) {
			many(c, 100, func() []byte {
				return r.Seal(testkit.HandshakeRecord, append([]byte{20, 0, 0, 32}, make([]byte, 32)...)...)
			})
		}},
		{"a hello, again", func(r *testkit.Records, c net.Conn) {
			many(c, 100, func() []byte { return r.Seal(testkit.HandshakeRecord, hello()[5:]...) })
		}},
		{"a handshake message without end", func(r *testkit.Records, c net.Conn) {
			many(c, 2000, func() []byte {
				return r.Seal(testkit.HandshakeRecord, append([]byte{24, 0xff, 0xff, 0xff}, make([]byte, 16000)...)...)
			})
		}},
		{"a record that is too long", func(_ *testkit.Records, c net.Conn) {
			many(c, 100, func() []byte { return append([]byte{23, 3, 3, 0x48, 1}, make([]byte, 0x4801)...) })
		}},
	}
	onFronts(t, func(f *front) {
		f.serves()
		before, cost := f.descriptors(), f.spent()
		for _, row := range rows {
			c := f.dial(f.s.Addr())
			r := flooding(f.T, c)
			begun, sent := time.Now(), make(chan struct{})
			go func() { row.do(r, c); close(sent) }()
			f.serves()
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				f.Errorf("%s: the connection stays open", row.name)
			}
			if took := time.Since(begun); took > 8*time.Second {
				f.Errorf("%s: it was held for %v", row.name, took)
			}
			_ = c.Close()
			<-sent
			now := f.spent()
			f.Logf("%s: %v, %v of CPU", row.name, time.Since(begun).Round(time.Millisecond), (now - cost).Round(time.Millisecond))
			cost = now
		}
		f.frees(before)
		for line := range strings.Lines(f.s.File("error.log")) {
			if strings.Contains(line, "[client ") && !strings.Contains(line, ":info]") {
				f.Errorf("logged above info: %s", line)
			}
		}
		f.serves()
	})
}

// spent returns the CPU time that the server has used.
func (f *front) spent() time.Duration {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", f.s.Pid()))
	if err != nil {
		testkit.Skip(f, "no /proc")
	}
	var sum int64
	for _, task := range tasks {
		var ns int64
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", f.s.Pid(), task.Name())); err == nil {
			_, _ = fmt.Sscan(string(b), &ns)
		}
		sum += ns
	}
	return time.Duration(sum)
}

// TestTLSTickets: a ticket that the server did not make leads to a full handshake.
func TestTLSTickets(t *testing.T) {
	onFronts(t, func(f *front) {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			kept := &lastSession{}
			cfg := clientConfig()
			cfg.MaxVersion, cfg.ClientSessionCache = version, kept
			resumed := func() bool {
				c := tls.Client(f.dial(f.s.Addr()), cfg)
				if err := c.Handshake(); err != nil {
					f.Fatalf("%s: %v", tls.VersionName(version), err)
				}
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
				if b, err := io.ReadAll(c); !bytes.HasPrefix(b, []byte("HTTP/1.1 200 ")) {
					f.Fatalf("%s: %q, %v", tls.VersionName(version), b, err)
				}
				return c.ConnectionState().DidResume
			}
			resumed()
			if !resumed() {
				f.Errorf("%s: its own ticket is not taken", tls.VersionName(version))
			}
			ticket, session, err := kept.state.ResumptionState()
			if err != nil {
				f.Fatal(err)
			}
			garbage := make([]byte, 16000)
			_, _ = rand.Read(garbage)
			bad := [][]byte{{0}, garbage[:len(ticket)], garbage, ticket[:len(ticket)-1], append(bytes.Clone(ticket), 0)}
			for i := range ticket {
				b := bytes.Clone(ticket)
				b[i] ^= 1
				bad = append(bad, b)
			}
			for _, b := range bad {
				if kept.state, err = tls.NewResumptionState(b, session); err != nil {
					f.Fatal(err)
				}
				if resumed() {
					f.Fatalf("%s: resumed with % x", tls.VersionName(version), b)
				}
			}
		}
	})
}

// lastSession is a session cache that keeps the latest session.
type lastSession struct{ state *tls.ClientSessionState }

// Get implements tls.ClientSessionCache.
func (l *lastSession) Get(string) (*tls.ClientSessionState, bool) { return l.state, l.state != nil }

// Put implements tls.ClientSessionCache.
func (l *lastSession) Put(_ string, s *tls.ClientSessionState) {
	if s != nil {
		l.state = s
	}
}
