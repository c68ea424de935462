package reactor_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// A batched message arrives, in order with everything else, whatever the writer
// does next.
func TestWriteBatched(t *testing.T) { each(t, testWriteBatched) }

func testWriteBatched(t *testing.T, n engine) {
	for _, tt := range []struct {
		name string
		then func(l reactor.Loop, c reactor.Conn)
		want string
	}{
		{"sleep", func(l reactor.Loop, c reactor.Conn) { l.Sleep(time.Millisecond); _ = c.Close() }, "soon"},
		{"soon again", func(_ reactor.Loop, c reactor.Conn) { _, _ = c.WriteBatched([]byte(" too")); _ = c.Close() }, "soon too"},
		{"write", func(_ reactor.Loop, c reactor.Conn) { _, _ = c.Write([]byte(" now")); _ = c.Close() }, "soon now"},
		{"close", func(_ reactor.Loop, c reactor.Conn) { _ = c.Close() }, "soon"},
		{"close write", func(l reactor.Loop, c reactor.Conn) { _ = c.CloseWrite(); l.Sleep(time.Millisecond); _ = c.Close() }, "soon"},
		{"large", func(_ reactor.Loop, c reactor.Conn) {
			_, _ = c.WriteBatched(bytes.Repeat([]byte("x"), 100<<10))
			_ = c.Close()
		}, "soon" + string(bytes.Repeat([]byte("x"), 100<<10))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n.on(t, func(l reactor.Loop) {
				c, other := pair(t, l)
				got := make(chan string, 1)
				go func() {
					_ = other.SetDeadline(time.Now().Add(testkit.Patience))
					b, _ := io.ReadAll(other)
					got <- string(b)
				}()
				p := []byte("soon")
				if m, err := c.WriteBatched(p); m != 4 || err != nil {
					t.Errorf("%d, %v", m, err)
				}
				copy(p, "gone") // it belongs to the caller again
				tt.then(l, c)
				away(l, func() {
					if s := <-got; s != tt.want {
						t.Errorf("got %d bytes %.20q, want %d", len(s), s, len(tt.want))
					}
				})
			})
		})
	}
}

// Many writers between two waits of the loop, more than its batch holds.
func TestWriteBatchedMany(t *testing.T) { each(t, testWriteBatchedMany) }

func testWriteBatchedMany(t *testing.T, n engine) {
	n.on(t, func(l reactor.Loop) {
		const many = 60
		var tasks []reactor.Task
		for i := range many {
			c, other := pair(t, l)
			text := bytes.Repeat([]byte(fmt.Sprintf("%04d", i)), 1000)
			tasks = append(tasks, l.Go(run(func() {
				if _, err := c.WriteBatched(text); err != nil {
					t.Error(err)
				}
				b := make([]byte, 1)
				if _, err := io.ReadFull(c, b); err != nil {
					t.Error(err)
				}
				_ = c.Close()
			})))
			go func() {
				_ = other.SetDeadline(time.Now().Add(testkit.Patience))
				b := make([]byte, len(text))
				if _, err := io.ReadFull(other, b); err != nil || !bytes.Equal(b, text) {
					t.Errorf("%d: got %.8q, %v", i, b, err)
				}
				_, _ = other.Write([]byte("!"))
			}()
		}
		for _, task := range tasks {
			task.Wait()
		}
	})
}

// What the socket of a slow client has no room for is sent when there is room,
// and the client is not idle until then.
func TestWriteBatchedFull(t *testing.T) { each(t, testWriteBatchedFull) }

func testWriteBatchedFull(t *testing.T, n engine) {
	const idle, many = 20 * time.Millisecond, 40
	numbered := func(i int) []byte { return fmt.Appendf(nil, "%03000d", i) }
	h := &echo{t: t, idle: idle}
	full := make(chan int, 1)
	h.serve = func(c reactor.Conn, p []byte) bool {
		if p[0] == 'a' { // again
			_, _ = c.WriteBatched([]byte("again"))
			return true
		}
		_ = c.SetWriteDeadline(time.Now().Add(idle))
		sent, err := 0, error(nil)
		for err == nil {
			var m int
			m, err = c.Write(bytes.Repeat([]byte("x"), 1<<20))
			sent += m
		}
		_ = c.SetWriteDeadline(time.Now().Add(testkit.Patience))
		full <- sent
		for i := range many { // more than fits the batch
			if _, err := c.WriteBatched(numbered(i)); err != nil {
				t.Error(err)
			}
		}
		return true
	}
	_, addr := n.start(t, h, nil)
	c := dial(t, addr)
	_, _ = c.Write([]byte("x"))
	sent, began := <-full, time.Now()
	_, _ = c.Write([]byte("a")) // the next request; its response must come after all of that
	testkit.Eventually(t, "it would be idle for too long", func() bool { return time.Since(began) > 3*idle })
	var want []byte
	for i := range many {
		want = append(want, numbered(i)...)
	}
	want = append(want, "again"...)
	b := make([]byte, sent+len(want))
	if m, err := io.ReadFull(c, b); err != nil || !bytes.Equal(b[sent:], want) {
		t.Errorf("%d of %d bytes, %v", m, len(b), err)
	}
}
