package tunnel_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/tunnel"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// joiner is a handler that joins each client to a backend after its first
// bytes, which are passed on.
type joiner struct {
	t       *testing.T
	backend netip.AddrPort
	set     *tunnel.Tunnels
	conf    tunnel.Config
	ended   chan tunnel.Summary
}

// Ended implements tunnel.Ender.
func (j *joiner) Ended(s tunnel.Summary) { j.ended <- s }

type joining struct {
	j *joiner
	c reactor.Conn
}

func (j *joiner) Full() bool { return false }

func (j *joiner) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	return &joining{j, c}, time.Minute
}

func (s *joining) Closed() {}

func (s *joining) Serve() (bool, time.Duration) {
	b := s.c.Loop().Buffer()
	defer s.c.Loop().Return(b)
	n, err := s.c.Read(b.Bytes)
	if err != nil {
		return false, 0
	}
	up, err := s.c.Loop().Dial(reactor.Dial{Addr: s.j.backend, Timeout: testkit.Patience})
	if err != nil {
		s.j.t.Error(err)
		return false, 0
	}
	s.c.Detach()
	c := s.j.conf
	c.Client, c.Backend, c.FromClient, c.FromBackend = s.c, up, b.Bytes[:n], []byte("hello ")
	c.Way = &tunnel.Way{Name: "/t", Addr: "backend"}
	c.Ended = s.j
	s.j.set.Start(&c)
	return true, time.Minute // it is detached, so this has no effect
}

// rig is an engine with a joiner and a backend that the test controls.
type rig struct {
	*joiner
	engine  reactor.Engine
	addr    string
	backend net.Listener
	served  sync.WaitGroup
	front   net.Listener
}

func start(t *testing.T, make func(reactor.Hooks) reactor.Engine, conf tunnel.Config, play func(c *net.TCPConn)) *rig {
	t.Helper()
	back, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := make(reactor.Hooks{Panic: func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }})
	r := &rig{engine: e, addr: front.Addr().String(), backend: back, front: front}
	r.joiner = &joiner{
		t: t, backend: back.Addr().(*net.TCPAddr).AddrPort(), conf: conf,
		set: tunnel.New(len(e.Loops())), ended: make2(),
	}
	r.served.Go(func() {
		for {
			c, err := back.Accept()
			if err != nil {
				return
			}
			r.served.Go(func() {
				defer func() { _ = c.Close() }()
				play(c.(*net.TCPConn))
			})
		}
	})
	if err := e.Serve(front, r.joiner); err != nil {
		t.Fatal(err)
	}
	return r
}

func make2() chan tunnel.Summary { return make(chan tunnel.Summary, 4096) }

// stop ends the engine at once and returns the number of clients cut.
func (r *rig) stop(t *testing.T) int {
	t.Helper()
	r.engine.Leave(r.front)
	_ = r.front.Close()
	now := make(chan struct{})
	close(now)
	n := r.engine.Drain(now)
	_ = r.backend.Close()
	r.served.Wait()
	testkit.Eventually(t, "no tunnel is left", func() bool { n, _ := r.set.Counts(); return n == 0 })
	return n
}

func (r *rig) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	return c.(*net.TCPConn)
}

func each(t *testing.T, f func(t *testing.T, engine func(reactor.Hooks) reactor.Engine)) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) { f(t, e) })
	}
}

func echo(c *net.TCPConn) {
	_, _ = io.Copy(c, c)
}

// Bytes read ahead come first, both ways; then bytes in any pieces, many at
// once, and each side can end while the other continues.
func TestCopies(t *testing.T) {
	each(t, func(t *testing.T, e func(reactor.Hooks) reactor.Engine) {
		r := start(t, e, tunnel.Config{Patience: testkit.Patience}, echo)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(i), 1))
				sent := make([]byte, 1<<20)
				for k := range sent {
					sent[k] = byte(rnd.Uint32())
				}
				c := r.dial(t)
				defer func() { _ = c.Close() }()
				go func() {
					for p := sent; len(p) > 0; {
						n := min(1+rnd.IntN(100000), len(p))
						if _, err := c.Write(p[:n]); err != nil {
							return
						}
						p = p[n:]
					}
					_ = c.CloseWrite()
				}()
				got, err := io.ReadAll(c)
				if want := append([]byte("hello "), sent...); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes came back of %d: %v", len(got), len(want), err)
				}
			})
		}
		wg.Wait()
		for range 8 {
			s := <-r.ended
			if s.Cause != tunnel.Finished || s.FromBackend != 1<<20 {
				t.Errorf("%v, %d bytes from the client, %d from the backend", s.Cause, s.FromClient, s.FromBackend)
			}
		}
		if n := r.stop(t); n != 0 {
			t.Errorf("%d were cut", n)
		}
	})
}

