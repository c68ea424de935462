package tlsconn_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/tlsconn"
)

// shedding is a server that reads in pieces of a size, and notes after each what crypto/tls holds.
type shedding struct {
	cfg  *tls.Config
	size int
	seen chan string
}

type shedder struct {
	*shedding
	c *tlsconn.Conn
}

func (s *shedding) Full() bool { return false }

func (s *shedding) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	return &shedder{s, tlsconn.Server(c, s.cfg)}, time.Minute
}

func (s *shedder) Closed() {}

func (s *shedder) Serve() (bool, time.Duration) {
	defer func() { _ = s.c.Close() }()
	_ = s.c.SetDeadline(time.Now().Add(testkit.Patience))
	if err := s.c.Handshake(); err != nil {
		s.seen <- err.Error()
		return false, 0
	}
	s.note("handshake")
	for b := make([]byte, s.size); ; {
		n, err := s.c.Read(b)
		if err != nil {
			break
		}
		s.note(fmt.Sprintf("%d", n))
		if !s.c.Buffered() {
			_, _ = s.c.Write([]byte("."))
		}
	}
	close(s.seen)
	return false, 0
}

func (s *shedder) note(what string) {
	if s.c.Buffered() {
		what += " more"
	}
	if n := s.c.Holds(); n > 0 {
		what += " held"
	}
	s.seen <- what
}

// While nothing was received that is not yet read, crypto/tls has no memory for input, and Buffered is false. A read
// that returns all of a record is told from one that returns a part, even where it fills its buffer.
func TestShed(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		each(t, func(t *testing.T, e reactor.Engine) {
			s := &shedding{cfg: serverConfig(t), size: 4000, seen: make(chan string, 100)}
			c := tls.Client(dial(t, serve(t, e, s)), &tls.Config{
				InsecureSkipVerify: true, MaxVersion: version, DynamicRecordSizingDisabled: true,
			})
			for _, n := range []int{100, 4000, 10_000, 16384} {
				_, _ = c.Write(bytes.Repeat([]byte("x"), n))
				_, _ = io.ReadFull(c, make([]byte, 1))
			}
			_ = c.Close()
			var got []string
			for what := range s.seen {
				if what == "handshake more" { // of the first data
					what = "handshake"
				}
				got = append(got, what)
			}
			want := []string{"handshake", "100", "4000", "4000 more held", "4000 more held", "2000",
				"4000 more held", "4000 more held", "4000 more held", "4000 more held", "384"}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\n got %q\nwant %q", tls.VersionName(version), got, want)
			}
		})
	}
}

// turns is a server that counts how many records it reads while the loop's time stands still.
type turns struct {
	cfg  *tls.Config
	want int
	most chan int
}

type turn struct {
	*turns
	c *tlsconn.Conn
}

func (s *turns) Full() bool { return false }

func (s *turns) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	return &turn{s, tlsconn.Server(c, s.cfg)}, time.Minute
}

func (s *turn) Closed() {}

func (s *turn) Serve() (bool, time.Duration) {
	defer func() { _ = s.c.Close() }()
	_ = s.c.SetDeadline(time.Now().Add(testkit.Patience))
	most, run, last := 0, 0, time.Time{}
	err := s.c.Handshake()
	for n, b := 0, make([]byte, 10); err == nil && n < s.want; n++ {
		_, err = s.c.Read(b)
		if now := s.c.Loop().Now(); !now.Equal(last) {
			last, run = now, 0
		}
		run++
		most = max(most, run)
	}
	if err != nil {
		most = -1
	}
	s.most <- most
	return false, 0
}

// A reader does not take more than 64 records, of which hundreds come by one read from the socket, in one round of the loop.
func TestTakesTurns(t *testing.T) {
	each(t, func(t *testing.T, e reactor.Engine) {
		s := &turns{cfg: serverConfig(t), want: 2000, most: make(chan int, 1)}
		nc := dial(t, serve(t, e, s))
		var keys bytes.Buffer
		c := tls.Client(nc, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &keys})
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		r := testkit.NewRecords(t, nc, c, keys.String())
		var all []byte
		for range s.want {
			all = append(all, r.Seal(dataRecord, 'x')...)
		}
		r.Write(all)
		if most := <-s.most; most < 1 || most > 65 {
			t.Errorf("%d records in a row", most)
		}
	})
}
