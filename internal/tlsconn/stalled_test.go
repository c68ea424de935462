package tlsconn_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/tlsconn"
)

// stalled is a client that has stopped reading in the middle of an upload.
type stalled struct {
	t    *testing.T
	site *site
	nc   *net.TCPConn
	c    *tls.Conn
	rec  *testkit.Records // of TLS 1.3
}

// stall makes one: then the server's writer is blocked, and its reader waits.
func stall(t *testing.T, e reactor.Engine, s *site, version uint16) *stalled {
	t.Helper()
	nc := dial(t, serve(t, e, s))
	var keys bytes.Buffer
	k := &stalled{t: t, site: s, nc: nc}
	k.c = tls.Client(nc, &tls.Config{InsecureSkipVerify: true, MaxVersion: version, KeyLogWriter: &keys})
	if err := k.c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if version == tls.VersionTLS13 {
		k.rec = testkit.NewRecords(t, nc, k.c, keys.String())
		k.rec.Write(k.rec.Seal(dataRecord, []byte("upload")...))
	} else {
		_, _ = io.WriteString(k.c, "upload")
	}
	last, same := int64(-1), 0
	testkit.Eventually(t, "the writer is blocked", func() bool {
		if n := s.written.Load(); n != last || n == 0 {
			last, same = n, 0
		} else {
			same++
		}
		return same > 10 && s.read.Load() == int64(len("upload"))
	})
	return k
}

// floods sends n key updates, each with a byte of the upload, because
// crypto/tls accepts only a few records in a row without data.
func (k *stalled) floods(n int) {
	for range n {
		k.rec.Write(append(k.rec.KeyUpdate(), k.rec.Seal(dataRecord, 'x')...))
	}
}

// A client stops reading during an upload and then sends something that needs a
// response from the server, or that ends the connection: the connection ends,
// and the loop serves the others.
func TestStalledClient(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version uint16
		then    func(k *stalled)
		want    func(err error) bool
	}{
		{"bad record", tls.VersionTLS13, badRecord, wrongMAC},
		{"bad record, 1.2", tls.VersionTLS12, badRecord, wrongMAC},
		{"record of an unknown kind, 1.2", tls.VersionTLS12, func(k *stalled) { _, _ = k.nc.Write([]byte{99, 3, 3, 0, 1, 0}) }, failed},
		{"record too long", tls.VersionTLS13, func(k *stalled) { _, _ = k.nc.Write([]byte{dataRecord, 3, 3, 255, 255}) }, failed},
		{"empty records", tls.VersionTLS13, func(k *stalled) {
			for range 40 {
				k.rec.Write(k.rec.Seal(dataRecord))
			}
		}, failed},
		{"bad record after key updates", tls.VersionTLS13, func(k *stalled) { k.floods(20); badRecord(k) }, wrongMAC},
		{"endless key updates", tls.VersionTLS13, func(k *stalled) { k.floods(8000) }, func(err error) bool { return errors.Is(err, tlsconn.ErrBacklog) }},
		{"close_notify", tls.VersionTLS13, func(k *stalled) { k.rec.Write(k.rec.Seal(alertRecord, warning, closeNotify)) }, ended},
		{"fatal alert", tls.VersionTLS13, func(k *stalled) { k.rec.Write(k.rec.Seal(alertRecord, fatal, internalError)) }, failed},
		{"end of the connection", tls.VersionTLS13, func(k *stalled) { _ = k.nc.CloseWrite() }, ended},
		{"end of the connection, 1.2", tls.VersionTLS12, func(k *stalled) { _ = k.nc.CloseWrite() }, ended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, e reactor.Engine) {
				others := dial(t, serve(t, e, echo{}))
				s := &site{t: t, cfg: serverConfig(t), total: 1 << 30, ends: make(chan error, 1)}
				k := stall(t, e, s, tt.version)
				tt.then(k)
				if err := <-s.ends; !tt.want(err) {
					t.Errorf("the upload ended with %v", err)
				}
				b := make([]byte, 5)
				_, _ = io.WriteString(others, "hello")
				if _, err := io.ReadFull(others, b); err != nil || string(b) != "hello" {
					t.Errorf("the others get %q, %v", b, err)
				}
				_ = others.Close()
			})
		})
	}
}

func badRecord(k *stalled) {
	_, _ = k.nc.Write(append([]byte{dataRecord, 3, 3, 0, 40}, bytes.Repeat([]byte("?"), 40)...))
}

func wrongMAC(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "local error" && op.Err.Error() == "tls: bad record MAC"
}

func failed(err error) bool { return err != nil }
func ended(err error) bool  { return err == nil }

// Key updates while the writer is blocked do not damage the stream: a client that
// reads on gets all of it, and the responses to its updates in the right place.
func TestKeyUpdatesWhileBlocked(t *testing.T) {
	each(t, func(t *testing.T, e reactor.Engine) {
		s := &site{t: t, cfg: serverConfig(t), total: 64 << 20, ends: make(chan error, 1)}
		k := stall(t, e, s, tls.VersionTLS13)
		const updates = 15 // the client accepts 16 records in a row without data
		k.floods(updates)
		testkit.Eventually(t, "they are read", func() bool { return s.read.Load() == int64(len("upload"))+updates })
		if n, err := io.Copy(io.Discard, k.c); err != nil || n != int64(s.total) {
			t.Errorf("read %d of %d, %v", n, s.total, err)
		}
		k.rec.Write(k.rec.Seal(alertRecord, warning, closeNotify))
		if err := <-s.ends; err != nil {
			t.Error(err)
		}
	})
}

// The response to a key update is sent even if nothing else is.
func TestKeyUpdateWhileSilent(t *testing.T) {
	each(t, func(t *testing.T, e reactor.Engine) {
		s := &site{t: t, cfg: serverConfig(t), ends: make(chan error, 1)}
		nc := dial(t, serve(t, e, s))
		var keys bytes.Buffer
		c := tls.Client(nc, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &keys})
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		r := testkit.NewRecords(t, nc, c, keys.String())
		r.Write(r.Seal(dataRecord, 'a'))
		b := make([]byte, 1)
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatal(err)
		}
		r.Write(r.KeyUpdate())
		head := make([]byte, 5) // of the response, after which nothing follows
		if _, err := io.ReadFull(nc, head); err != nil || head[0] != dataRecord {
			t.Errorf("% x, %v", head, err)
		}
		r.Write(r.Seal(alertRecord, warning, closeNotify))
		if err := <-s.ends; err != nil {
			t.Error(err)
		}
	})
}
