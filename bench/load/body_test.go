//go:build linux

package load

import (
	"strings"
	"testing"
)

// TestBody cuts each body at every byte: its length must not depend on the cut.
func TestBody(t *testing.T) {
	for _, c := range []struct{ head, body string }{
		{"GET / HTTP/1.1\r\n\r\n", ""},
		{"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "hello"},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0b;x=y\r\nhello world\r\n0\r\n\r\n"},
		{"POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n", "1\r\nx\r\n0\r\nA: b\r\n\r\n"},
	} {
		data := c.body + "GET /next"
		for cut := range len(c.body) + 1 {
			b := bodyOf([]byte(c.head))
			n, done, ok := b.take([]byte(data[:cut]))
			if !ok {
				t.Fatalf("%q cut at %d: refused", c.body, cut)
			}
			if !done {
				var m int
				m, done, ok = b.take([]byte(data[cut:]))
				n += m
			}
			if !ok || !done || n != len(c.body) {
				t.Errorf("%q cut at %d: %d bytes, done %v, ok %v", c.body, cut, n, done, ok)
			}
		}
	}
	b := bodyOf([]byte("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"))
	if _, _, ok := b.take([]byte("zz\r\n")); ok {
		t.Error("zz is a size")
	}
}

func TestAnswers(t *testing.T) {
	a := newAnswers()
	for target, want := range map[string]int{"/small": Small, "/app-7/small": Small, "/large?x": Large, "/larger": 0, "/x?/large": 0, "/large": Large} {
		got := a.of([]byte("GET " + target + " HTTP/1.1\r\n\r\n"))
		_, body, _ := strings.Cut(string(got), "\r\n\r\n")
		if len(body) != want {
			t.Errorf("%s: %d bytes, want %d", target, len(body), want)
		}
	}
}
