package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// Bytes that a backend sends after its response belong to no request: the connection is
// not used again, however the response was relayed. One write has both, so that
// the surplus has arrived when the connection returns to the pool.
func TestSurplus(t *testing.T) { onEach(t, testSurplus) }

func testSurplus(t *testing.T, n realEngine) {
	for _, size := range []int{10, 15 << 10, 40 << 10, 300 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			o := testkit.NewOrigin(t)
			const poison = `HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`
			o.At("/big", testkit.MustAnswer(fmt.Sprintf(`write "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s"`,
				size, strings.Repeat("x", size), poison)))
			o.At("/small", testkit.MustAnswer("respond 200 good"))
			_, addr, _ := n.onSockets(t, o, nil)
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(testkit.Patience))
			const get = "GET /%s HTTP/1.1\r\nHost: h\r\n\r\n"
			_, _ = fmt.Fprintf(c, get+get+get, "big", "small", "small")
			in := bufio.NewReader(c)
			for i, want := range []string{strings.Repeat("x", size), "good", "good"} {
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(res.Body); err != nil || string(b) != want {
					t.Errorf("response %d: %d bytes %.20q, %v", i, len(b), b, err)
				}
			}
		})
	}
}
