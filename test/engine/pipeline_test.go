package engine

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

type stepFunc func(x *exchange.Exchange) error

func (f stepFunc) Do(x *exchange.Exchange) error { return f(x) }

type handlerFunc func(x *exchange.Exchange) error

func (f handlerFunc) Handle(x *exchange.Exchange) error { return f(x) }

// filter panics or fails at the configured call.
type filter struct {
	head, body func(x *exchange.Exchange) error
	lasts      int
}

func (f *filter) Head(x *exchange.Exchange, _ *exchange.Slot) (exchange.Effect, error) {
	if f.head != nil {
		return exchange.Observes, f.head(x)
	}
	return exchange.Observes, nil
}

func (f *filter) Done(*exchange.Exchange, *exchange.Slot) {}

func (f *filter) Body(x *exchange.Exchange, _ *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	if f.body != nil {
		if err := f.body(x); err != nil {
			return err
		}
	}
	if op == exchange.End {
		f.lasts++
	}
	return next.Write(x, p, op)
}

func boom(*exchange.Exchange) error { panic("boom") }

// A panic anywhere ends its own exchange only: with 500 if nothing was
// sent, else with a cut. Every slot and connection is released once.
func TestPanic(t *testing.T) {
	big := strings.Repeat("x", 300<<10)
	for _, tt := range []struct {
		name   string
		edit   func(r *rig)
		send   string
		status int // 0: cut
	}{
		{"access step", func(r *rig) { r.chain.Access = []exchange.Step{stepFunc(boom)} }, get("/", ""), 500},
		{"handler", func(r *rig) { r.chain.Handlers = []exchange.Handler{handlerFunc(boom)} }, post("/", "", "abc"), 500},
		{"response step", func(r *rig) { r.chain.Response = []exchange.Step{stepFunc(boom)} }, get("/", ""), 500},
		{"filter's head, upload under way", func(r *rig) { r.chain.Filters = []exchange.Filter{&filter{head: boom}} }, post("/early", "", big), 500},
		{"filter's body, upload under way", func(r *rig) { r.chain.Filters = []exchange.Filter{&filter{body: boom}} }, post("/early", "", big), 0},
		{"before the connection", func(r *rig) { r.out = func(x *exchange.Exchange) { _ = boom(x) } }, get("/", ""), 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(1, func(r *rig) {
					b := new(backend)
					r.net.Backend = func(_ int, c *fakenet.End) {
						if strings.Contains(tt.send, "/early") {
							_, _ = c.Read(make([]byte, 1))
							_, _ = io.WriteString(c, okAnswer)
							_, _ = io.Copy(io.Discard, c)
							_ = c.Close()
							return
						}
						always(b, okAnswer)(0, c)
					}
					tt.edit(r)
				})
				c := r.net.Connect(0, r.front)
				go func() { _, _ = io.WriteString(c, tt.send) }()
				rs, _, err := replies(c, "POST")
				switch {
				case tt.status == 0 && err == nil:
					t.Errorf("no cut: %v", rs)
				case tt.status != 0 && (err != nil || rs[0].status != tt.status || !rs[0].close):
					t.Errorf("%v, %v", rs, err)
				}
				_ = c.Close()
				r.end(t)
				if l := r.logged(); len(l) != 1 {
					t.Errorf("%d log lines", len(l))
				}
			})
		})
	}
}

// A failing response step or filter is not the client's fault.
func TestResponseStepFails(t *testing.T) {
	refuse := &fault.Fault{Side: fault.Proxy, Kind: fault.Internal, Status: 500, Detail: "refused"}
	for _, err := range []error{refuse, errors.New("plain")} {
		bubble(t, func(t *testing.T) {
			var failed bool
			r := newRig(1, func(r *rig) {
				r.chain.Response = []exchange.Step{stepFunc(func(*exchange.Exchange) error {
					if failed {
						return nil
					}
					failed = true
					return err
				})}
				r.net.Backend = always(new(backend), okAnswer)
			})
			c := r.net.Connect(0, r.front)
			if a := one(t, c, "GET", get("/", "")); a.status != 500 {
				t.Error(a.text)
			}
			_ = c.Close()
			r.end(t)
		})
	}
}

// Filters see the end of a body that has a trailer, and bytes that they add then
// are sent before it.
func TestFilterSeesEndBeforeTrailer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := new(filter)
		r := newRig(1, func(r *rig) {
			r.chain.Filters = []exchange.Filter{f}
			r.net.Backend = always(new(backend), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: v\r\n\r\n")
		})
		c := r.net.Connect(0, r.front)
		a := one(t, c, "GET", get("/", "TE: trailers\r\nConnection: TE\r\n"))
		if f.lasts != 1 || !strings.Contains(a.text, "[a] trailer map[X-T:[v]]") {
			t.Errorf("%d ends, %s", f.lasts, a.text)
		}
		_ = c.Close()
		r.end(t)
	})
}

