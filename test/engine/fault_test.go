package engine

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// get returns a GET request, with or without Connection: close.
func get(path, fields string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"
}

func post(path, fields, body string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// always makes a backend that sends the same response to every request.
func always(b *backend, answer string) func(int, *fakenet.End) {
	return func(_ int, c *fakenet.End) { b.play(c, func(*http.Request) string { return answer }, plainWrite) }
}

// one sends a request and reads its response.
func one(t *testing.T, c *fakenet.End, method, send string) reply {
	t.Helper()
	go func() { _, _ = io.WriteString(c, send) }()
	rs, _, err := replies(c, method)
	if len(rs) == 0 {
		t.Fatalf("no response: %v", err)
	}
	return rs[0]
}

// closed reports whether the connection has ended without more bytes.
func closed(c *fakenet.End) bool {
	_, err := c.Read(make([]byte, 1))
	return err != nil
}

func TestStaleConnection(t *testing.T) {
	for _, tt := range []struct {
		name, method, send string
		status, dials      int
	}{
		{"get is sent again", "GET", get("/2", ""), 200, 2},
		{"put with its body at hand is sent again", "PUT", strings.Replace(post("/2", "", "abc"), "POST", "PUT", 1), 200, 2},
		{"post is not", "POST", post("/2", "", "abc"), 502, 1},
		{"a body that is not at hand is not", "PUT", strings.Replace(post("/2", "", strings.Repeat("x", 40<<10)), "POST", "PUT", 1), 502, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(1, func(r *rig) {
					r.net.Backend = func(n int, c *fakenet.End) {
						b := new(backend)
						b.play(c, func(q *http.Request) string {
							if n == 1 && q.RequestURI == "/2" {
								return closeAfter // read the request and closed without a response
							}
							return okAnswer
						}, plainWrite)
					}
				})
				c := r.net.Connect(0, r.front)
				if a := one(t, c, "GET", get("/1", "")); a.status != 200 {
					t.Fatal(a.text)
				}
				if a := one(t, c, tt.method, tt.send); a.status != tt.status {
					t.Errorf("status %d, want %d", a.status, tt.status)
				}
				if n := r.net.Dials(); n != tt.dials {
					t.Errorf("%d connections, want %d", n, tt.dials)
				}
				_ = c.Close()
				r.end(t)
			})
		})
	}
}

// A pooled connection that the backend closed while it was idle fails no request,
// not even a POST, and teaches how long the backend keeps idle connections.
func TestIdleClosedByBackend(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(1, func(r *rig) {
			r.site.KeepAliveTimeout = time.Hour
			r.net.Backend = func(n int, c *fakenet.End) {
				defer func() { _ = c.Close() }()
				br := bufio.NewReader(c)
				for {
					_ = c.SetReadDeadline(time.Now().Add(8 * time.Second))
					q, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, q.Body)
					_, _ = io.WriteString(c, okAnswer)
				}
			}
		})
		c := r.net.Connect(0, r.front)
		for i, pause := range []time.Duration{0, 9 * time.Second, 7 * time.Second, 7900 * time.Millisecond} {
			fakenet.Pass(pause)
			if a := one(t, c, "POST", post("/", "", "abc")); a.status != 200 {
				t.Errorf("request %d: %s", i, a.text)
			}
		}
		if n := r.net.Dials(); n != 3 { // 1, after 9 s another, reused after 7 s; 7.9 s is over 7/8 of 9 s
			t.Errorf("%d connections", n)
		}
		_ = c.Close()
		r.end(t)
	})
}

