//go:build linux

package load

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// startBackend runs a backend for a test and returns its address.
func startBackend(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Backend(ctx, 2, false, w) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	line := make([]byte, 64)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	t.Cleanup(func() { _ = w.Close() })
	return strings.TrimSpace(string(line[:n]))
}

// TestBodies plays clients against the backend without a proxy in between.
func TestBodies(t *testing.T) {
	addr := startBackend(t)
	for name, b := range map[string]Bodies{
		"small":   {Path: "/small"},
		"large":   {Path: "/large"},
		"length":  {Path: "/take", Send: 1 << 20},
		"chunked": {Path: "/take", Send: 64 << 10, Chunk: 8 << 10},
	} {
		b.Connections, b.Time, b.Host = 3, 20*time.Millisecond, "bench.test"
		m, err := b.Run(context.Background(), addr)
		if err != nil || m.Requests == 0 || m.Errors != 0 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
		each := int64(max(b.Send, map[string]int{"small": Small, "large": Large}[name]))
		if b.Send > 0 {
			each += int64(len("taken\n"))
		}
		if m.Bytes != m.Requests*each {
			t.Errorf("%s: %d bytes in %d requests, want %d each", name, m.Bytes, m.Requests, each)
		}
	}
}

func TestPipelining(t *testing.T) {
	c, err := net.Dial("tcp", startBackend(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	one := "GET /small HTTP/1.1\r\nHost: a\r\n\r\n"
	if _, err := io.WriteString(c, one+one+"GET /small HTTP/1.1\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil || strings.Count(string(all), "HTTP/1.1 200 OK\r\n") != 3 {
		t.Errorf("%v, %d bytes", err, len(all))
	}
}

func TestIdle(t *testing.T) {
	addr := startBackend(t)
	var i Idle
	if err := i.Open(addr, "bench.test", "/small", 50); err != nil {
		t.Fatal(err)
	}
	if n := i.Alive(); n != 50 {
		t.Errorf("%d alive, want 50", n)
	}
	for _, c := range i.conns {
		_ = c.CloseWrite() // the backend closes then
	}
	testkit.Eventually(t, "the closed connections are noticed", func() bool { return i.Alive() == 0 })
	for _, c := range i.conns {
		_ = c.Close()
	}
}

func newOpen(t *testing.T) *Open {
	t.Helper()
	o, err := NewOpen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// silent listens and never accepts.
func silent(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// TestOpen plays the fixed rate against its own backend, as if it were two proxies.
func TestOpen(t *testing.T) {
	o := newOpen(t)
	for _, rate := range []float64{0, 500} {
		const ms = time.Millisecond
		f := Fixed{Connections: 4, Rate: rate, Warm: 10 * ms, Turn: 40 * ms, Turns: 3, Host: "a", Path: "/small"}
		all, err := o.Run(context.Background(), []string{o.Addr(), o.Addr()}, f)
		if err != nil || len(all) != 2 {
			t.Fatalf("rate %v: %v, %v", rate, all, err)
		}
		for _, l := range all {
			if l.Failed != "" || l.Requests == 0 || l.Lost != 0 || l.All < l.Requests {
				t.Errorf("rate %v: %+v", rate, l)
			}
			if l.P50 <= 0 || l.P50 > l.P99 || l.P99 > l.P999 || l.P999 > l.Max || l.Mid99 > l.Mid999 || l.Mid999 > l.Max {
				t.Errorf("rate %v: percentiles %+v", rate, l)
			}
		}
		if rate > 0 && all[0].Requests != all[1].Requests {
			t.Errorf("%d requests for one and %d for the other", all[0].Requests, all[1].Requests)
		}
	}
}

// TestOpenFails plays against an absent proxy and a present one.
func TestOpenFails(t *testing.T) {
	o := newOpen(t)
	ln := silent(t)
	gone := ln.Addr().String()
	_ = ln.Close()
	f := Fixed{Connections: 2, Rate: 1000, Turn: 20 * time.Millisecond, Turns: 2, Host: "a", Path: "/small"}
	all, err := o.Run(context.Background(), []string{gone, o.Addr()}, f)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	if all[0].Failed == "" || all[1].Failed != "" || all[1].Requests == 0 {
		t.Errorf("%+v", all)
	}
}

// TestOpenLoses plays against a proxy that accepts requests and never responds.
func TestOpenLoses(t *testing.T) {
	o, ln := newOpen(t), silent(t)
	f := Fixed{Connections: 2, Rate: 1000, Turn: 10 * time.Millisecond, Turns: 1, Host: "a", Path: "/small"}
	all, err := o.Run(context.Background(), []string{ln.Addr().String()}, f)
	if err != nil || all[0].Failed == "" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestSchedule(t *testing.T) {
	f := Fixed{Rate: 1000, Turn: 10 * time.Second}
	due := schedule(f, 1)
	if n := len(due); n < 9500 || n > 10500 {
		t.Errorf("%d requests, want about 10000", n)
	}
	if !slices.IsSorted(due) || !slices.Equal(due, schedule(f, 1)) || slices.Equal(due, schedule(f, 2)) {
		t.Error("not in order, not repeatable, or the same in the next turn")
	}
}

func TestPercentile(t *testing.T) {
	var s []time.Duration
	for i := range 1000 {
		s = append(s, time.Duration(i+1)*time.Microsecond)
	}
	for p, want := range map[float64]float64{0.5: 500, 0.99: 990, 0.999: 999, 1: 1000} {
		if got := percentile(s, p); got != want {
			t.Errorf("%v: %v, want %v", p, got, want)
		}
	}
}

// TestShakes plays handshakes against net/http.
func TestShakes(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer s.Close()
	for _, resume := range []bool{false, true} {
		l := Shakes{Connections: 2, Time: 20 * time.Millisecond, Host: "bench.test", Path: "/", Resume: resume}
		m, err := l.Run(context.Background(), s.Listener.Addr().String())
		if err != nil || m.Requests < 2 || m.Errors != 0 {
			t.Errorf("resume %v: %+v, %v", resume, m, err)
		}
	}
}
