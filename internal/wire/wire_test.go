package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/message"
)

// Each byte at every position of a word is classified as its class says.
func TestScansAgreeWithClasses(t *testing.T) {
	for c := range 256 {
		for at := range 19 {
			b := bytes.Repeat([]byte{'a'}, 19)
			b[at] = byte(c)
			want := len(b)
			if class[c]&isValue == 0 {
				want = at
			}
			if got := valueEnd(b, 0); got != want {
				t.Fatalf("valueEnd with %#x at %d = %d", c, at, got)
			}
			want = len(b)
			if class[c]&isTarget == 0 {
				want = at
			}
			if got := targetEnd(b, 0); got != want {
				t.Fatalf("targetEnd with %#x at %d = %d", c, at, got)
			}
		}
	}
	tabs := []byte("\t\t\t\t\t\t\t\t\t\ta\t\x00")
	if got := valueEnd(tabs, 0); got != 12 {
		t.Errorf("valueEnd over tabs = %d", got)
	}
}

func TestFold(t *testing.T) {
	for _, s := range []string{"close", "upgrade", "chunked", "trailers", "keep-alive", "100-continue", "a-token-of-more-than-16"} {
		for at := range len(s) {
			for c := range 256 {
				b := []byte(s)
				b[at] = byte(c)
				if got, want := fold(b, s), strings.ToLower(string(b)) == s && c < 0x80; got != want {
					t.Fatalf("fold(%q, %q) = %v", b, s, got)
				}
			}
		}
		if !fold([]byte(strings.ToUpper(s)), s) || fold([]byte(s[1:]), s) || fold([]byte(s+"x"), s) {
			t.Errorf("fold of %q", s)
		}
	}
	if !fold(nil, "") {
		t.Error("fold of nothing")
	}
}

func TestClasses(t *testing.T) {
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for c := range 256 {
		b := []byte{byte(c)}
		if got := ValidName(b); got != (c < 128 && strings.IndexByte(token, byte(c)) >= 0) {
			t.Errorf("ValidName(%#x) = %v", c, got)
		}
		if got := ValidValue(b); got != (c == '\t' || (c >= ' ' && c != 0x7f)) {
			t.Errorf("ValidValue(%#x) = %v", c, got)
		}
		if got := ValidTarget(b); got != (c > ' ' && c != 0x7f && c != '#') {
			t.Errorf("ValidTarget(%#x) = %v", c, got)
		}
	}
	if ValidName(nil) || !ValidValue(nil) || ValidTarget(nil) {
		t.Error("empty is judged wrongly")
	}
}

func TestRegisteredOnly(t *testing.T) {
	lim := DefaultLimits()
	lim.RegisteredOnly = true
	lim.Registered = []string{"BREW"}
	for method, want := range map[string]string{
		"GET": "ok", "VERSION-CONTROL": "ok", "MERGE": "ok", "BREW": "ok", "get": "501", "SEARCH": "501", "FOO": "501",
	} {
		var r message.Request
		got := "ok"
		if err := ParseRequest([]byte(method+" / HTTP/1.1\r\nHost: h\r\n\r\n"), &r, &lim); err != nil {
			got = status(err)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", method, got, want)
		}
	}
}

func TestAbsoluteTargetReplacesHost(t *testing.T) {
	lim := DefaultLimits()
	var r message.Request
	if err := ParseRequest([]byte("GET http://a:81/x HTTP/1.1\r\nhost: b\r\n\r\n"), &r, &lim); err != nil {
		t.Fatal(err)
	}
	if v, _ := r.Header.Get(message.Host); string(v) != "a:81" || string(r.Host) != "a:81" {
		t.Errorf("Host is %q, the field %q", r.Host, v)
	}
}

// The line of a refused request can still be logged.
func TestLineOfRefused(t *testing.T) {
	lim := DefaultLimits()
	for _, line := range []string{"GE(T / HTTP/1.1", "GET /#x HTTP/1.1", "GET / HTTP/2.0", "GET /  HTTP/1.1", "CONNECT / HTTP/1.1"} {
		var r message.Request
		if err := ParseRequest([]byte(line+"\r\nHost: h\r\n\r\n"), &r, &lim); err == nil || string(r.Line) != line {
			t.Errorf("%q: line %q, %v", line, r.Line, err)
		}
	}
	for in, want := range map[string]string{
		"\r\nGET / HTTP/1.1\r\nX": "GET / HTTP/1.1", "GET /\x00x": "GET /", "": "", "\r\n": "", "abcdefghijklmnopqrst": "abcdefghijklmnop",
	} {
		if got := FirstLine([]byte(in), 16); string(got) != want {
			t.Errorf("FirstLine(%q) = %q", in, got)
		}
	}
}

