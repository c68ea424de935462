package health

import (
	"errors"
	"net"
	"testing"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/worker"
)

// The name that a backend with TLS must have for its checks.
func TestPeerName(t *testing.T) {
	for _, tt := range []struct {
		host, peer, sni string // of the member
		hchost          string
		preserved       bool
		want            string
	}{
		{host: "b.test", want: "b.test"},
		{host: "b.test", hchost: "a.test", want: "b.test"},
		{host: "192.0.2.1", peer: "b.test", want: "b.test"}, // expand=
		{host: "b.test", sni: "s.test", want: "s.test"},
		{host: "b.test", preserved: true, want: ""},
		{host: "b.test", hchost: "a.test", preserved: true, want: "a.test"},
		{host: "b.test", hchost: "a.test:8443", preserved: true, want: "a.test"},
		{host: "b.test", hchost: "[2001:db8::1]:8443", preserved: true, want: "2001:db8::1"},
		{host: "b.test", sni: "s.test", hchost: "a.test", preserved: true, want: "s.test"},
	} {
		w := &worker.Worker{Config: worker.Config{Name: "https://b", Scheme: "https", Host: tt.host, Peer: tt.peer, ServerName: tt.sni, Secure: true}}
		p := &param.CheckParams{Method: "GET", Host: tt.hchost}
		c, err := newCheck(w, "b.test:443", p, Place{Preserved: tt.preserved})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.peerName(); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}

// What ends a check because the server stops says nothing about the member.
func TestStopped(t *testing.T) {
	for err, want := range map[error]bool{
		net.ErrClosed: true, reactor.ErrDraining: true, fault.Stopped(fault.Handshake): true,
		errCutHead: false, errors.New("x"): false, &fault.Fault{Side: fault.Backend, Kind: fault.TLS}: false,
	} {
		if got := stopped(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}
