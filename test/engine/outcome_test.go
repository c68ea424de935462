package engine

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// Steps, translators and handlers can end a request with a reply or redirect it
// internally, as values; redirects in a circle end.
func TestOutcomes(t *testing.T) {
	to := func(path, query string) error {
		return &exchange.InternalRedirect{Path: []byte(path), Query: []byte(query), HasQuery: query != ""}
	}
	by := func(f func(x *exchange.Exchange) error) func(r *rig) {
		return func(r *rig) { r.chain.Handlers = append([]exchange.Handler{handlerFunc(f)}, r.chain.Handlers...) }
	}
	for _, tt := range []struct {
		name   string
		edit   func(r *rig)
		send   string
		status int
		text   string // in the response
		depth  int
	}{
		{name: "redirect by a step", send: get("/a", ""), status: 301, text: "Location: /b",
			edit: func(r *rig) {
				r.chain.Access = []exchange.Step{stepFunc(func(x *exchange.Exchange) error {
					reply := x.Reply(301)
					reply.Location = []byte("/b")
					return reply
				})}
			}},
		{name: "status", send: get("/a", ""), status: 410, text: "Gone",
			edit: by(func(x *exchange.Exchange) error { return x.Reply(410) })},
		{name: "body and field", send: get("/a", ""), status: 200, text: "hello",
			edit: by(func(x *exchange.Exchange) error {
				r := x.Reply(200)
				r.Type, r.Body = "text/plain", []byte("hello")
				r.Fields = append(r.Fields, message.Field{Name: []byte("X-A"), Value: []byte("b")})
				return r
			})},
		{name: "another way", send: get("/a", ""), status: 200, text: "/b?q", depth: 1,
			edit: by(func(x *exchange.Exchange) error {
				if string(x.Path) == "/a" {
					return to("/b", "q")
				}
				return exchange.ErrDeclined
			})},
		{name: "two ways on, decoded and cleaned", send: get("/a", ""), status: 200, text: "/cd", depth: 2,
			edit: by(func(x *exchange.Exchange) error {
				switch string(x.Path) {
				case "/a":
					return to("/x/../b", "")
				case "/b":
					return to("/c%64", "")
				}
				return exchange.ErrDeclined
			})},
		{name: "in a circle", send: get("/a", ""), status: 500, depth: exchange.MaxInternal,
			edit: by(func(*exchange.Exchange) error { return to("/a", "") })},
		{name: "with its body", send: post("/a", "", "abc"), status: 200, text: "POST /b 3", depth: 1,
			edit: by(func(x *exchange.Exchange) error {
				if string(x.Path) == "/a" {
					return to("/b", "")
				}
				return exchange.ErrDeclined
			})},
		{name: "translator replies", send: get("/a", ""), status: 403,
			edit: func(r *rig) {
				r.chain.Translate = []exchange.Translator{translatorFunc(func(x *exchange.Exchange) (exchange.Handler, error) {
					return nil, x.Reply(403)
				})}
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				depth := 0
				r := newRig(1, func(r *rig) {
					r.net.Backend = echoing
					r.out = func(x *exchange.Exchange) {
						x.Out.Target = x.Path
						if x.HasArgs {
							x.Out.Target = append(append(append([]byte(nil), x.Path...), '?'), x.Args...)
						}
					}
					tt.edit(r)
				})
				r.site.AccessLogs = append(r.site.AccessLogs, logFunc(func(x *exchange.Exchange) { depth = x.Depth() }))
				c := r.net.Connect(0, &layers{front: r.front})
				method, _, _ := strings.Cut(tt.send, " ")
				a := one(t, c, method, tt.send)
				if a.status != tt.status || !strings.Contains(a.text, tt.text) {
					t.Errorf("%s, want %d with %q", a.text, tt.status, tt.text)
				}
				_ = c.Close()
				r.end(t)
				if depth != tt.depth {
					t.Errorf("%d redirects", depth)
				}
			})
		})
	}
}

type translatorFunc func(x *exchange.Exchange) (exchange.Handler, error)

func (f translatorFunc) Translate(x *exchange.Exchange) (exchange.Handler, error) { return f(x) }

type logFunc func(x *exchange.Exchange)

func (f logFunc) Log(x *exchange.Exchange)                  { f(x) }
func (f logFunc) Hold(*exchange.Exchange) exchange.HeldLine { return nil }

// echoing is a backend whose response shows the request: method, path and length.
func echoing(_ int, c *fakenet.End) {
	defer func() { _ = c.Close() }()
	br := bufio.NewReader(c)
	for {
		q, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		body, _ := io.ReadAll(q.Body)
		text := fmt.Sprintf("%s %s %d", q.Method, q.RequestURI, len(body))
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	}
}
