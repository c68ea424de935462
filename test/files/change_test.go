package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// engines are those that files are sent by.
var engines = []string{"epoll", "goroutine"}

const plainSite = "Timeout 20\nMaxKeepAliveRequests 0\n"

func replace(t *testing.T, name, text string) {
	t.Helper()
	err := os.WriteFile(name+".new", []byte(text), 0o644)
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A file that was replaced, written into, removed and made again is seen by the next request within a second, and the
// descriptors of old ones are closed.
func TestChanges(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: plainSite, Files: map[string]string{"htdocs/a.txt": "first"}})
			name := filepath.Join(s.Dir, "htdocs/a.txt")
			c := &client{t: t, addr: s.Addr()}
			expect := func(what, want string) {
				t.Helper()
				if !testkit.Poll(time.Second, func() bool {
					status, body := c.get("/a.txt")
					return string(body) == want || status == 404 && want == ""
				}) {
					status, body := c.get("/a.txt")
					t.Errorf("%s: %d %q, want %q", what, status, body, want)
				}
			}
			expect("as it was", "first")
			for i := range 50 {
				replace(t, name, fmt.Sprint("replaced ", i))
				expect("replaced", fmt.Sprint("replaced ", i))
			}
			for i := range 50 {
				text := strings.Repeat("x", i%7) + fmt.Sprint("written ", i)
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				expect("written into", text)
			}
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			expect("removed", "")
			replace(t, name, "again")
			expect("made again", "again")
		})
	}
}

// A file that becomes shorter while it is sent ends the response early, which the client can see; the server goes on.
func TestShrinks(t *testing.T) {
	const size = 30 << 20
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: plainSite, Files: map[string]string{"setup": fmt.Sprintf("size %d htdocs/big.bin\n", size)}})
			conn, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(testkit.Patience))
			_, _ = io.WriteString(conn, "GET /big.bin HTTP/1.1\r\nHost: a.test\r\n\r\n")
			if _, err := io.ReadFull(conn, make([]byte, 1024)); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(filepath.Join(s.Dir, "htdocs/big.bin"), 1<<20); err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, conn)
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("after %d bytes: %v", n, err)
			}
			if n >= size-1024 {
				t.Errorf("%d bytes of a file that has %d", n, 1<<20)
			}
			c := &client{t: t, addr: s.Addr()}
			if status, body := c.get("/big.bin"); status != 200 || len(body) != 1<<20 {
				t.Errorf("afterwards: %d, %d bytes", status, len(body))
			}
			_ = c.conn.Close()
		})
	}
}

// Sizes around those at which another way of sending begins, whole and in parts.
func TestSizes(t *testing.T) {
	sizes := []int{0, 1, 4095, 12287, 12288, 12289, 16383, 16384, 65535, 65536, 65537, 131071, 131072, 131073, 524288, 524289, 3000000}
	setup := ""
	for _, n := range sizes {
		setup += fmt.Sprintf("size %d htdocs/%d.bin\n", n, n)
	}
	for _, engine := range engines {
		for _, more := range []string{"", "EnableSendfile Off\n", "SetOutputFilter RATE_LIMIT\nSetEnv rate-limit 400000\n"} {
			t.Run(engine+" "+strings.Fields(more + " -")[0], func(t *testing.T) {
				s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: plainSite + more, Files: map[string]string{"setup": setup}})
				for _, n := range sizes {
					want := []byte(testkit.Pattern(n))
					for _, r := range [][2]int{{0, n}, {0, n / 2}, {n / 3, n}, {n - 1, n}} {
						if r[0] < 0 || r[0] >= r[1] && n > 0 {
							continue
						}
						req, _ := http.NewRequest(http.MethodGet, fmt.Sprintf("http://%s/%d.bin", s.Addr(), n), http.NoBody)
						if r != [2]int{0, n} {
							req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", r[0], r[1]-1))
						}
						res, err := http.DefaultClient.Do(req)
						if err != nil {
							t.Fatal(err)
						}
						got, err := io.ReadAll(res.Body)
						_ = res.Body.Close()
						if err != nil || !bytes.Equal(got, want[r[0]:r[1]]) {
							t.Errorf("%d %v: %s, %d bytes, %v", n, r, res.Status, len(got), err)
						}
					}
				}
			})
		}
	}
}