func TestPrinters(t *testing.T) {
	var h message.Header
	h.Add([]byte("Host"), []byte("h"))
	h.Add([]byte("connection"), []byte("X, close"))
	h.Add([]byte("X"), []byte("1"))
	h.Add([]byte("Y"), []byte("2"))
	if _, err := MarkHop(&h); err != nil {
		t.Fatal(err)
	}
	h.Del("y")
	b := AppendRequestLine(nil, []byte("GET"), []byte("/a?b"), message.HTTP11)
	b = AppendHeader(b, &h, message.Hop)
	b = AppendField(b, "Via", []byte("1.1 x"))
	b = AppendLength(b, 12)
	b = AppendEnd(b)
	if want := "GET /a?b HTTP/1.1\r\nHost: h\r\nVia: 1.1 x\r\nContent-Length: 12\r\n\r\n"; string(b) != want {
		t.Errorf("request %q", b)
	}
	for _, tt := range []struct {
		v      message.Version
		status int
		reason []byte
		want   string
	}{
		{message.HTTP11, 200, nil, "HTTP/1.1 200 OK\r\n"},
		{message.HTTP10, 404, nil, "HTTP/1.0 404 Not Found\r\n"},
		{message.HTTP20, 413, nil, "HTTP/1.1 413 Request Entity Too Large\r\n"},
		{message.HTTP11, 200, []byte{}, "HTTP/1.1 200 \r\n"},
		{message.HTTP11, 299, nil, "HTTP/1.1 299 \r\n"},
		{message.HTTP11, 999, []byte("X y"), "HTTP/1.1 999 X y\r\n"},
	} {
		if got := AppendStatusLine(nil, tt.v, tt.status, tt.reason); string(got) != tt.want {
			t.Errorf("status line %q, want %q", got, tt.want)
		}
	}
	if StatusText(-1) != "" || StatusText(1000) != "" || StatusText(0) != "" {
		t.Error("StatusText of what is no status")
	}
}

func TestPrintedChunks(t *testing.T) {
	if got := AppendChunkHead(nil, 0x1f40); string(got) != "1f40\r\n" {
		t.Errorf("chunk head %q", got)
	}
	if got := AppendChunkHead(nil, 1<<63-1); len(got) > MaxChunkHead {
		t.Errorf("chunk head has %d bytes", len(got))
	}
	if got := AppendLastChunk(nil, nil); string(got) != "0\r\n\r\n" {
		t.Errorf("last chunk %q", got)
	}
	var h message.Header
	h.Add([]byte("Grpc-Status"), []byte("0"))
	h.Add([]byte("Content-Length"), []byte("5"))
	h.Add([]byte("X"), nil)
	h.Del("x")
	if got := AppendLastChunk(nil, &h); string(got) != "0\r\nGrpc-Status: 0\r\n\r\n" {
		t.Errorf("last chunk %q", got)
	}
}

func TestTokens(t *testing.T) {
	var h message.Header
	h.Add([]byte("TE"), []byte("gzip , Trailers"))
	h.Add([]byte("TE"), []byte("deflate"))
	for token, want := range map[string]bool{"trailers": true, "gzip": true, "deflate": true, "trailer": false, "": false} {
		if got := HasToken(&h, message.TE, token); got != want {
			t.Errorf("HasToken(%q) = %v", token, got)
		}
	}
	if HasToken(&h, message.Connection, "close") {
		t.Error("token in a field that is not there")
	}
}

// Extensions may continue as long as data does.
func TestChunkExtensionCredit(t *testing.T) {
	lim := DefaultLimits()
	const n = 200
	one := "100;chunk-signature=" + strings.Repeat("a", 64) + "\r\n" + strings.Repeat("x", 256) + "\r\n"
	data, err := readChunks(newFeed(strings.Repeat(one, n*10)+"0\r\n\r\n"), nil, &lim, (*Chunks).Reset)
	if err != nil || len(data) != n*10*256 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	one = "1;" + strings.Repeat("a", 100) + "\r\nx\r\n"
	if _, err = readChunks(newFeed(strings.Repeat(one, n)+"0\r\n\r\n"), nil, &lim, (*Chunks).Reset); err != errChunkExtSize {
		t.Errorf("got %v", err)
	}
}

func TestChunksFailForGood(t *testing.T) {
	lim := DefaultLimits()
	var c Chunks
	c.Reset(nil, &lim)
	for range 2 {
		if _, _, err := c.Next([]byte("x")); err != errChunkSize || c.Done() {
			t.Errorf("got %v", err)
		}
	}
}

// The framing functions also handle messages that no parser here made.
func TestFrameOtherVersions(t *testing.T) {
	var r message.Request
	r.Version = message.HTTP20
	r.Header.Add([]byte("content-length"), []byte("5"))
	if err := FrameRequest(&r); err != nil || r.Body != (message.Framing{Kind: message.Length, Length: 5}) {
		t.Errorf("%+v, %v", r.Body, err)
	}
	r.Header.Add([]byte("transfer-encoding"), []byte("chunked"))
	r.Header.At(0).Flags |= message.Dropped
	if err := FrameRequest(&r); err != errCodingHTTP10 {
		t.Errorf("transfer-encoding in HTTP/2: %v", err)
	}
}
