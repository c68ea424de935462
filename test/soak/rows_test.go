package soak

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// row is a kind of client.
type row struct {
	name   string
	weight int // how many times a client plays it in one round of the table
	play   func(v *visit)
	may    string // its allowed outcomes, separated by spaces
}

// The outcomes of a request to a backend that may die at any moment.
const dying = "200 502 503 cut"

// rows are the clients of the load. A client plays them all in an order of its
// own, again and again.
var rows = []row{
	// plain traffic
	{"get kept", 12, kept("/small", 8), "200"},
	{"get fresh", 12, fresh("/small"), "200"},
	{"get, limited pool", 6, kept("/pool/slow", 2), "200"},
	{"limited pool, reset", 3, kept("/pool/reset", 1), "502"},
	{"limited pool, cut", 3, fresh("/pool/cut?n=1"), "cut"},
	{"limited pool, abort in an answer", 2, abortAnswer("/pool/chunks?n=2000000"), "left"},
	{"limited pool, abort in an upload", 2, abortUpload("/pool/sink", "Content-Length: 1000000", "begun"), "left"},
	{"get, worker that comes and goes", 6, func(v *visit) { kept(fmt.Sprintf("/other%d/small", v.rng.IntN(4)), 2)(v) }, "200"},
	{"get, pool that is full at times", 4, kept("/crowd/slow", 2), "200 503"},
	{"get, listener that comes and goes", 4, third, "200 refused closed"},
	{"head", 4, head, "200"},
	{"pipeline", 4, pipeline, "200"},
	{"half close", 4, halfClose, "200"},
	{"nothing said", 4, nothingSaid, "left"},

	// bodies
	{"large, length", 2, large("/size"), "200"},
	{"large, chunks", 2, large("/chunks"), "200"},
	{"large, slow reader", 2, largeSlow, "200"},
	{"post, length", 6, post(1000, 1000, false), "200"},
	{"post, chunks", 6, post(1000, 100, true), "200"},
	{"post, length, 1 MiB", 2, post(1<<20, 64<<10, false), "200"},
	{"post, chunks, 1 MiB", 2, post(1<<20, 5000, true), "200"},
	{"post, slow sender", 2, postSlow, "200"},
	{"expect", 4, expect, "200"},

	// clients that close early or stop
	{"abort in an answer", 3, abortAnswer("/size?n=4000000"), "left"},
	{"abort in a chunked answer", 3, abortAnswer("/chunks?n=4000000"), "left"},
	{"abort in a stream", 3, abortAnswer("/stream"), "left"},
	{"abort before the answer", 3, abortBefore, "left"},
	{"abort in an upload", 3, abortUpload("/sink", "Content-Length: 1000000", "begun"), "left"},
	{"abort in a chunked upload", 3, abortUpload("/sink", "Transfer-Encoding: chunked", "5\r\nbegun\r\n"), "left"},
	{"abort in a head", 3, abortHead, "left"},
	{"head that stalls", 1, stalledHead, "408"},
	{"idle until the server closes", 2, idle, "200 closed"},
	{"malformed", 4, malformed, "400"},

	// backends that fail
	{"down", 4, kept("/dead/small", 2), "503"},
	{"error document", 4, errorDocument, "404"},
	{"silent", 1, kept("/silent/silent", 1), "504"},
	{"stalled", 1, kept("/silent/stall", 1), "cut"},
	{"reset before the head", 4, kept("/reset", 2), "502"},
	{"reset in the body", 4, fresh("/cut?n=0"), "502 cut"},
	{"closed in the body", 4, fresh("/cut?n=1"), "cut"},
	{"early answer", 3, earlyAnswer, "413"},
	{"restless", 6, kept("/restless/small", 8), "200"},
	{"dying, get", 6, kept("/mortal/small", 4), dying},
	{"dying, slow answer", 6, kept("/mortal/slow", 4), dying},
	{"dying, large", 2, large("/mortal/size"), dying},
	{"dying, post", 2, func(v *visit) { v.post("/mortal/sink", 100000, 10000, true) }, dying},
}

