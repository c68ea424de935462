//go:build linux

package load

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Shakes is the load of clients that open a TLS connection, make one request on it, and close it, as fast as they can for a time.
type Shakes struct {
	Connections int // at the same time
	Time        time.Duration
	Host, Path  string
	Resume      bool // every handshake but the first of each client resumes the session before
	Hybrid      bool // agree on X25519MLKEM768 where the server knows it; else on X25519
}

// tlsConfig is that of a client that trusts every server: TLS 1.3, X25519; P-256, the
// curve of certificates, is offered because some versions of OpenSSL otherwise refuse them.
func tlsConfig(host string) *tls.Config {
	return &tls.Config{
		ServerName: host, InsecureSkipVerify: true, //nolint:gosec // the certificate was made for the benchmark
		MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
	}
}

// Run plays s against the proxy at addr.
func (s Shakes) Run(ctx context.Context, addr string) (Moved, error) {
	var requests, failed atomic.Int64
	request := [][]byte{get(s.Host, s.Path)}
	started := time.Now()
	var all sync.WaitGroup
	for range s.Connections {
		all.Go(func() {
			cfg := tlsConfig(s.Host)
			if s.Hybrid {
				cfg.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256}
			}
			if s.Resume {
				cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			}
			buf := make([]byte, 16<<10)
			for first := true; ctx.Err() == nil && (first || time.Since(started) < s.Time); first = false {
				if s.one(addr, cfg, request, buf, first) != nil {
					failed.Add(1)
					return
				}
				requests.Add(1)
			}
		})
	}
	all.Wait()
	return Moved{Requests: requests.Load(), Errors: failed.Load(), Seconds: time.Since(started).Seconds()}, ctx.Err()
}

var errNotResumed = errors.New("the session was not resumed")

// one makes one connection.
func (s Shakes) one(addr string, cfg *tls.Config, request [][]byte, buf []byte, first bool) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	c := tls.Client(nc, cfg)
	if _, err := exchange(c, request, buf); err != nil {
		return err
	}
	if s.Resume && !first && !c.ConnectionState().DidResume {
		return errNotResumed
	}
	return c.Close()
}
