package hostile

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// fault is a row of the fault matrix: how a backend handles one request, and the expected result.
type fault struct {
	name     string
	text     string // the bytes that the backend writes
	then     string // steps of an origin after it, separated by " ; "
	method   string // GET unless given
	status   int
	body     string // the part of the body that the client gets
	cut      bool   // the client must see that the response is incomplete
	log      string // "phase: kind" of the one line in the error log; "": no line
	overlong bool   // a line in the error log says that trailer fields were left out
	fresh    bool   // the connection to the backend must not be used again
	close    bool   // the client's connection ends
	whole    bool   // too long to be written byte by byte
	behind   bool   // more bytes follow a valid response; byte by byte they arrive when the response is over and the connection may be idle
	slow     bool   // byte by byte the fault is found after the head was sent: then the response is cut
	late     bool   // the connection ends after the response, which may be noticed too late: then a request is sent again
}

const (
	head10  = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
	chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	length2 = "Content-Length: 2\r\n\r\nhi"
	never   = "wait never"
)

// bad makes a row for a response that is refused entirely.
func bad(name, text string) fault {
	return fault{name: name, text: text, status: 502, log: "read-head: malformed", fresh: true}
}

// broken makes a row for a response that is cut off after its head.
func broken(name, text, then, body, log string) fault {
	return fault{name: name, text: text, then: then, status: 200, body: body, cut: true, log: log, fresh: true, close: true}
}

// badBody makes a row for a response whose body is malformed before any byte of it has to be sent.
func badBody(name, text string) fault {
	return fault{name: name, text: chunked + text, status: 502, log: "read-response: malformed", fresh: true, slow: true}
}

// clean makes a row for a response that is unusual, but complete for the client.
func clean(name, text, then string) fault {
	return fault{name: name, text: text, then: then, status: 200, body: "hi", fresh: true}
}

// padded makes a row for unusual chunk sizes of old servers, which are unambiguous.
func padded(name, size, last string) fault {
	return fault{name: name, text: chunked + size + "\r\nhi\r\n" + last + "\r\n\r\n", status: 200, body: "hi", whole: len(size) > 100 || strings.Contains(size, ";")}
}

// surplus makes a row for a response with bytes after its end.
func surplus(name, text string) fault {
	f := clean(name, text, "")
	f.behind = true
	return f
}