// kept sends several requests on one connection, as long as it is kept.
func kept(target string, times int) func(v *visit) {
	return func(v *visit) {
		p := v.dial(v.load.at.addr)
		if p == nil {
			return
		}
		defer p.Close()
		for range times {
			n := v.rng.IntN(1000)
			if p.ask(fmt.Sprintf("%s?n=%d", target, n), small(n)); p.over {
				return
			}
		}
	}
}

// fresh sends one request, on a connection that ends with it.
func fresh(target string) func(v *visit) {
	return func(v *visit) {
		if p := v.dial(v.load.at.addr); p != nil {
			defer p.Close()
			p.ask(target, small(0), "Connection: close")
		}
	}
}

// third sends a request to the port on which only every other configuration listens.
func third(v *visit) {
	if p := v.dial(v.load.at.third); p != nil {
		defer p.Close()
		p.ask("/small", small(0))
	}
}

func head(v *visit) {
	if p := v.dial(v.load.at.addr); p != nil {
		defer p.Close()
		n := v.rng.IntN(100000)
		p.say(text("HEAD", fmt.Sprintf("/size?n=%d", n)))
		p.hear("HEAD", pattern()[:n])
		p.ask("/small?n=5", small(5))
	}
}

// pipeline sends all its requests before it reads the first response.
func pipeline(v *visit) {
	p := v.dial(v.load.at.addr)
	if p == nil {
		return
	}
	defer p.Close()
	var b strings.Builder
	for i := range 8 {
		b.WriteString(text("GET", fmt.Sprintf("/small?n=%d", i)))
	}
	p.say(b.String())
	for i := range 8 {
		if p.hear("GET", small(i)); p.over {
			return
		}
	}
}

// halfClose ends its side after the request and still expects the response.
func halfClose(v *visit) {
	if p := v.dial(v.load.at.addr); p != nil {
		defer p.Close()
		p.say(text("GET", "/slow?n=3"))
		_ = p.CloseWrite()
		p.hear("GET", small(3))
	}
}

// nothingSaid opens connections and closes them without a byte.
func nothingSaid(v *visit) {
	var all []*peer
	for range 4 {
		if p := v.dial(v.load.at.addr); p != nil {
			all = append(all, p)
		}
	}
	for _, p := range all {
		_ = p.Close()
		v.saw(left, "")
	}
}

// large requests 1 to 4 MiB.
func large(target string) func(v *visit) {
	return func(v *visit) {
		if p := v.dial(v.load.at.addr); p != nil {
			defer p.Close()
			n := 1<<20 + v.rng.IntN(3<<20)
			p.ask(fmt.Sprintf("%s?n=%d", target, n), pattern()[:n])
		}
	}
}

// largeSlow reads in small pieces a response that does not fit the buffers in between.
func largeSlow(v *visit) {
	if p := v.dial(v.load.at.addr); p != nil {
		defer p.Close()
		// Not less than a segment of the loopback, which would make the sender
		// wait for the kernel's timers.
		_ = p.SetReadBuffer(100 << 10)
		p.slow = true
		p.ask("/size?n=4000000", pattern()[:4000000])
	}
}

func post(size, chunk int, chunked bool) func(v *visit) {
	return func(v *visit) { v.post("/sink", size, chunk, chunked) }
}

// post sends a body and, if that succeeds, another request on the same
// connection.
func (v *visit) post(target string, size, chunk int, chunked bool) {
	p := v.dial(v.load.at.addr)
	if p == nil {
		return
	}
	defer p.Close()
	framing := fmt.Sprintf("Content-Length: %d", size)
	if chunked {
		framing = "Transfer-Encoding: chunked"
	}
	p.say(text("POST", target, framing))
	p.upload(size, chunk, chunked, nil)
	if p.hear("POST", got(size)); !p.over {
		p.ask("/small?n=9", small(9))
	}
}

// postSlow sends head and body slowly.
func postSlow(v *visit) {
	p := v.dial(v.load.at.addr)
	if p == nil {
		return
	}
	defer p.Close()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	head := text("POST", "/sink", "Content-Length: 5000")
	for at := 0; at < len(head); at += 5 {
		p.say(head[at:min(at+5, len(head))])
		<-tick.C
	}
	p.upload(5000, 100, false, tick.C)
	p.hear("POST", got(5000))
}