func TestPing(t *testing.T) {
	const silent, says100, saysNo = "silent", "100", "413"
	for _, tt := range []struct {
		name   string
		does   []string // by connection
		send   string
		status int
		dials  int
		took   time.Duration
		bodies int // requests whose body arrived
	}{
		{"answers with 100", []string{says100}, post("/", "", "abc"), 200, 1, 0, 1},
		{"without body there is no ping", []string{says100}, get("/", ""), 200, 1, 0, 1},
		{"silent twice", []string{silent, silent}, post("/", "", "abc"), 503, 2, 4 * time.Second, 0},
		{"silent once", []string{silent, says100}, post("/", "", "abc"), 200, 2, 2 * time.Second, 1},
		{"silent once, chunked body", []string{silent, says100},
			"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, 2, 2 * time.Second, 1},
		{"large body", []string{says100}, post("/", "", strings.Repeat("x", 100<<10)), 200, 1, 0, 1},
		{"large body, silent once", []string{silent, says100}, post("/", "", strings.Repeat("x", 100<<10)), 200, 2, 2 * time.Second, 1},
		{"final response instead", []string{saysNo}, post("/", "", "abc"), 413, 1, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bodies := make(chan int, 10)
				r := newRig(1, func(r *rig) {
					r.worker.Ping = 2 * time.Second
					r.net.Backend = func(n int, c *fakenet.End) {
						defer func() { _ = c.Close() }()
						br := bufio.NewReader(c)
						q, err := http.ReadRequest(br)
						if err != nil {
							return
						}
						if q.Header.Get("Expect") != "" {
							switch tt.does[n-1] {
							case silent:
								_, _ = io.ReadAll(br)
								return
							case saysNo:
								_, _ = io.WriteString(c, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
								_, _ = io.ReadAll(br)
								return
							}
							_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
						}
						if _, err := io.ReadAll(q.Body); err == nil {
							bodies <- 1
						}
						_, _ = io.WriteString(c, okAnswer)
						_, _ = br.ReadByte()
					}
				})
				c := r.net.Connect(0, r.front)
				start := time.Now()
				method, _, _ := strings.Cut(tt.send, " ")
				a := one(t, c, method, tt.send)
				if a.status != tt.status || strings.Contains(a.text, "100 map") {
					t.Errorf("got %s, want %d", a.text, tt.status)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if n := r.net.Dials(); n != tt.dials {
					t.Errorf("%d connections, want %d", n, tt.dials)
				}
				if len(bodies) != tt.bodies {
					t.Errorf("%d bodies arrived, want %d", len(bodies), tt.bodies)
				}
				_ = c.Close()
				r.end(t)
				if tt.status == 503 && !strings.Contains(r.logged()[0].fault.Detail, "ping") {
					t.Errorf("fault %v", r.logged()[0].fault)
				}
			})
		})
	}
}

// The backend responds and closes while the client still sends: the response
// arrives, and the backend's connection is not used again.
func TestEarlyAnswer(t *testing.T) {
	for _, status := range []string{"413 Content Too Large", "404 Not Found"} {
		for _, size := range []int{100 << 10, 2 << 20} {
			t.Run(status+" "+strconv.Itoa(size), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					r := newRig(1, func(r *rig) {
						r.net.Backend = func(_ int, c *fakenet.End) {
							_, _ = http.ReadRequest(bufio.NewReader(c))
							_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 2\r\n\r\nno")
							_ = c.Close()
						}
					})
					c := r.net.Connect(0, r.front)
					a := one(t, c, "POST", post("/", "", strings.Repeat("x", size)))
					if !strings.Contains(a.text, status[:3]) || !strings.Contains(a.text, "[no]") {
						t.Error(a.text)
					}
					_ = c.Close()
					r.end(t)
				})
			})
		}
	}
}

// A client that goes away inside its body: the backend must not take the part it
// received for a complete request.
func TestClientAbortsUpload(t *testing.T) {
	for _, tt := range []struct{ name, head string }{
		{"length", "Content-Length: 1000000\r\n"},
		{"chunked", "Transfer-Encoding: chunked\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				cut := make(chan bool, 1)
				r := newRig(1, func(r *rig) {
					r.net.Backend = func(_ int, c *fakenet.End) {
						q, err := http.ReadRequest(bufio.NewReader(c))
						if err == nil {
							_, err = io.ReadAll(q.Body)
						}
						cut <- err != nil && c.Aborted()
						_ = c.Close()
					}
				})
				c := r.net.Connect(0, r.front)
				_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\n"+tt.head+"\r\n")
				synctest.Wait()
				_, _ = io.WriteString(c, "5\r\nhello\r\n")
				synctest.Wait()
				_ = c.Close()
				if !<-cut {
					t.Error("the backend did not see a cut")
				}
				r.end(t)
				if l := r.logged()[0]; l.fault == nil || l.fault.Side.String() != "client" || !l.truncated {
					t.Errorf("logged %+v", l)
				}
			})
		})
	}
}

