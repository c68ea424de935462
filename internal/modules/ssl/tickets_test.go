package ssl

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/testkit"
)

// TestTicketLife: a ticket counts for its time, which goes by the full handshake with TLS 1.2
// and by the connection that has sent it with TLS 1.3, as OpenSSL counts it.
func TestTicketLife(t *testing.T) {
	for _, row := range []struct {
		version uint16
		life    time.Duration
		after   []time.Duration // of handshakes, after the one before
		resumed []bool
	}{
		{tls.VersionTLS12, 5 * time.Minute, []time.Duration{0, 5 * time.Minute, time.Second, time.Second}, []bool{false, true, false, true}},
		{tls.VersionTLS12, 5 * time.Minute, []time.Duration{0, 3 * time.Minute, 3 * time.Minute, 3 * time.Minute}, []bool{false, true, false, true}},
		{tls.VersionTLS13, 5 * time.Minute, []time.Duration{0, 5 * time.Minute, time.Second, time.Second}, []bool{false, true, true, true}},
		{tls.VersionTLS13, 5 * time.Minute, []time.Duration{0, 5*time.Minute + time.Second, 3 * time.Minute, 3 * time.Minute}, []bool{false, false, true, true}},
		{tls.VersionTLS13, time.Second, []time.Duration{0, time.Second, 2 * time.Second}, []bool{false, true, false}},
		{tls.VersionTLS12, openSSLLife, []time.Duration{0, time.Hour, time.Hour, time.Second}, []bool{false, true, true, false}},
		{tls.VersionTLS13, longestLife, []time.Duration{0, 6 * 24 * time.Hour}, []bool{false, true}},
	} {
		now := time.Now().Truncate(time.Second)
		cfg := &tls.Config{MaxVersion: row.version, Time: func() time.Time { return now }}
		bind(cfg, &tls.Config{Time: cfg.Time}, []byte("own"), row.life, clock.New(cfg.Time))
		cache := tls.NewLRUClientSessionCache(1)
		for i, d := range row.after {
			now = now.Add(d)
			if got := resumedBy(t, cfg, cache); got != row.resumed[i] {
				t.Errorf("%s, %v, handshake %d after %v: resumed %v", tls.VersionName(row.version), row.life, i+1, row.after[:i+1], got)
			}
		}
	}
}

// TestTicketOwner: a ticket counts only where it was issued.
func TestTicketOwner(t *testing.T) {
	keys, now := new(tls.Config), clock.New(nil)
	one, other := new(tls.Config), new(tls.Config)
	bind(one, keys, []byte("one"), time.Minute, now)
	bind(other, keys, []byte("other"), time.Minute, now)
	cache := tls.NewLRUClientSessionCache(1)
	for i, step := range []struct {
		cfg  *tls.Config
		want bool
	}{{one, false}, {one, true}, {other, false}, {other, true}, {one, false}} {
		if got := resumedBy(t, step.cfg, cache); got != step.want {
			t.Errorf("handshake %d: resumed %v", i+1, got)
		}
	}
}

// resumedBy makes a handshake, and reports whether a session of the cache was resumed.
func resumedBy(t *testing.T, cfg *tls.Config, cache tls.ClientSessionCache) bool {
	t.Helper()
	files := testkit.CertFiles()
	cert, err := tls.X509KeyPair([]byte(files["certs/a-ec.crt"]), []byte(files["certs/a-ec.key"]))
	if err != nil {
		t.Fatal(err)
	}
	cfg = cfg.Clone()
	cfg.Certificates = []tls.Certificate{cert}
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	server := tls.Server(ours, cfg)
	done := make(chan error, 1)
	go func() {
		err := server.Handshake()
		if err == nil {
			_, err = server.Write([]byte("x"))
		}
		done <- err
	}()
	client := tls.Client(theirs, &tls.Config{InsecureSkipVerify: true, ServerName: "a.test", ClientSessionCache: cache, Time: cfg.Time}) //nolint:gosec // nothing is sent
	_, err = client.Read(make([]byte, 1))                                                                                                // tickets of TLS 1.3 come before it
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	return client.ConnectionState().DidResume
}
