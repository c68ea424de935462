package ssl

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// onceCache keeps the first session that it gets.
type onceCache struct{ session *tls.ClientSessionState }

func (c *onceCache) Get(string) (*tls.ClientSessionState, bool) { return c.session, c.session != nil }

func (c *onceCache) Put(_ string, s *tls.ClientSessionState) {
	if c.session == nil {
		c.session = s
	}
}

// resumes makes a handshake with the keys of a file, and reports whether the session was
// resumed.
func resumes(t *testing.T, f *ticketFile, cache *onceCache) bool {
	t.Helper()
	files := testkit.CertFiles()
	cert, err := tls.X509KeyPair([]byte(files["certs/a-ec.crt"]), []byte(files["certs/a-ec.key"]))
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	server := tls.Server(ours, &tls.Config{
		Certificates: []tls.Certificate{cert}, MaxVersion: tls.VersionTLS12,
		WrapSession: f.keys.EncryptTicket, UnwrapSession: f.keys.DecryptTicket,
	})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	client := tls.Client(theirs, &tls.Config{InsecureSkipVerify: true, ServerName: "a.test", ClientSessionCache: cache}) //nolint:gosec // nothing is sent
	if err := errors.Join(client.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return client.ConnectionState().DidResume
}

// TestTicketFile: a changed key makes new tickets, and takes those of the one before; a
// file that is written in part changes nothing.
func TestTicketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	at := time.Now().Add(-time.Hour)
	write := func(text string) {
		t.Helper()
		at = at.Add(time.Second)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	f := &ticketFile{path: path, open: os.Open}
	if err := f.load(); err == nil {
		t.Error("a file that is not there was read")
	}
	write(strings.Repeat("a", ticketBytes-1))
	if err := f.load(); !errors.Is(err, errShortTicket) {
		t.Error(err)
	}
	write(strings.Repeat("a", ticketBytes))
	if err := f.load(); err != nil {
		t.Fatal(err)
	}
	ticket := func() *onceCache {
		t.Helper()
		c := new(onceCache)
		if resumes(t, f, c) {
			t.Error("resumed without a ticket")
		}
		return c
	}
	takes := func(name string, c *onceCache, want bool) {
		t.Helper()
		if got := resumes(t, f, c); got != want {
			t.Errorf("%s: resumed %v", name, got)
		}
	}
	looks := func(want ...string) {
		t.Helper()
		for _, w := range want {
			said, err := f.look()
			if err != nil {
				said = err.Error()
			}
			if !strings.Contains(said, w) || w == "" && said != "" {
				t.Errorf("%q, want %q", said, w)
			}
		}
	}
	first := ticket()
	looks("", "")
	write(strings.Repeat("b", 20))
	looks("", "cannot be used", "", "")
	takes("the first, after a part", first, true)
	write(strings.Repeat("b", ticketBytes))
	looks("", "was read again", "", "")
	second := ticket()
	takes("the first", first, true)
	takes("the second", second, true)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	looks("", "")
	takes("the second, without a file", second, true)
	write(strings.Repeat("c", ticketBytes+9))
	looks("", "was read again")
	takes("the first, two keys later", first, false)
	takes("the second, one key later", second, true)
	write(strings.Repeat("c", ticketBytes))
	looks("", "", "") // the same key
	takes("the second, with the same key again", second, true)
}