// A response that is cut off must never look complete.
func TestTruncation(t *testing.T) {
	for _, tt := range []struct{ name, send, answer string }{
		{"length", get("/", ""), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
		{"chunked", get("/", ""), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
		{"inside a chunk", get("/", ""), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello"},
		{"bad chunk", get("/", ""), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + large + "\r\nzz\r\n\r\n"},
		{"inside the trailer", get("/", ""), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: "},
		{"length, HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
		{"chunked, HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(1, func(r *rig) { r.net.Backend = always(new(backend), tt.answer+closeAfter) })
				c := r.net.Connect(0, r.front)
				_, _ = io.WriteString(c, tt.send)
				rs, _, err := replies(c, "GET")
				if err == nil || len(rs) > 0 && rs[0].complete {
					t.Errorf("not seen: %v %v", rs, err)
				}
				if !closed(c) {
					t.Error("the connection goes on")
				}
				_ = c.Close()
				r.end(t)
				if l := r.logged()[0]; !l.truncated || l.fault == nil || l.fault.Side.String() != "backend" {
					t.Errorf("logged %+v", l)
				}
			})
		})
	}
}

func TestTimeouts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		send   []string // a second apart
		status int      // 0: closed without a response
		took   time.Duration
	}{
		{"nothing sent", nil, 0, 60 * time.Second},
		{"half a request line", []string{"GET / HT"}, 0, 60 * time.Second},
		{"a request line byte by byte", []string{"G", "E", "T", " ", "/"}, 0, 60 * time.Second},
		{"half a head", []string{"GET / HTTP/1.1\r\nHost: x\r\n"}, 408, 60 * time.Second},
		{"a head line by line", []string{"GET / HTTP/1.1\r\n", "Host: x\r\n", "A: b\r\n"}, 408, 60 * time.Second},
		{"only an empty line", []string{"\r\n"}, 0, 60 * time.Second},
		{"half a body", []string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"}, 408, 60 * time.Second},
		{"half a chunk", []string{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}, 408, 60 * time.Second},
		{"idle after a request", []string{get("/", "")}, 200, 5 * time.Second},
		{"an empty line behind a request", []string{get("/", ""), "\r\n"}, 200, 61 * time.Second},
		{"slow backend", []string{get("/slow", "")}, 504, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := new(backend)
				r := newRig(1, func(r *rig) {
					r.worker.Timeout = 30 * time.Second
					r.net.Backend = func(_ int, c *fakenet.End) {
						b.play(c, func(q *http.Request) string {
							if q.RequestURI == "/slow" {
								fakenet.Pass(time.Hour)
							}
							return okAnswer
						}, plainWrite)
					}
				})
				c := r.net.Connect(0, r.front)
				start := time.Now()
				for i, s := range tt.send {
					if i > 0 {
						fakenet.Pass(time.Second)
					}
					_, _ = io.WriteString(c, s)
				}
				rs, _, err := replies(c, "GET")
				switch {
				case tt.status == 0 && (len(rs) > 0 || err != io.ErrUnexpectedEOF):
					t.Errorf("got %v, %v", rs, err)
				case tt.status != 0 && (len(rs) == 0 || rs[0].status != tt.status):
					t.Errorf("got %v, %v, want %d", rs, err, tt.status)
				}
				if tt.status != 504 && !closed(c) {
					t.Error("more came")
				}
				if took := time.Since(start); took.Round(time.Second) != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				_ = c.Close()
				r.end(t)
			})
		})
	}
}

// LimitRequestBody applies to chunked bodies while they stream.
func TestLimitBody(t *testing.T) {
	for _, size := range []int{100, 60 << 10} {
		bubble(t, func(t *testing.T) {
			r := newRig(1, func(r *rig) {
				r.chain.LimitBody = int64(size) - 10
				r.net.Backend = always(new(backend), okAnswer)
			})
			c := r.net.Connect(0, r.front)
			chunk := strconv.FormatInt(int64(size), 16) + "\r\n" + strings.Repeat("x", size) + "\r\n0\r\n\r\n"
			a := one(t, c, "POST", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk)
			if a.status != 413 || !a.close {
				t.Error(a.text)
			}
			_ = c.Close()
			r.end(t)
		})
	}
}

// With Proxy100Continue the backend decides; the client may also not wait.
func TestExpectForwarded(t *testing.T) {
	head := "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
	expect := func(x *exchange.Exchange) { x.Out.Expect = x.Req.Expect }
	t.Run("final response instead", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(1, func(r *rig) {
				r.out = expect
				r.net.Backend = func(_ int, c *fakenet.End) {
					_, _ = http.ReadRequest(bufio.NewReader(c))
					_, _ = io.WriteString(c, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
					_, _ = c.Read(make([]byte, 1))
					_ = c.Close()
				}
			})
			c := r.net.Connect(0, r.front)
			if a := one(t, c, "POST", head); a.status != 401 || !a.close || strings.HasPrefix(a.text, "100") {
				t.Error(a.text)
			}
			_ = c.Close()
			r.end(t)
		})
	})
	t.Run("client does not wait, backend sends no 100", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(1, func(r *rig) {
				r.out = expect
				r.net.Backend = func(_ int, c *fakenet.End) {
					q, _ := http.ReadRequest(bufio.NewReader(c))
					if body, _ := io.ReadAll(q.Body); string(body) == "hello" {
						_, _ = io.WriteString(c, okAnswer)
					}
					_, _ = c.Read(make([]byte, 1))
					_ = c.Close()
				}
			})
			c := r.net.Connect(0, r.front)
			_, _ = io.WriteString(c, head)
			synctest.Wait()
			if a := one(t, c, "POST", "hello"); a.status != 200 {
				t.Error(a.text)
			}
			_ = c.Close()
			r.end(t)
		})
	})
}