var faults = []fault{
	// an incomplete head
	{name: "close-before", then: "close", status: 502, log: "await-head: closed", fresh: true},
	{name: "rst-before", then: "rst", status: 502, log: "await-head: reset", fresh: true},
	{name: "close-in-line", text: "HTTP/1.1 20", then: "close", status: 502, log: "await-head: closed", fresh: true},
	{name: "close-in-head", text: "HTTP/1.1 200 OK\r\nX: y\r\n", then: "close", status: 502, log: "read-head: closed", fresh: true},
	{name: "rst-in-head", text: "HTTP/1.1 200 OK\r\nX: y\r\n", then: "rst", status: 502, log: "read-head: reset", fresh: true},
	{name: "slow-first-byte", then: never, status: 504, log: "await-head: timeout", fresh: true},
	{name: "stalled-head", text: "HTTP/1.1 200 OK\r\nX: y", then: never, status: 504, log: "read-head: timeout", fresh: true},

	// a body that is cut off
	broken("close-after-head", head10, "close", "", "read-response: closed"),
	broken("rst-after-head", head10, "rst", "", "read-response: reset"),
	broken("close-in-body", head10+"hello", "close", "hello", "read-response: closed"),
	broken("rst-in-body", head10+"hello", "rst", "hello", "read-response: reset"),
	broken("stalled-body", head10+"hello", never, "hello", "read-response: timeout"),
	broken("chunked-close-after-head", chunked, "close", "", "read-response: closed"),
	broken("chunked-close-in-chunk", chunked+"5\r\nhel", "close", "hel", "read-response: closed"),
	broken("chunked-rst-in-chunk", chunked+"5\r\nhel", "rst", "hel", "read-response: reset"),
	broken("chunked-close-no-last", chunked+"5\r\nhello\r\n", "close", "hello", "read-response: closed"),
	broken("chunked-close-no-end", chunked+"5\r\nhello\r\n0\r\n", "close", "hello", "read-response: closed"),
	broken("chunked-stalled", chunked+"5\r\nhello\r\n", never, "hello", "read-response: timeout"),
	broken("until-close-rst", "HTTP/1.1 200 OK\r\n\r\nhello", "rst", "hello", "read-response: reset"),
	badBody("bad-chunk-first", "zz\r\nhello\r\n"),
	badBody("bad-chunk-later", "5\r\nhello\r\n-1\r\nx"),
	badBody("bad-chunk-lf", "5\nhello\r\n0\r\n\r\n"),
	badBody("bad-chunk-end", "5\r\nhelloXX\r\n0\r\n\r\n"),
	badBody("bad-chunk-wrap", "10000000000000005\r\nhello"),
	badBody("bad-chunk-wrap-zeros", "0000000000000000000010000000000000005\r\nhello"),
	badBody("bad-chunk-junk", "5 x\r\nhello"),
	badBody("bad-chunk-pad-lead", " 5\r\nhello"),
	badBody("bad-trailer", "5\r\nhello\r\n0\r\nX : y\r\n\r\n"),
	{name: "bad-chunk-100k", text: chunked + "186a0\r\n" + strings.Repeat("a", 100000) + "\r\nzz\r\n", status: 200, body: strings.Repeat("a", 100000),
		cut: true, log: "read-response: malformed", fresh: true, close: true, whole: true},

	// too much
	{name: "header-200k", text: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 200000) + "\r\n" + length2, status: 502, log: "read-head: ", fresh: true, whole: true},
	{name: "headers-500", text: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: a\r\n", 500) + length2, status: 200, body: "hi", whole: true},
	{name: "headers-400k", text: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("a", 8000)+"\r\n", 50) + length2, status: 200, body: "hi", whole: true},
	{name: "headers-2m", text: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("a", 8000)+"\r\n", 250) + length2, status: 502, log: "read-head: malformed", fresh: true, whole: true},
	{name: "trailers-200k", text: chunked + "2\r\nhi\r\n0\r\n" + strings.Repeat("X: "+strings.Repeat("a", 2000)+"\r\n", 100) + "\r\n", status: 200, body: "hi", whole: true},
	{name: "trailers-many", text: chunked + "2\r\nhi\r\n0\r\n" + strings.Repeat("X: y\r\n", 3000) + "\r\n", status: 200, body: "hi", whole: true},
	{name: "trailer-200k", text: chunked + "2\r\nhi\r\n0\r\nX: " + strings.Repeat("a", 200000) + "\r\n\r\n", status: 200, body: "hi", overlong: true, fresh: true, whole: true},
	{name: "trailers-2m", text: chunked + "2\r\nhi\r\n0\r\n" + strings.Repeat("X: "+strings.Repeat("a", 8000)+"\r\n", 250) + "\r\n", status: 200, body: "hi", overlong: true, fresh: true, whole: true},
	{name: "interim-50", text: strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", 50) + "HTTP/1.1 200 OK\r\n" + length2, status: 502, log: "read-head: malformed", fresh: true, whole: true},
	{name: "interim-endless", text: strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 5000), then: never, status: 502, log: "read-head: malformed", fresh: true, whole: true},
	{name: "interim-then-close", text: "HTTP/1.1 103 Early Hints\r\n\r\n", then: "close", status: 502, log: "read-head: closed", fresh: true},
	{name: "interim-then-silence", text: "HTTP/1.1 103 Early Hints\r\n\r\n", then: never, status: 504, log: "read-head: timeout", fresh: true},

	// not a response
	bad("garbage", "\x00\x01\x02 garbage\r\n\r\n"),
	bad("html", "<html>hello</html>\r\n\r\n"),
	bad("ssh", "SSH-2.0-OpenSSH_9.2\r\n"),
	bad("tls-alert", "\x15\x03\x01\x00\x02\x02\x46"),
	bad("status-abc", "HTTP/1.1 abc OK\r\n"+length2),
	bad("status-99999", "HTTP/1.1 99999 OK\r\n"+length2),
	bad("status-000", "HTTP/1.1 000 OK\r\n"+length2),
	bad("version-2", "HTTP/2.0 200 OK\r\n"+length2),
	bad("version-09", "hello\r\n"),
	bad("empty-lines", "\r\n\r\n\r\nHTTP/1.1 200 OK\r\n"+length2),
	bad("unasked-101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nleak"),
	bad("bare-101", "HTTP/1.1 101 X\r\n\r\nleak"),
	bad("lengths-differ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"+length2),
	bad("length-minus", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi"),
	bad("length-plus", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi"),
	bad("length-list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi"),
	bad("length-overflow", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nhi"),
	bad("coding-gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
	bad("nul", "HTTP/1.1 200 OK\r\nX: a\x00\r\n"+length2),
	bad("bare-cr", "HTTP/1.1 200 OK\r\nX: a\rb\r\n"+length2),
	bad("space-colon", "HTTP/1.1 200 OK\r\nX : a\r\n"+length2),
	bad("no-colon", "HTTP/1.1 200 OK\r\nnocolon\r\n"+length2),

	// unusual, but complete
	padded("chunk-pad", "2 ", "0"),
	padded("chunk-pad-tabs", "2\t \t", "0"),
	padded("chunk-pad-last", "2", "0      "),
	padded("chunk-pad-ext", "2 ;a=b ", "0 ;c"),
	padded("chunk-pad-4k", "2"+strings.Repeat(" ", 4000), "0"+strings.Repeat("\t", 4000)),
	padded("chunk-zeros", strings.Repeat("0", 30)+"2", strings.Repeat("0", 31)),
	padded("chunk-zeros-pad", strings.Repeat("0", 30)+"2 \t", strings.Repeat("0", 31)+" "),
	surplus("second-response", "HTTP/1.1 200 OK\r\n"+length2+"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"),
	surplus("surplus-byte", "HTTP/1.1 200 OK\r\n"+length2+"X"),
	clean("length-and-coding", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", ""),
	clean("lengths-equal", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"+length2, ""),
	clean("bare-lf", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", ""),
	{name: "half-close", text: "HTTP/1.1 200 OK\r\n" + length2, then: "shutdown", status: 200, body: "hi", fresh: true, late: true},
	clean("says-close", "HTTP/1.1 200 OK\r\nConnection: close\r\n"+length2, "close"),
	clean("until-close", "HTTP/1.1 200 OK\r\n\r\nhi", "close"),
	clean("http10", "HTTP/1.0 200 OK\r\n"+length2, "close"),
	{name: "fold", text: "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n" + length2, status: 200, body: "hi"},
	{name: "204-with-body", text: "HTTP/1.1 204 No Content\r\n" + length2, status: 204, fresh: true},
	{name: "204-chunked", text: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", status: 204, fresh: true},
	{name: "304-with-body", text: "HTTP/1.1 304 Not Modified\r\n" + length2, status: 304, fresh: true, behind: true},
	{name: "head-with-body", method: "HEAD", text: "HTTP/1.1 200 OK\r\n" + length2, status: 200, fresh: true, behind: true},
	{name: "head-chunked-body", method: "HEAD", text: chunked + "2\r\nhi\r\n0\r\n\r\n", status: 200, fresh: true, behind: true},
}

// badHeaders are the rows for each argument of ProxyBadHeader.
var badHeaders = map[string][]fault{
	"IsError": {bad("no-colon", "HTTP/1.1 200 OK\r\nX: a\r\nno colon\r\n"+length2)},
	"Ignore": {
		{name: "no-colon", text: "HTTP/1.1 200 OK\r\nX: a\r\nno colon\r\n" + length2, status: 200, body: "hi"},
		bad("space-colon", "HTTP/1.1 200 OK\r\nX : a\r\n"+length2),
		bad("nul", "HTTP/1.1 200 OK\r\nno\x00colon\r\n"+length2),
		bad("bare-cr", "HTTP/1.1 200 OK\r\nX: a\rb\r\n"+length2),
	},
	"StartBody": {
		{name: "no-colon", text: "HTTP/1.1 200 OK\r\nX: a\r\n<html>\r\n", then: "close", status: 200, body: "<html>\r\n", fresh: true},
		bad("space-colon", "HTTP/1.1 200 OK\r\nX : a\r\n"+length2),
	},
}

// answer returns the origin's answer for a row.
func (f *fault) answer(t *testing.T, oneByOne bool) testkit.Answer {
	t.Helper()
	var words []string
	switch {
	case f.text == "":
	case oneByOne:
		for i := range len(f.text) {
			words = append(words, "write", f.text[i:i+1], ";")
		}
	default:
		words = append(words, "write", f.text, ";")
	}
	a, err := testkit.ParseAnswer(append(words, strings.Fields(f.then)...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
