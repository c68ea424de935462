package engine

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// A client that closes at any byte: a request that the backend takes for complete
// is one that the client sent completely.
func TestClientLeavesAnywhere(t *testing.T) {
	for _, p := range conversations {
		t.Run(p.name, func(t *testing.T) {
			var full string
			bubble(t, func(t *testing.T) { _, full = p.run(t, how{}) })
			for _, i := range p.places(len(p.send)) {
				for _, abort := range []bool{false, true} {
					for _, splice := range p.splices() {
						bubble(t, func(t *testing.T) { p.leave(t, i, abort, splice, strings.Split(full, "\n---\n")) })
					}
				}
			}
		})
	}
}

// splices returns the ways to move the bodies of a conversation.
func (p *played) splices() []bool { return []bool{false, true}[:1+btoi(p.spliced)] }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *played) leave(t *testing.T, at int, abort, splice bool, full []string) {
	b := new(backend)
	r := newRig(1, func(r *rig) {
		r.net.Splice = splice
		r.out = func(x *exchange.Exchange) { x.Out.Expect = x.Req.Expect && p.expect }
		r.net.Backend = func(_ int, c *fakenet.End) {
			b.play(c, func(q *http.Request) string { return p.answers[q.RequestURI] }, plainWrite)
		}
	})
	c := r.net.Connect(0, r.front)
	go plainWrite(c, p.send[:at])
	synctest.Wait()
	if abort {
		_ = c.Abort()
	} else {
		_ = c.Close()
	}
	r.end(t)
	n := 0
	for _, s := range b.seen() {
		if strings.HasPrefix(s, "cut ") {
			continue
		}
		if n >= len(full) || s != full[n] {
			t.Errorf("closed at %d (abort %v): the backend took for complete\n%s", at, abort, brief(s))
		}
		n++
	}
}

// A backend that closes at any byte: a response that the client takes for complete
// is one that the backend sent completely.
func TestBackendLeavesAnywhere(t *testing.T) {
	for _, p := range conversations {
		if strings.Contains(p.name, "http/1.0 backend") {
			continue // its responses end with the connection
		}
		t.Run(p.name, func(t *testing.T) {
			for target, a := range p.answers {
				for _, i := range p.places(len(a)) {
					for _, abort := range []bool{false, true} {
						for _, splice := range p.splices() {
							bubble(t, func(t *testing.T) { p.drop(t, target, i, abort, splice) })
						}
					}
				}
			}
		})
	}
}

func (p *played) drop(t *testing.T, target string, at int, abort, splice bool) {
	b := new(backend)
	r := newRig(1, func(r *rig) {
		r.net.Splice = splice
		r.out = func(x *exchange.Exchange) { x.Out.Expect = x.Req.Expect && p.expect }
		r.net.Backend = func(_ int, c *fakenet.End) {
			b.play(c, func(q *http.Request) string {
				if q.RequestURI == target {
					return p.answers[target][:at] + closeAfter
				}
				return p.answers[q.RequestURI]
			}, func(c *fakenet.End, s string) {
				plainWrite(c, s)
				if abort && p.answers[target][:at] == s {
					synctest.Wait()
					_ = c.Abort()
				}
			})
		}
	})
	c := r.net.Connect(0, r.front)
	go plainWrite(c, p.send)
	rs, _, _ := replies(c, strings.Fields(p.methods)...)
	for _, a := range rs {
		if a.complete && a.status < 500 && !p.whole(a.text) {
			t.Errorf("%s", fmt.Sprintf("cut at %d (abort %v): looks complete: %s", at, abort, brief(a.text)))
		}
	}
	_ = c.Close()
	r.end(t)
}
