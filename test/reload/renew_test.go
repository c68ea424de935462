package reload_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

var renewFor = flag.Duration("renew.for", 10*time.Second, "how long TestRenew renews the certificate, once a second")

// issue makes a certificate with a serial number, and its key, in PEM.
func issue(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"a.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// The ways in which programs replace a file.
var ways = []func(path string, text []byte) error{
	func(path string, text []byte) error { return os.WriteFile(path, text, 0o600) },
	func(path string, text []byte) error { // the new file takes the place of the old one at once
		return errors.Join(os.WriteFile(path+".new", text, 0o600), os.Rename(path+".new", path))
	},
	func(path string, text []byte) error { // for a while half of it is there
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Write(text[:len(text)/2])
		<-time.After(100 * time.Millisecond)
		_, err2 := f.Write(text[len(text)/2:])
		return errors.Join(err, err2)
	},
	func(path string, text []byte) error { // for a while there is none
		err := os.Remove(path)
		<-time.After(100 * time.Millisecond)
		return errors.Join(err, os.WriteFile(path, text, 0o600))
	},
}

// renewed is a server whose certificate is renewed, and what its clients see.
type renewed struct {
	*testing.T
	s    *testkit.Server
	load *load

	mu    sync.Mutex
	first map[int64]time.Time // when a serial number was seen first
	last  int64

	full, resumed, kept atomic.Int64
}

// TestRenew renews a certificate each second, in all the ways that programs replace files, while clients open connections,
// resume sessions and keep connections, and while the server is reloaded. No request fails, each new certificate is served
// within two seconds and no old one after it, and every session is resumed.
func TestRenew(t *testing.T) {
	for _, engine := range []string{"epoll", "goroutine"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			cert, key := issue(t, 1)
			back := backend(t, "a")
			conf := "SSLEngine on\nSSLCertificateFile cert.pem\nSSLCertificateKeyFile key.pem\nMaxKeepAliveRequests 0\nProxyPass / http://" + back + "/\n"
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: conf, Files: map[string]string{"cert.pem": string(cert), "key.pem": string(key)}})
			r := &renewed{T: t, s: s, load: &load{stop: make(chan struct{})}, first: map[int64]time.Time{}}
			r.run()
		})
	}
}

func (r *renewed) run() {
	for i := range 3 {
		r.client(func() error { return r.ask(&tls.Config{}, i, &r.full) })
		session := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		r.client(func() error { return r.ask(session, i, &r.resumed) })
	}
	r.client(r.keep)
	r.Cleanup(r.load.end)
	done := map[int64]time.Time{}
	until, tick := time.Now().Add(*renewFor), time.NewTicker(time.Second)
	defer tick.Stop()
	serial := int64(1)
	for time.Now().Before(until) {
		<-tick.C
		serial++
		r.renew(serial)
		done[serial] = time.Now()
		if serial%4 == 0 {
			r.s.Signal(syscall.SIGUSR1)
		}
	}
	testkit.Eventually(r, "the last certificate is served", func() bool { return r.seen() == serial })
	r.load.end()
	r.judge(done)
}

// renew replaces both files, the certificate first or the key.
func (r *renewed) renew(serial int64) {
	cert, key := issue(r.T, serial)
	way := ways[int(serial)%len(ways)]
	replace := []func() error{
		func() error { return way(filepath.Join(r.s.Dir, "cert.pem"), cert) },
		func() error { return way(filepath.Join(r.s.Dir, "key.pem"), key) },
	}
	if serial/4%2 == 1 {
		slices.Reverse(replace)
	}
	for i, f := range replace {
		if i == 1 && serial%5 == 2 { // a reload that finds a certificate without its key
			r.s.Signal(syscall.SIGUSR1)
		}
		if err := f(); err != nil {
			r.Error(err)
		}
	}
}

