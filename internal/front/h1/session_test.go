package h1

import (
	"net/netip"
	"testing"
	"unsafe"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// The memory of an idle connection, of which there may be very many.
func TestIdleIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > 96 { // the allocator's next sizes are 80, 96, 112
		t.Errorf("session has %d bytes", n)
	}
}

// still is a loop that has nothing to do.
type still struct{ reactor.Loop }

func (still) Return(*reactor.Buffer) {}
func (still) Index() int             { return 0 }

// stillConn is a connection whose engine watches, or does not.
type stillConn struct {
	reactor.Conn
	watches bool
}

func (stillConn) Loop() reactor.Loop { return still{} }
func (c stillConn) Watch(reactor.Watcher) reactor.Watching {
	if c.watches {
		return reactor.Watched
	}
	return reactor.Unwatched
}

// The parts of a state that are lent for one request hold nothing afterwards,
// even if fields are added.
func TestNothingStaysInState(t *testing.T) {
	var st state
	testkit.Fill(&st.in)
	testkit.Fill(&st.out)
	testkit.Fill(&st.body)
	st.in.loop, st.in.conn, st.out.loop = still{}, stillConn{}, still{}
	st.in.end()
	st.out.end()
	st.body.reset()
	if left := testkit.Residue(&st.in); len(left) > 0 {
		t.Errorf("input: %v", left)
	}
	if left := testkit.Residue(&st.out); len(left) > 0 {
		t.Errorf("output: %v", left)
	}
	if left := testkit.Residue(&st.body, "done", "chunks", "limits"); len(left) > 0 || !st.body.done {
		t.Errorf("body: %v", left)
	}
}

// A session is unchanged after it was lent to a state, and the state sees it
// unchanged.
func TestClientOfSession(t *testing.T) {
	f := New(nil, nil, nil)
	h := f.shard(stillConn{watches: true})
	local := netip.MustParseAddrPort("192.0.2.1:80")
	st := new(state)
	for i, peer := range []string{"10.0.0.1:1", "10.0.0.1:2", "[2001:db8::1]:3", "10.0.0.1:4"} {
		p := netip.MustParseAddrPort(peer)
		s := &session{shard: h, conn: stillConn{}, local: h.intern(local), peer: p.Addr(), port: p.Port(), serial: 7, requests: 3, base: i}
		st.lend(s)
		c := &st.client
		if c.Local != local || c.Remote != p || string(c.PeerIP) != p.Addr().String() ||
			c.Serial != 7 || c.Requests != 3 || c.Base != any(i) {
			t.Errorf("%s: %+v", peer, c)
		}
		c.Requests, c.Base = 4, "b"
		st.takeBack(s)
		if s.requests != 4 || s.base != any("b") || c.Conn != nil || c.Base != nil {
			t.Errorf("%s: %+v of %+v", peer, s, c)
		}
	}
	if h.intern(local) != h.intern(netip.MustParseAddrPort("192.0.2.1:80")) {
		t.Error("an address is kept twice")
	}
	for i := range 3 * maxLocals {
		h.intern(netip.AddrPortFrom(local.Addr(), uint16(i)))
	}
	if len(h.locals) > maxLocals {
		t.Errorf("%d addresses kept", len(h.locals))
	}
}

// A loop that runs one coroutine at a time keeps states, up to a limit; a loop
// shared by goroutines keeps none.
func TestFreeStates(t *testing.T) {
	for _, alone := range []bool{true, false} {
		f := New(nil, nil, nil)
		h := f.shard(stillConn{watches: alone})
		var list []*state
		for range maxFree + 10 {
			list = append(list, h.take())
		}
		for _, st := range list {
			h.put(st)
		}
		want := 0
		if alone {
			want = maxFree
		}
		if len(h.free) != want {
			t.Errorf("alone %v: %d kept, want %d", alone, len(h.free), want)
		}
		if alone && h.take() != list[maxFree-1] {
			t.Error("not the one used last")
		}
	}
}
