package wire

import (
	"testing"

	"github.com/headgate/headgate/internal/message"
)

var benchRequest = []byte("GET /shop/items?id=12345&sort=price HTTP/1.1\r\n" +
	"Host: www.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\n" +
	"Referer: https://www.example.com/shop\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; ROUTEID=.n2\r\n" +
	"Connection: keep-alive\r\n\r\n")

var benchResponse = []byte("HTTP/1.1 200 OK\r\n" +
	"Date: Sun, 22 Nov 2026 17:59:40 GMT\r\n" +
	"Server: origin/1.2\r\n" +
	"Content-Type: text/html; charset=utf-8\r\n" +
	"Content-Length: 1024\r\n" +
	"Cache-Control: max-age=60\r\n" +
	"ETag: \"0123456789abcdef\"\r\n" +
	"Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly\r\n" +
	"Connection: keep-alive\r\n\r\n")

var benchChunks = []byte("400;a=b\r\n" + string(make([]byte, 1024)) + "\r\n10\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\n")

// hot are the functions that every request calls: they must not allocate.
func hot(t testing.TB) map[string]func() {
	lim, rlim := DefaultLimits(), NewResponseLimits(0)
	var q message.Request
	var p message.Response
	var c Chunks
	dst := make([]byte, 0, 4096)
	if err := ParseRequest(benchRequest, &q, &lim); err != nil {
		t.Fatal(err)
	}
	if err := ParseResponse(benchResponse, &p, &rlim); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var h message.Header
	refused := []byte("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
	var spare message.Request
	return map[string]func(){
		"ScanRequest": func() {
			var s HeadScan
			if n, err := s.Request(benchRequest, &lim); n != len(benchRequest) {
				t.Fatal(n, err)
			}
		},
		"ParseRequest": func() { must(ParseRequest(benchRequest, &q, &lim)) },
		"ReadRequest": func() {
			var s HeadScan
			if n, err := s.ReadRequest(benchRequest, &q, &lim); n != len(benchRequest) || err != nil {
				t.Fatal(n, err)
			}
		},
		"ReadResponse": func() {
			var s HeadScan
			if n, err := s.ReadResponse(benchResponse, &p, &rlim); n != len(benchResponse) || err != nil {
				t.Fatal(n, err)
			}
			_, err := FrameResponse(&p, message.GET)
			must(err)
		},
		"RefuseRequest": func() {
			if ParseRequest(refused, &spare, &lim) == nil {
				t.Fatal("accepted")
			}
		},
		"ScanResponse": func() {
			var s HeadScan
			if n, err := s.Response(benchResponse, &rlim); n != len(benchResponse) {
				t.Fatal(n, err)
			}
		},
		"ParseResponse": func() {
			must(ParseResponse(benchResponse, &p, &rlim))
			_, err := FrameResponse(&p, message.GET)
			must(err)
		},
		"PrintRequest": func() {
			dst = AppendRequestLine(dst[:0], q.Method, q.Target, message.HTTP11)
			dst = AppendEnd(AppendHeader(dst, &q.Header, message.Hop))
		},
		"PrintResponse": func() {
			dst = AppendStatusLine(dst[:0], message.HTTP11, p.Status, p.Reason)
			dst = AppendEnd(AppendHeader(dst, &p.Header, message.Hop))
		},
		"Chunks": func() {
			h.Reset()
			c.Reset(&h, &lim)
			for i := 0; !c.Done(); {
				n, _, err := c.Next(benchChunks[i:])
				must(err)
				i += n
			}
		},
		"PrintChunks": func() {
			dst = AppendChunkHead(dst[:0], 1024)
			dst = AppendLastChunk(AppendChunkEnd(dst), &h)
		},
	}
}

func TestHotPathsDoNotAllocate(t *testing.T) {
	for name, run := range hot(t) {
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func benchmark(b *testing.B, name string) {
	run := hot(b)[name]
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}

func BenchmarkScanRequest(b *testing.B)   { benchmark(b, "ScanRequest") }
func BenchmarkParseRequest(b *testing.B)  { benchmark(b, "ParseRequest") }
func BenchmarkReadRequest(b *testing.B)   { benchmark(b, "ReadRequest") }
func BenchmarkReadResponse(b *testing.B)  { benchmark(b, "ReadResponse") }
func BenchmarkRefuseRequest(b *testing.B) { benchmark(b, "RefuseRequest") }
func BenchmarkScanResponse(b *testing.B)  { benchmark(b, "ScanResponse") }
func BenchmarkParseResponse(b *testing.B) { benchmark(b, "ParseResponse") }
func BenchmarkPrintRequest(b *testing.B)  { benchmark(b, "PrintRequest") }
func BenchmarkPrintResponse(b *testing.B) { benchmark(b, "PrintResponse") }
func BenchmarkChunks(b *testing.B)        { benchmark(b, "Chunks") }
func BenchmarkPrintChunks(b *testing.B)   { benchmark(b, "PrintChunks") }
