package logconfig

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

var start = time.Date(2026, 11, 2, 18, 7, 6, 198_436_000, time.UTC)

// finished makes a proxied request as it is when its line is written.
func finished() *exchange.Exchange {
	x := &exchange.Exchange{
		Client: &exchange.Client{
			Local: netip.MustParseAddrPort("127.0.0.1:18461"), Remote: netip.MustParseAddrPort("10.0.0.9:58174"),
			PeerIP: []byte("10.0.0.9"), Requests: 3,
		},
		Site:     &exchange.Site{Name: "oracle.test"},
		Chain:    &exchange.Chain{TrackFirstByte: true},
		Path:     []byte("/o/a\n\"b"),
		Args:     []byte("a=b\"c"),
		HasArgs:  true,
		Filename: []byte("proxy:http://127.0.0.1:18462/o/a"),
		Status:   200, HandlerName: "proxy-server", KeptAlive: true,
		Times: exchange.Times{Start: start, FirstByte: start.Add(1500 * time.Microsecond), End: start.Add(2_345_678 * time.Microsecond)},
		Count: exchange.Counts{In: 144, Out: 227, Body: 3},
	}
	x.SetRemote(exchange.Peer{Addr: netip.MustParseAddrPort("192.0.2.7:0"), Text: []byte("192.0.2.7")})
	x.Req.Line = []byte(`GET /o/a%0a%22b?a=b"c HTTP/1.1`)
	x.Req.Method, x.Req.Version = []byte("GET"), message.HTTP11
	x.Req.Host = []byte("oRacle.Test:8080")
	for _, f := range [][2]string{
		{"Host", "oRacle.Test:8080"}, {"Foo", "1"}, {"foo", "2"}, {"User-Agent", "a\"b\\c\x01\xe9\td"},
		{"Cookie", "a=1; b = x=y ; =c=3; c=z; empty="}, {"Cookie", "d=9"}, {"Empty", ""},
	} {
		x.Req.Header.Add([]byte(f[0]), []byte(f[1]))
	}
	x.Req.Trailer.Add([]byte("Sum"), []byte("t1"))
	for _, f := range [][2]string{
		{"Content-Type", "text/html ; charset=utf-8"}, {"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}, {"X-Dup", "1"}, {"X-Dup", "2"},
	} {
		x.Resp.Header.Add([]byte(f[0]), []byte(f[1]))
	}
	x.Resp.Trailer.Add([]byte("Sum"), []byte("t2"))
	x.Env.Set("FooBar", []byte(`val"x`))
	x.Notes.Set("session-route", []byte("r1"))
	x.Tries.Begin("http://a", start).Status = 200
	return x
}

// redirected is a request that ended in an ErrorDocument.
func redirected() *exchange.Exchange {
	x := finished()
	x.Redirected = &exchange.Redirect{Status: 404, Path: []byte("/none"), Args: []byte("x"), HasArgs: true, Method: x.Req.Method}
	x.Path, x.Args, x.HasArgs, x.Status = []byte("/index.html"), nil, false, 404
	return x
}

// refused is a request whose head could not be read.
func refused() *exchange.Exchange {
	x := &exchange.Exchange{Client: &exchange.Client{Requests: 1}, Status: 408}
	x.Times.End = start
	x.Fault = &fault.Fault{Side: fault.Client, Phase: fault.ReadRequest, Kind: fault.Timeout, Err: errors.New("a\x1bb")}
	return x
}

func TestFormat(t *testing.T) {
	pid := fmt.Sprint(os.Getpid())
	tests := []struct{ format, want string }{
		// The values are those of a real httpd for the same requests.
		{DefaultFormat, `192.0.2.7 - - [02/Nov/2026:18:07:06 +0000] "GET /o/a%0a%22b?a=b\"c HTTP/1.1" 200 3`},
		{`%a %{c}a %h %{c}h %A %p %{local}p %{canonical}p %{REMOTE}p %{foo}p`, `192.0.2.7 10.0.0.9 192.0.2.7 10.0.0.9 127.0.0.1 80 18461 80 0 foo`},
		{`%P %{PID}P %{x}P`, pid + " " + pid + " x"},
		{`%s %>s %<s %U %>U %q %R %f %m %H %k %X %v %V`, `200 200 200 /o/a\n\"b /o/a\n\"b ?a=b\"c proxy-server proxy:http://127.0.0.1:18462/o/a GET HTTP/1.1 2 + oracle.test oracle.test`},
		{`%{begin}t %{end}t %{begin:%Y}t %{sec}t %{end:msec}t`, `[02/Nov/2026:18:07:06 +0000] [02/Nov/2026:18:07:08 +0000] 2026 1793642826 1793642828544`},
		{`%{usec}t %{msec_frac}t %{usec_frac}t %{beginx}t %{begin:}t %{end:%d}t %{Msec}t`, `1793642826198436 198 198436 beginx [02/Nov/2026:18:07:06 +0000] 02 Msec`},
		{`%T %{S}T %{foo}T %{ms}T %{us}T %D %^FB`, `2 2 foo 2345 2345678 2345678 1500`},
		{`%I %O %S %B %b`, `144 227 371 3 3`},
		{`%{Content-Type}o %{content-type}o %{Set-Cookie}o %{x-dup}o %{Nope}o`, `text/html text/html a=1, b=2 1 -`},
		{`%{Foo}i %{User-Agent}i %{Referer}i [%{Empty}i]`, `1, 2 a\"b\\c\x01\xe9\td - []`},
		{`%{foobar}e %{FooBar}e %{nope}e %{proxy-status}n %{session-route}n %{nope}n`, `val\"x val\"x - 200 r1 -`},
		{`%{A}C %{b}C %{c}C %{d}C %{empty}C %{x}C`, `1 x=y z 9 - -`},
		{`%404,200s %!404s %404{Host}i %!200,404{Host}i %>404U %!{Host}i %,s %!!404s`, `200 200 - - - oRacle.Test:8080 200 -`},
		{`a\tb\n\qc\\d\ %% e%{a}}i`, "a\tb\n\\qc\\d\\ % e-"},
		{`%{sum}^ti %{Sum}^to %{x}^to`, `t1 t2 -`},
		{`%l %u %L %{c}L %{SSL_PROTOCOL}x %{version}c`, `- - - - - -`},
		{`%{%a %A %b %B %c|%C %d %D %e %F %g %G %h %H %I %j}t`, `Mon Monday Nov November Mon Nov  2 18:07:06 2026|20 02 11/02/26  2 2026-11-02 26 2026 Nov 18 06 306`},
		{`%{%k %l %m %M %p %P %r %R %S %T %u %U %V %w %W %x %X %y %Y %z %Z %% %s}t`, `18  6 11 07 PM pm 06:07:06 PM 18:07 06 18:07:06 1 44 45 1 44 11/02/26 18:07:06 26 2026 +0000 UTC % 1793642826`},
		{`%{%n%t%q %Ey %-d %_d %^a %0e %}t`, "\n\t%q 26 2  2 MON 02 %"},
		{`%{error-cause}n`, `-`},
	}
	for _, c := range tests {
		check(t, c.format, finished(), c.want)
	}
	for _, c := range []struct{ format, want string }{
		{`%s %>s %U %<U %>U %q %<q %r`, `404 404 /none /none /index.html  ?x GET /o/a%0a%22b?a=b\"c HTTP/1.1`},
		{`%404U %200U`, `/none -`},
	} {
		check(t, c.format, redirected(), c.want)
	}
	for _, c := range []struct{ format, want string }{
		{DefaultFormat, `- - - [02/Nov/2026:18:07:06 +0000] "-" 408 -`},
		{`%{error-cause}n %X %k %D %^FB %U %m %H %v %V %A %R %f%q`, `client read-request: timeout: a\x1bb - 0 0 - - - - - - - - -`},
	} {
		check(t, c.format, refused(), c.want)
	}
}

func check(t *testing.T, format string, x *exchange.Exchange, want string) {
	t.Helper()
	f, err := Compile(format)
	if err != nil {
		t.Errorf("%s: %v", format, err)
		return
	}
	if got := string(f.Append(nil, x)); got != want {
		t.Errorf("%s:\n got %s\nwant %s", format, got, want)
	}
	if got := string(f.Append(make([]byte, 0, 4096), x)); got != want {
		t.Errorf("%s, where there is room:\n got %s\nwant %s", format, got, want)
	}
	if f.String() != format {
		t.Errorf("%s became %s", format, f)
	}
}

func TestDetails(t *testing.T) {
	tests := []struct {
		name, format, want string
		change             func(x *exchange.Exchange)
	}{
		{"nothing sent", "%b %B", "- 0", func(x *exchange.Exchange) { x.Count.Body = 0 }},
		{"user", "%u", `a\"b`, func(x *exchange.Exchange) { x.User = []byte(`a"b`) }},
		{"empty user", "%u", `""`, func(x *exchange.Exchange) { x.User = []byte{} }},
		{"last request", "%k %X", "1 -", func(x *exchange.Exchange) { x.KeptAlive = false }},
		{"cut", "%X", "X", func(x *exchange.Exchange) { x.Truncated = true }},
		{"client gone", "%X", "X", func(x *exchange.Exchange) { x.Fault = &fault.Fault{Side: fault.Client, Kind: fault.Aborted} }},
		{"backend gone", "%X", "+", func(x *exchange.Exchange) { x.Fault = &fault.Fault{Side: fault.Backend, Kind: fault.Reset} }},
		{"no status", "%s", "-", func(x *exchange.Exchange) { x.Status = 0 }},
		{"log id", "%L", "AbC", func(x *exchange.Exchange) { x.LogID = []byte("AbC") }},
		{"canonical", "%V", "oracle.test", func(x *exchange.Exchange) {
			x.Chain.Canonical, x.Req.Host = exchange.CanonicalOn, []byte("other")
		}},
		{"literal address", "%V", "::1", func(x *exchange.Exchange) { x.Req.Host = []byte("[::1]:80") }},
		{"bad host", "%V", "oracle.test", func(x *exchange.Exchange) { x.Req.Host = []byte("[::1") }},
		{"TLS port", "%p", "443", func(x *exchange.Exchange) { x.Client.TLS = true }},
		{"named port", "%p", "8443", func(x *exchange.Exchange) { x.Client.TLS, x.Site.Port = true, 8443 }},
		{"mapped address", "%A", "10.1.2.3", func(x *exchange.Exchange) {
			x.Client.Local = netip.MustParseAddrPort("[::ffff:10.1.2.3]:80")
		}},
		{"password", "%r", "GET http://u:XXXXXXXX@h/ HTTP/1.1", func(x *exchange.Exchange) {
			x.Req.Line, x.Req.Auth, x.Req.Form = []byte("GET http://u:p:w@h/ HTTP/1.1"), []byte("u:p:w@h"), message.AbsoluteForm
		}},
		{"no password", "%r", "GET http://u@h/ HTTP/1.1", func(x *exchange.Exchange) {
			x.Req.Line, x.Req.Auth, x.Req.Form = []byte("GET http://u@h/ HTTP/1.1"), []byte("u@h"), message.AbsoluteForm
		}},
		{"framing", "%{Content-Length}o %{Transfer-Encoding}o", "5 -", func(x *exchange.Exchange) {
			x.Committed, x.Resp.Body = true, message.Framing{Kind: message.Length, Length: 5}
		}},
		{"chunked", "%{Content-Length}o %{Transfer-Encoding}o", "- chunked", func(x *exchange.Exchange) {
			x.Committed, x.Resp.Body = true, message.Framing{Kind: message.Chunked}
		}},
		{"hop by hop", "%{Keep-Alive}o", "-", func(x *exchange.Exchange) {
			x.Resp.Header.AddID(message.KeepAlive, []byte("timeout=5"))
			x.Resp.Header.At(x.Resp.Header.Len() - 1).Flags |= message.Hop
		}},
		{"HTTP/1.0", "%H", "HTTP/1.0", func(x *exchange.Exchange) { x.Req.Version = message.HTTP10 }},
		{"clock turned back", "%D", "0", func(x *exchange.Exchange) { x.Times.End = start.Add(-time.Hour) }},
		{"dropped", "%{User-Agent}i %{Cookie}i", "- d=9", func(x *exchange.Exchange) {
			x.Req.Header.At(3).Flags |= message.Dropped
			x.Req.Header.At(4).Flags |= message.Dropped
		}},
		{"joined", "%{cookie}i", "a=1; b = x=y ; =c=3; c=z; empty=, d=9", func(*exchange.Exchange) {}},
		{"always the same", "%404l%!200l%l longer than a word%%%x", "--- longer than a word%-", func(*exchange.Exchange) {}},
		{"odd status", "%s %>s", "1000 1000", func(x *exchange.Exchange) { x.Status = 1000 }},
		{"empty query", "%q", "?", func(x *exchange.Exchange) { x.Args = nil }},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			x := finished()
			c.change(x)
			check(t, c.format, x, c.want)
		})
	}
}

