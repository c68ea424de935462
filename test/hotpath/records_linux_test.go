package hotpath

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// counted counts the records that come in.
type counted struct {
	net.Conn
	records int
	left    int // bytes of the current record, once its head is complete
	head    []byte
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for in := p[:n]; len(in) > 0; {
		if c.left == 0 {
			c.head, in = append(c.head, in[0]), in[1:]
			if len(c.head) == 5 {
				c.records, c.left, c.head = c.records+1, int(c.head[3])<<8+int(c.head[4]), nil
			}
			continue
		}
		m := min(c.left, len(in))
		c.left, in = c.left-m, in[m:]
	}
	return n, err
}

// TestOneRecord: a response that fits is one record, whatever pieces it is made of.
func TestOneRecord(t *testing.T) {
	large := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%sHello, world!", 8013, strings.Repeat("x", 8000))
	for name, answer := range map[string]string{
		"small": plain, "8 KB": large,
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n8\r\n, world!\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			origin := play(t, answer)
			addr := serveConf(t, encrypted(t, strings.NewReplacer("127.0.0.1:9000", origin, "127.0.0.1:9001", origin).Replace(conf)))
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = nc.Close() }()
			_ = nc.SetDeadline(time.Now().Add(testkit.Patience))
			in := &counted{Conn: nc}
			c := tls.Client(in, &tls.Config{InsecureSkipVerify: true, ServerName: "www.test"})
			got := make([]byte, 32<<10)
			end := "Hello, world!"
			if name == "chunked" {
				end = "\r\n0\r\n\r\n"
			}
			for i := range 3 { // the first comes with the session ticket
				before := in.records
				if _, err := c.Write([]byte(get)); err != nil {
					t.Fatal(err)
				}
				for n := 0; !strings.HasSuffix(string(got[:n]), end); {
					m, err := c.Read(got[n:])
					if err != nil {
						t.Fatalf("%d bytes, %v", n, err)
					}
					n += m
				}
				if records := in.records - before; i > 0 && records != 1 {
					t.Errorf("%d records", records)
				}
			}
		})
	}
}