// A handler that writes less than it announced: the client must see it.
func TestHandlerStopsShort(t *testing.T) {
	for name, h := range map[string]handlerFunc{
		"nothing at all": func(*exchange.Exchange) error { return nil },
		"head only": func(x *exchange.Exchange) error {
			x.Resp.Status, x.Resp.Body = 200, message.Framing{Kind: message.Length, Length: 5}
			return x.SendHead(false)
		},
		"less than announced": func(x *exchange.Exchange) error {
			x.Resp.Status, x.Resp.Body = 200, message.Framing{Kind: message.Length, Length: 5}
			x.Resp.Header.AddID(message.ContentLength, []byte("5"))
			if err := x.SendHead(false); err != nil {
				return err
			}
			return x.SendBody([]byte("abc"), true)
		},
		"chunks without end": func(x *exchange.Exchange) error {
			x.Resp.Status, x.Resp.Body = 200, message.Framing{Kind: message.Unknown}
			if err := x.SendHead(false); err != nil {
				return err
			}
			return x.SendBody([]byte("abc"), false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(1, func(r *rig) { r.chain.Handlers = []exchange.Handler{h} })
				c := r.net.Connect(0, r.front)
				_, _ = io.WriteString(c, get("/", ""))
				if rs, _, err := replies(c, "GET"); err == nil {
					t.Errorf("looks complete: %v", rs)
				}
				_ = c.Close()
				r.end(t)
			})
		})
	}
}

func document(path string) exchange.ErrorDoc {
	v, err := expr.ParseString(path, expr.Options{})
	if err != nil {
		panic(err)
	}
	return exchange.ErrorDoc{Form: exchange.DocPath, Value: v}
}

// ErrorDocument by an internal redirect: exactly one GET, with the variables of
// the original renamed, and without the original's body.
func TestErrorDocument(t *testing.T) {
	for _, tt := range []struct {
		name, method, send, answer string
		status                     int
		method2                    string
	}{
		{"get", "GET", get("/x?q=1", ""), okAnswer, 200, "GET"},
		{"head", "HEAD", strings.Replace(get("/x?q=1", ""), "GET", "HEAD", 1), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 200, "HEAD"},
		{"post with its body unread", "POST", post("/x?q=1", "", strings.Repeat("x", 40<<10)), okAnswer, 200, "GET"},
		{"post with too much unread", "POST", post("/x?q=1", "", strings.Repeat("x", 2<<20)), okAnswer, 200, "GET"},
		{"expect, body never sent", "POST", "POST /x?q=1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", okAnswer, 200, "GET"},
		{"the document fails too", "GET", get("/x?q=1", ""), "garbage" + closeAfter, 403, "GET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := new(backend)
				var env string
				r := newRig(1, func(r *rig) {
					r.chain.ErrorDocs = &exchange.ErrorDocs{ByStatus: map[int]exchange.ErrorDoc{403: document("/err?e=1"), 502: document("/err")}}
					r.chain.Access = []exchange.Step{stepFunc(func(x *exchange.Exchange) error {
						if x.Redirected == nil {
							x.Env.Set("mine", []byte("1"))
							return &fault.Fault{Side: fault.Client, Kind: fault.Denied, Status: 403}
						}
						return nil
					})}
					// Access is not judged again where the sections stay the same.
					r.chain.Fixups = []exchange.Step{stepFunc(func(x *exchange.Exchange) error {
						env = ""
						for _, v := range x.Env.All() {
							env += fmt.Sprintf("%s=%s ", v.Name, v.Value)
						}
						return nil
					})}
					r.net.Backend = always(b, tt.answer)
				})
				c := r.net.Connect(0, r.front)
				a := one(t, c, tt.method, tt.send)
				if a.status != tt.status {
					t.Error(a.text)
				}
				if got := b.seen(); len(got) != 1 || !strings.HasPrefix(got[0], tt.method2+" /err") || !strings.Contains(got[0], "[] trailer") ||
					strings.Contains(got[0], "Expect") {
					t.Errorf("backend saw %q", got)
				}
				if want := "REDIRECT_mine=1 REDIRECT_REQUEST_METHOD=" + tt.method + " REDIRECT_STATUS=403 "; env != want {
					t.Errorf("environment %s", env)
				}
				if tt.method == "GET" || tt.method == "HEAD" || tt.name == "post with its body unread" {
					if a.close {
						t.Error("the connection ends")
					}
					if a := one(t, c, "GET", get("/y", "")); a.status != tt.status {
						t.Errorf("next request: %s", a.text)
					}
				} else if !closed(c) {
					t.Error("the connection goes on")
				}
				_ = c.Close()
				r.end(t)
			})
		})
	}
}