// expect sends its body after 100 Continue.
func expect(v *visit) {
	p := v.dial(v.load.at.addr)
	if p == nil {
		return
	}
	defer p.Close()
	p.say(text("POST", "/sink", "Content-Length: 20000", "Expect: 100-continue"))
	if outcome, detail := p.answer("POST", ""); outcome != "100" {
		v.saw("not told to continue: "+outcome, detail)
		return
	}
	p.upload(20000, 5000, false, nil)
	p.hear("POST", got(20000))
}

// leave closes, with a reset or without.
func (p *peer) leave() {
	if p.visit.rng.IntN(2) == 0 {
		p.abort()
	} else {
		_ = p.Close()
	}
	p.visit.saw(left, "")
}

// abortAnswer closes after the beginning of a response.
func abortAnswer(target string) func(v *visit) {
	return func(v *visit) {
		p := v.dial(v.load.at.addr)
		if p == nil {
			return
		}
		defer p.leave()
		p.say(text("GET", target))
		begin := make([]byte, 500+v.rng.IntN(5000)*v.rng.IntN(2))
		if _, err := io.ReadFull(p.in, begin); err != nil {
			v.saw(ended(err, cut))
		} else if !strings.HasPrefix(string(begin), "HTTP/1.1 200 ") {
			v.saw(garbled, string(begin[:50]))
		}
	}
}

// abortBefore closes before the backend has responded.
func abortBefore(v *visit) {
	if p := v.dial(v.load.at.addr); p != nil {
		p.say(text("GET", []string{"/silent/silent", "/slow", "/pool/slow"}[v.rng.IntN(3)]))
		p.leave()
	}
}

// abortUpload closes in the middle of a body.
func abortUpload(target, framing, begun string) func(v *visit) {
	return func(v *visit) {
		if p := v.dial(v.load.at.addr); p != nil {
			p.say(text("POST", target, framing) + begun)
			p.leave()
		}
	}
}

func abortHead(v *visit) {
	if p := v.dial(v.load.at.addr); p != nil {
		head := text("GET", "/small", "X: "+strings.Repeat("x", 100))
		p.say(head[:1+v.rng.IntN(len(head)-1)])
		p.leave()
	}
}

// stalledHead begins a head and waits for the server's timeout.
func stalledHead(v *visit) {
	if p := v.dial(v.load.at.idle); p != nil {
		defer p.Close()
		p.say("GET / HTTP/1.1\r\nHost: ")
		p.hear("GET", "")
	}
}

// idle waits for KeepAliveTimeout; the server must end cleanly.
func idle(v *visit) {
	p := v.dial(v.load.at.idle)
	if p == nil {
		return
	}
	defer p.Close()
	if p.ask("/small?n=1", small(1)) != "200" {
		return
	}
	if _, err := p.in.ReadByte(); err == io.EOF {
		v.saw(closed, "")
	} else {
		v.saw(ended(err, "not closed cleanly"))
	}
}

// bad are heads that no server may accept.
var bad = []string{
	"GET\r\n\r\n",
	"GET /small HTTP/1.1\r\n\r\n",
	"GET /small HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"GET /small HTTP/1.1\r\nHost : a\r\n\r\n",
	"GET /small HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
	"GET /small HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
	"POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
	"POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}

func malformed(v *visit) {
	if p := v.dial(v.load.at.addr); p != nil {
		defer p.Close()
		p.say(bad[v.rng.IntN(len(bad))])
		p.hear("GET", "")
	}
}

// errorDocument requests a path without a mapping, which has its own error page.
func errorDocument(v *visit) {
	p := v.dial(v.load.at.addr)
	if p == nil {
		return
	}
	defer p.Close()
	for range 2 {
		if p.over {
			return
		}
		p.say(text("GET", "/nothing/here"))
		outcome, detail := p.answer("GET", "")
		if !strings.Contains(detail, "the page of an error") {
			outcome += " without its page"
		}
		v.saw(outcome, detail)
	}
}

// earlyAnswer is refused while it sends, and must get the response.
func earlyAnswer(v *visit) {
	if p := v.dial(v.load.at.addr); p != nil {
		defer p.Close()
		p.say(text("POST", "/early", "Content-Length: 200000"))
		p.upload(200000, 10000, false, nil)
		p.hear("POST", "")
	}
}