// HTTP/1.0 to the backend has no chunks: the body is read first, for its length.
func TestBodyNeedsLength(t *testing.T) {
	for _, size := range []int{3, 100 << 10, 3 << 20} {
		for _, force10 := range []bool{true, false} {
			bubble(t, func(t *testing.T) {
				b := new(backend)
				r := newRig(1, func(r *rig) {
					r.out = func(x *exchange.Exchange) { x.Out.Force10, x.Out.SendCL = force10, !force10 }
					r.net.Backend = always(b, okAnswer)
				})
				c := r.net.Connect(0, r.front)
				body := strconv.FormatInt(int64(size), 16) + "\r\n" + strings.Repeat("x", size) + "\r\n0\r\n\r\n"
				a := one(t, c, "POST", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
				switch {
				case size > 1<<20:
					if a.status != 411 {
						t.Error(a.text)
					}
				case a.status != 200 || !strings.Contains(b.seen()[0], "["+strings.Repeat("x", size)+"]"):
					t.Error(a.text)
				case force10 && !strings.Contains(b.seen()[0], "HTTP/1.0"):
					t.Error(b.seen()[0])
				}
				_ = c.Close()
				r.end(t)
			})
		}
	}
}

func TestKeepAliveCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(1, func(r *rig) {
			r.site.MaxKeepAlive = 2
			r.net.Backend = always(new(backend), okAnswer)
		})
		c := r.net.Connect(0, r.front)
		_, _ = io.WriteString(c, strings.Repeat(get("/", "Connection: keep-alive\r\n"), 4))
		all, _ := io.ReadAll(c)
		var got []string
		for _, l := range strings.Split(string(all), "\r\n") {
			if strings.HasPrefix(l, "Keep-Alive") || strings.HasPrefix(l, "Connection") {
				got = append(got, l)
			}
		}
		// as httpd sends them
		want := "Keep-Alive: timeout=5, max=2|Connection: Keep-Alive|Keep-Alive: timeout=5, max=1|Connection: Keep-Alive|Connection: close"
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("got %s", s)
		}
		_ = c.Close()
		r.end(t)
	})
}

// A client cuts its connection while Headgate waits for the backend, before or
// within the response: the backend's connection is closed soon. A client that only
// ended its half gets its response.
func TestClientLeavesWhileWaiting(t *testing.T) {
	for _, begun := range []bool{false, true} {
		for _, cut := range []bool{false, true} {
			bubble(t, func(t *testing.T) {
				var left time.Duration
				r := newRig(1, func(r *rig) {
					r.net.Backend = func(_ int, c *fakenet.End) {
						defer func() { _ = c.Close() }()
						_, _ = http.ReadRequest(bufio.NewReader(c))
						head, rest, _ := strings.Cut(okAnswer, "ok")
						if begun {
							_, _ = io.WriteString(c, head)
						}
						start := time.Now()
						_ = c.SetReadDeadline(start.Add(20 * time.Second))
						if _, err := c.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "timeout") {
							left = time.Since(start)
							return
						}
						if !begun {
							_, _ = io.WriteString(c, head)
						}
						_, _ = io.WriteString(c, "ok"+rest)
					}
				})
				c := r.net.Connect(0, r.front)
				_, _ = io.WriteString(c, get("/", ""))
				synctest.Wait()
				if cut {
					_ = c.Abort()
				} else {
					_ = c.CloseWrite()
					if rs, _, err := replies(c, "GET"); err != nil || rs[0].status != 200 {
						t.Errorf("%v, %v", rs, err)
					}
					_ = c.Close()
				}
				r.end(t)
				l := r.logged()[0]
				if cut && (left == 0 || left > 3*time.Second || !l.truncated || l.fault.Side.String() != "client") {
					t.Errorf("begun %v: the backend's connection was closed after %v, logged %+v", begun, left, l)
				}
			})
		}
	}
}