// judge looks at what the clients saw. done is when each certificate was complete.
func (r *renewed) judge(done map[int64]time.Time) {
	var waits []time.Duration
	for serial, at := range done {
		seen := time.Time{}
		for s, when := range r.first { // a later one does as well
			if s >= serial && (seen.IsZero() || when.Before(seen)) {
				seen = when
			}
		}
		waits = append(waits, seen.Sub(at))
	}
	slices.Sort(waits)
	r.Logf("%d certificates, served after %v to %v; connections: %d with full handshakes, %d resumed, %d kept", len(waits),
		waits[0].Round(time.Millisecond), waits[len(waits)-1].Round(time.Millisecond), r.full.Load(), r.resumed.Load(), r.kept.Load())
	if middle := waits[len(waits)/2]; middle > 2*time.Second {
		r.Errorf("a certificate is served after %v", middle)
	}
	if most := waits[len(waits)-1]; most > 4*time.Second { // a busy machine may be late
		r.Errorf("a certificate was served after %v", most)
	}
	if n := r.load.failed.Load(); n > 0 || r.load.asked.Load() == 0 {
		r.Errorf("%d of %d requests failed", n, r.load.asked.Load())
	}
	for line := range strings.Lines(r.s.File("error.log")) {
		for _, level := range []string{":error]", ":crit]", ":alert]", ":emerg]"} {
			if strings.Contains(line, level) && !strings.Contains(line, "cert.pem") && !strings.Contains(line, "key.pem") &&
				!strings.Contains(line, "the configuration stays") {
				r.Errorf("logged: %s", line)
			}
		}
	}
}

// client does something again and again.
func (r *renewed) client(do func() error) {
	r.load.clients.Go(func() {
		for {
			select {
			case <-r.load.stop:
				return
			default:
			}
			if err := do(); err != nil {
				r.load.failed.Add(1)
				r.Log(err)
			}
			r.load.asked.Add(1)
		}
	})
}

// ask opens a connection for one request. What its config has of an earlier session must be resumed.
func (r *renewed) ask(cfg *tls.Config, client int, count *atomic.Int64) error {
	begun, had := cfg.Clone(), count.Load()
	begun.ServerName, begun.InsecureSkipVerify = "a.test", true
	if client == 2 {
		begun.MaxVersion = tls.VersionTLS12
	}
	old := false
	if begun.ClientSessionCache != nil {
		_, old = begun.ClientSessionCache.Get("a.test")
	}
	c, err := tls.Dial("tcp", r.s.Addr(), begun)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	if got := c.ConnectionState().DidResume; got != old {
		return fmt.Errorf("a session to resume %v, resumed %v, after %d", old, got, had)
	}
	if !old {
		if err := r.see(c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()); err != nil {
			return err
		}
	}
	count.Add(1)
	return get(c, bufio.NewReader(c))
}

// keep makes many requests on one connection.
func (r *renewed) keep() error {
	c, err := tls.Dial("tcp", r.s.Addr(), &tls.Config{ServerName: "a.test", InsecureSkipVerify: true}) //nolint:gosec // serials are compared
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	r.kept.Add(1)
	in := bufio.NewReader(c)
	for begun := time.Now(); time.Since(begun) < 3*time.Second; {
		if err := get(c, in); err != nil {
			return err
		}
		select {
		case <-r.load.stop:
			return nil
		case <-time.After(10 * time.Millisecond): // the processor is for the others
		}
	}
	return nil
}

// get makes a request on a connection.
func get(w io.Writer, in *bufio.Reader) error {
	if _, err := io.WriteString(w, "GET /path HTTP/1.1\r\nHost: a.test\r\n\r\n"); err != nil {
		return err
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != 200 || string(b) != "a 0") {
		err = fmt.Errorf("%s: %.200q", res.Status, b)
	}
	return err
}

// see notes a serial number. One that is older than what this server has served before is an error, but for
// handshakes at the same time.
func (r *renewed) see(serial int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.first[serial]; !ok {
		r.first[serial] = time.Now()
	}
	if since := time.Since(r.first[r.last]); serial < r.last && since > time.Second {
		return fmt.Errorf("certificate %d served %v after %d", serial, since, r.last)
	}
	r.last = max(r.last, serial)
	return nil
}

// seen returns the latest serial number.
func (r *renewed) seen() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
