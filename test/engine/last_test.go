package engine

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// A client that sends more, though it has announced that its request is the last, gets
// the whole response: closing at once would reset the connection, and lose it. Many of
// them end together, next to clients that send no more.
func TestMoreAfterTheLastRequest(t *testing.T) { onEach(t, testMoreAfterTheLastRequest) }

func testMoreAfterTheLastRequest(t *testing.T, n realEngine) {
	for _, size := range []int{10, 300 << 10} {
		body := strings.Repeat("x", size)
		o := testkit.NewOrigin(t)
		o.Default(testkit.MustAnswer("wait go ; respond 200 " + body))
		_, addr, _ := n.onSockets(t, o, nil)
		clients := make([]net.Conn, 12)
		for i := range clients {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(testkit.Patience))
			_, _ = fmt.Fprint(c, get("/", "Connection: close\r\n"))
			clients[i] = c
		}
		testkit.Eventually(t, "all requests arrive", func() bool { return len(o.Requests()) == len(clients) })
		for i, c := range clients {
			if i%2 == 0 {
				_, _ = fmt.Fprint(c, "\r\nmore")
			}
		}
		o.Release("go")
		for i, c := range clients {
			if b, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(b), "\r\n\r\n"+body) {
				t.Errorf("client %d: %d bytes, %v", i, len(b), err)
			}
			_ = c.Close()
		}
	}
}