// A malformed request gets a response, and the response arrives although
// more was sent.
func TestRefuse(t *testing.T) {
	for _, tt := range []struct {
		send   string
		status int
	}{
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400},
		{"\x16\x03\x01\x02\x00\x01\x00", 400},
		{"GET /" + strings.Repeat("x", 9000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
		{"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", 431},
		{"POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc", 417},
	} {
		bubble(t, func(t *testing.T) {
			r := newRig(1, func(r *rig) { r.net.Backend = always(new(backend), okAnswer) })
			c := r.net.Connect(0, r.front)
			a := one(t, c, "GET", tt.send)
			if a.status != tt.status || !a.close {
				t.Errorf("%.40q: %s", tt.send, a.text)
			}
			_ = c.Close()
			r.end(t)
			if l := r.logged(); len(l) != 1 || l[0].status != tt.status {
				t.Errorf("%.40q: logged %+v", tt.send, l)
			}
		})
	}
}

// An unread body is discarded within bounds; beyond them the connection ends.
func TestUnreadBody(t *testing.T) {
	for _, tt := range []struct {
		name string
		send string
		keep bool
	}{
		{"small", post("/", "", strings.Repeat("x", 1000)), true},
		{"small chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", true},
		{"large", post("/", "", strings.Repeat("x", 400<<10)), false},
		{"never ends", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", false},
		{"hides a request", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n" + get("/smuggled", ""), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(1, func(r *rig) {
					r.chain.Access = []exchange.Step{stepFunc(func(x *exchange.Exchange) error {
						return &fault.Fault{Side: fault.Client, Kind: fault.Denied, Status: 403}
					})}
				})
				c := r.net.Connect(0, r.front)
				start := time.Now()
				a := one(t, c, "POST", tt.send)
				if a.status != 403 {
					t.Error(a.text)
				}
				if tt.keep {
					if a := one(t, c, "GET", get("/", "")); a.status != 403 {
						t.Error(a.text)
					}
				} else if !closed(c) {
					t.Error("the connection goes on")
				}
				if took := time.Since(start); took > 4*time.Second {
					t.Errorf("took %v", took)
				}
				_ = c.Close()
				r.end(t)
			})
		})
	}
}

// A response to HEAD has no body, and the log counts none.
func TestHeadErrorPage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(1, func(r *rig) { r.chain.Handlers = nil })
		c := r.net.Connect(0, r.front)
		if a := one(t, c, "HEAD", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"); a.status != 404 {
			t.Error(a.text)
		}
		if a := one(t, c, "GET", get("/", "")); a.status != 404 {
			t.Error(a.text)
		}
		_ = c.Close()
		r.end(t)
		if l := r.logged(); l[0].body != 0 || l[1].body == 0 {
			t.Errorf("body bytes %d, %d", l[0].body, l[1].body)
		}
	})
}

// A request that finds the server full waits, first come first served.
func TestGateIsFair(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		var order []string
		r := newRig(1, func(r *rig) {
			r.chain.Handlers = []exchange.Handler{handlerFunc(func(x *exchange.Exchange) error {
				order = append(order, string(x.Path))
				<-release
				return &fault.Fault{Side: fault.Client, Kind: fault.Denied, Status: 403}
			})}
		})
		r.pipe.Current().MaxInFlight = 1
		r.pipe.Swap(r.pipe.Current())
		var cs []*fakenet.End
		for i := range 5 {
			c := r.net.Connect(0, r.front)
			_, _ = io.WriteString(c, get(fmt.Sprintf("/%d", i), "Connection: close\r\n"))
			synctest.Wait()
			cs = append(cs, c)
		}
		if n := r.pipe.InFlight(); n != 1 {
			t.Errorf("%d in flight", n)
		}
		for _, c := range cs {
			release <- struct{}{}
			if rs, _, err := replies(c, "GET"); err != nil || rs[0].status != 403 {
				t.Error(rs, err)
			}
			_ = c.Close()
		}
		if s := strings.Join(order, ""); s != "/0/1/2/3/4" {
			t.Errorf("order %s", s)
		}
		r.end(t)
	})
}