// A tunnel ends when a side fails, when nothing moves for too long, at the
// deadline of a stop, and when the engine is cut: always once, and a failed side
// is never taken for one that ended.
func TestEnds(t *testing.T) {
	each(t, func(t *testing.T, e func(reactor.Hooks) reactor.Engine) {
		for _, tt := range []struct {
			name string
			conf tunnel.Config
			do   func(r *rig, c *net.TCPConn)
			want tunnel.Cause
		}{
			{"client resets", tunnel.Config{}, func(_ *rig, c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() }, tunnel.Broke},
			{"idle", tunnel.Config{Idle: 50 * time.Millisecond}, func(*rig, *net.TCPConn) {}, tunnel.WasIdle},
			{"drained", tunnel.Config{}, func(r *rig, _ *net.TCPConn) { r.set.Drain(time.Now().Add(20 * time.Millisecond)) }, tunnel.Stopped},
			{"client closes", tunnel.Config{}, func(_ *rig, c *net.TCPConn) { _ = c.Close() }, tunnel.Finished},
		} {
			t.Run(tt.name, func(t *testing.T) {
				r := start(t, e, tt.conf, echo)
				c := r.dial(t)
				_, _ = io.WriteString(c, "x")
				var b [7]byte
				if _, err := io.ReadFull(c, b[:]); err != nil || string(b[:]) != "hello x" {
					t.Fatalf("%q %v", b, err)
				}
				list := r.set.List()
				if len(list) != 1 || list[0].Way.Name != "/t" || list[0].FromBackend != 1 {
					t.Errorf("listed: %+v", list)
				}
				tt.do(r, c)
				if s := <-r.ended; s.Cause != tt.want {
					t.Errorf("%v (%v), want %v", s.Cause, s.Err, tt.want)
				}
				if tt.want == tunnel.WasIdle || tt.want == tunnel.Stopped {
					if _, err := c.Read(b[:]); err == nil || err == io.EOF {
						t.Errorf("the client was told %v", err)
					}
				}
				_ = c.Close()
				r.stop(t)
				if len(r.ended) != 0 {
					t.Error("it ended twice")
				}
			})
		}
	})
}

// An engine that drains waits for tunnels, and cuts them in the end.
func TestCut(t *testing.T) {
	each(t, func(t *testing.T, e func(reactor.Hooks) reactor.Engine) {
		r := start(t, e, tunnel.Config{}, echo)
		var cs []*net.TCPConn
		for range 5 {
			c := r.dial(t)
			_, _ = io.WriteString(c, "x")
			var b [7]byte
			_, _ = io.ReadFull(c, b[:])
			cs = append(cs, c)
		}
		if n := r.engine.Open(); n != 5 {
			t.Errorf("%d are open", n)
		}
		if n := r.stop(t); n != 5 {
			t.Errorf("%d were cut", n)
		}
		for range cs {
			<-r.ended
		}
		for _, c := range cs {
			_ = c.Close()
		}
	})
}

// An idle tunnel costs little: two small connections and itself.
func TestIdleMemory(t *testing.T) {
	e := engines["epoll"]
	if e == nil {
		testkit.Skip(t, "memory of idle tunnels: there are no event loops on this system")
	}
	const many = 1000
	silent := make(chan struct{})
	r := start(t, e, tunnel.Config{}, func(*net.TCPConn) { <-silent })
	open := func(n int) (cs []*net.TCPConn) {
		for range n {
			c := r.dial(t)
			_, _ = io.WriteString(c, "x")
			var b [6]byte
			_, _ = io.ReadFull(c, b[:])
			cs = append(cs, c)
		}
		return cs
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	cs := open(100)
	before := heap()
	cs = append(cs, open(many)...)
	after := heap()
	// The test's own ends count too: four descriptors of net for each tunnel.
	if each := (after - before) / many; each > 4096 {
		t.Errorf("%d bytes for each tunnel, with the ends that the test has", each)
	}
	close(silent)
	for _, c := range cs {
		_ = c.Close()
	}
	for range cs {
		<-r.ended
	}
	r.stop(t)
}