// Every byte is escaped alike at every position of a text, which is processed
// in words.
func TestEscapeEverywhere(t *testing.T) {
	for at := range 19 {
		for c := range 256 {
			s := []byte("~ !#[]a~ !#[]a~ !#[")
			s[at] = byte(c)
			got, want := appendEscaped(nil, s), appendEach(nil, s)
			if string(got) != string(want) {
				t.Errorf("%q: %q, want %q", s, got, want)
			}
		}
	}
}

func TestCompileErrors(t *testing.T) {
	const ranOff = "Ran off end of LogFormat parsing args to some directive"
	for format, want := range map[string]string{
		"%y": "Unrecognized LogFormat directive %y", "a %z b": "Unrecognized LogFormat directive %z",
		"%^xy": "Unrecognized LogFormat directive %^", "%{foo": ranOff, "%": ranOff, "%>200": ranOff, "%{a}": ranOff,
	} {
		if _, err := Compile(format); err == nil || err.Error() != want {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// Long requests need seconds that the cache no longer holds.
func TestOldSeconds(t *testing.T) {
	f, err := Compile("%{%S}t")
	if err != nil {
		t.Fatal(err)
	}
	x := finished()
	for _, sec := range []int{6, 10, 6, 7, 14, 10, 11, 6, 14} {
		x.Times.Start = start.Add(time.Duration(sec-6) * time.Second)
		if got := string(f.Append(nil, x)); got != fmt.Sprintf("%02d", sec) {
			t.Errorf("second %d is %s", sec, got)
		}
	}
}

const everything = `%a %{c}a %A %b %B %{a}C %D %{FooBar}e %f %h %H %{Foo}i %{Host}i %k %l %L %m %{n}n %{X-Dup}o %{Content-Type}o ` +
	`%p %{local}p %P %{tid}P %q "%r" %R %s %>s %t %{%d/%b/%Y %T}t %{usec_frac}t %{end}t %T %{ms}T %u %U %v %V %X %I %O %S %^FB %{x}x`

func TestAppendDoesNotAllocate(t *testing.T) {
	f, err := Compile(everything)
	if err != nil {
		t.Fatal(err)
	}
	x, dst := finished(), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(1000, func() { dst = f.Append(dst[:0], x) }); n != 0 {
		t.Errorf("%v allocations per line", n)
	}
	old := finished()
	old.Times.Start = start.Add(-4 * time.Second)
	if n := testing.AllocsPerRun(1000, func() { dst = f.Append(dst[:0], old) }); n != 0 {
		t.Errorf("%v allocations per line of an old request", n)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(everything, []byte("\x00\"\\\r\n\xff"))
	f.Add(`%!200,{x}i%<>{%%%E%-5}t`, []byte{})
	f.Fuzz(func(t *testing.T, format string, raw []byte) {
		c, err := Compile(format)
		if err != nil {
			return
		}
		x := finished()
		x.Req.Line, x.Path, x.Args, x.User, x.Req.Method, x.Filename = raw, raw, raw, raw, raw, raw
		x.Req.Host, x.Req.Auth, x.Req.Form = raw, raw, message.AbsoluteForm
		x.Req.Header.Add([]byte("Raw"), raw)
		x.Req.Header.Add([]byte("Cookie"), raw)
		c.Append(nil, x)
		// Whatever a client sends, its line is one line of printable bytes.
		clean, err := Compile(`%r%U%q%u%m%f%{Raw}i%V%{a}C`)
		if err != nil {
			t.Fatal(err)
		}
		line := string(clean.Append(nil, x))
		if i := strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Errorf("raw byte %q in %q", line[i], line)
		}
	})
}

func BenchmarkCombined(b *testing.B) {
	f, err := Compile(DefaultFormat + ` "%{Referer}i" "%{User-Agent}i"`)
	if err != nil {
		b.Fatal(err)
	}
	x, dst := finished(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		dst = f.Append(dst[:0], x)
	}
}

// BenchmarkBrowser is the line of a browser's request in the combined format, with nothing to escape.
func BenchmarkBrowser(b *testing.B) {
	f, err := Compile(DefaultFormat + ` "%{Referer}i" "%{User-Agent}i"`)
	if err != nil {
		b.Fatal(err)
	}
	x, dst := finished(), make([]byte, 0, 4096)
	x.Req.Line = []byte("GET /api/v1/users/1742/orders?page=3&size=50 HTTP/1.1")
	x.Req.Header.Reset()
	for _, f := range [][2]string{
		{"Host", "www.example.com"}, {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"},
		{"Accept", "text/html"}, {"Accept-Encoding", "gzip, br"}, {"Referer", "https://www.example.com/api/v1/users/1742"}, {"Cookie", "session=abc"},
	} {
		x.Req.Header.Add([]byte(f[0]), []byte(f[1]))
	}
	b.ReportAllocs()
	for b.Loop() {
		dst = f.Append(dst[:0], x)
	}
}

// TestIsPlain: every byte at every place of strings of every length is judged as the table says.
func TestIsPlain(t *testing.T) {
	for n := range 40 {
		for at := range n {
			for c := range 256 {
				s := bytes.Repeat([]byte{'~'}, n)
				s[at] = byte(c)
				if got := isPlain(s); got != plain[c] {
					t.Fatalf("%q: %v", s, got)
				}
				s[0], s[n-1] = byte(c), byte(c)^1
				if got := isPlain(s); n > 1 && got != (plain[s[0]] && plain[s[n-1]] && plain[s[at]]) {
					t.Fatalf("%q: %v", s, got)
				}
			}
		}
	}
}
