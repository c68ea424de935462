package health

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/testkit/fakenet"
	"github.com/headgate/headgate/internal/worker"
)

// What is sent. httpd has two slashes in some of them.
func TestRequest(t *testing.T) {
	for _, row := range []struct{ method, path, uri, want string }{
		{"GET", "/app", "/health", "GET /app/health HTTP/1.0\r\nHost: h:1\r\n\r\n"},
		{"GET", "/app/", "/health", "GET /app/health HTTP/1.0\r\nHost: h:1\r\n\r\n"},
		{"GET", "/app", "health?a=b", "GET /app/health?a=b HTTP/1.0\r\nHost: h:1\r\n\r\n"},
		{"GET", "/app/", "", "GET /app/ HTTP/1.0\r\nHost: h:1\r\n\r\n"},
		{"HEAD", "", "", "HEAD / HTTP/1.0\r\nHost: h:1\r\n\r\n"},
		{"HEAD11", "", "u", "HEAD /u HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n"},
		{"GET11", "", "/a b\r\nX: y", "GET /a%20b%0D%0AX:%20y HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n"},
		{"OPTIONS", "/app", "/health", "OPTIONS * HTTP/1.0\r\nHost: h:1\r\n\r\n"},
		{"OPTIONS11", "", "", "OPTIONS * HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n"},
		{"TCP", "/app", "/health", ""},
	} {
		w := &worker.Worker{Config: worker.Config{Name: "http://h:1", Scheme: "http", Path: row.path}}
		c, err := newCheck(w, "h:1", &param.CheckParams{Method: row.method, URI: row.uri, Interval: time.Minute}, Place{})
		if err != nil || string(c.request) != row.want {
			t.Errorf("%+v: %v %q", row, err, c.request)
		}
		if c.timeout != 5*time.Second {
			t.Errorf("timeout: %v", c.timeout)
		}
	}
	w := &worker.Worker{Config: worker.Config{Name: "ajp://h:1", Scheme: "ajp"}}
	c, err := newCheck(w, "h:1", &param.CheckParams{Method: "CPING", URI: "/x"}, Place{})
	if err != nil || string(c.request) != cping {
		t.Errorf("CPING: %v %q", err, c.request)
	}
	if _, err := newCheck(w, "h:1", &param.CheckParams{Method: "GET"}, Place{}); err == nil {
		t.Error("GET by ajp is no error")
	}
}

func TestPong(t *testing.T) {
	for bytes, want := range map[string]string{
		cpong: "CPONG true <nil>", cpong + "more": "CPONG true <nil>", "": "the connection ended before CPONG false <nil>", "AB": "the connection ended before CPONG false <nil>",
		"AB\x00\x01\x05": "something else than CPONG came false <nil>", "HTTP/1.1 400": "something else than CPONG came false <nil>",
	} {
		reason, ok, err := pong(strings.NewReader(bytes))
		if got := fmt.Sprint(reason, " ", ok, " ", err); got != want {
			t.Errorf("%q: %s, want %s", bytes, got, want)
		}
	}
}

// verdicts are responses and what they mean, to a GET unless it says HEAD, by
// the status alone or by a condition.
var verdicts = []struct{ method, cond, response, want string }{
	{"GET", "", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok: status 200"},
	{"GET", "", "HTTP/1.0 399 x\r\n\r\nuntil the end", "ok: status 399"},
	{"GET", "", "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", "failed: status 400"},
	{"GET", "", "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nA: b\r\n\r\nHTTP/1.1 204 N\r\n\r\n", "ok: status 204"},
	{"GET", "", "HTTP/1.1 101 Up\r\n\r\n", "failed: status 101"},
	{"HEAD", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "ok: status 200"},
	{"GET", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "failed: the connection ended within the body"},
	{"GET", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok: status 200"},
	{"GET", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "failed: the connection ended within the body"},
	{"GET", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "failed: the body is malformed"},
	{"GET", "", "", "failed: the connection ended before the head of a response"},
	{"GET", "", "HTTP/1.1 200 OK\r\n", "failed: the connection ended before the head of a response"},
	{"GET", "", "SSH-2.0-x\r\n", "failed: the response is malformed"},
	{"GET", "", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", 20), "failed: the head of the response is longer than 16 KiB"},
	{"GET", "%{REQUEST_STATUS} == 404", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "ok: condition c holds, status 404"},
	{"GET", "hc('body') == 'ok'", "HTTP/1.1 200 OK\r\n\r\nok", "ok: condition c holds, status 200"},
	{"GET", "hc('other') == ''", "HTTP/1.1 200 OK\r\n\r\nok", "ok: condition c holds, status 200"},
	{"GET", "%{HC_BODY} =~ /^a+$/", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\naaa\r\n2\r\naa\r\n0\r\nT: t\r\n\r\n", "ok: condition c holds, status 200"},
	{"GET", "resp('X-A') == 'b' && %{CONTENT_TYPE} == 'text/x'", "HTTP/1.1 200 OK\r\nx-a: b\r\nContent-Type: text/x\r\n\r\n", "ok: condition c holds, status 200"},
	{"HEAD", "%{HC_BODY} != ''", "HTTP/1.1 200 OK\r\n\r\nok", "failed: condition c does not hold, status 200"},
	{"GET", "%{REQUEST_METHOD} == 'GET' && req('Host') == '' && %{REMOTE_ADDR} == ''", "HTTP/1.1 500 E\r\n\r\n", "ok: condition c holds, status 500"},
	{"GET", "file('/none') == ''", "HTTP/1.1 200 OK\r\n\r\n", "failed: condition c cannot be evaluated"},
}

// The verdict does not depend on the pieces in which a response arrives.
func TestVerdicts(t *testing.T) {
	for _, row := range verdicts {
		for piece, split := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader, "by halves": iotest.HalfReader,
			"with its end": iotest.DataErrReader,
		} {
			if got := judged(t, row.method, row.cond, split(strings.NewReader(row.response))); !strings.HasPrefix(got, row.want) {
				t.Errorf("%s %s %q %s:\n%s\nwant %s", row.method, row.cond, row.response, piece, got, row.want)
			}
		}
	}
}

// judged returns what a check says of a response.
func judged(t *testing.T, method, cond string, in io.Reader) string {
	t.Helper()
	c := &Check{method: *methodOf(method), target: "/", timeout: time.Second}
	if cond != "" {
		var err error
		if c.cond, err = NewCondition("c", cond); err != nil {
			t.Fatal(err)
		}
	}
	n := fakenet.New(1)
	defer func() {
		if err := n.Check(); err != nil {
			t.Error(err)
		}
	}()
	r := reader{conn: in, check: c}
	r.begin(n.Loops[0])
	defer r.end(n.Loops[0])
	if err := r.read(); err != nil {
		return "failed: " + explain(err, c.timeout)
	}
	reason, ok := c.verdict(&r.reply)
	return map[bool]string{true: "ok: ", false: "failed: "}[ok] + reason
}

// Why there is no response, or no connection.
func TestReasons(t *testing.T) {
	closed := &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for want, err := range map[string]error{
		"no response within 3s":                                         &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded},
		"connection reset by peer":                                      closed,
		"no connection to 192.0.2.1:80 within 3s":                       &fault.Fault{Kind: fault.Timeout, Addr: "192.0.2.1:80", Err: os.ErrDeadlineExceeded},
		"no connection to 192.0.2.1:80: no route to host":               &fault.Fault{Addr: "192.0.2.1:80", Err: syscall.EHOSTUNREACH},
		"no connection to unix:/s: no such file or directory":           &fault.Fault{Addr: "unix:/s", Err: syscall.ENOENT},
		"DNS lookup failure for: b.test: it has no addresses, nxdomain": &fault.Fault{Detail: "DNS lookup failure for: b.test", Err: errors.New("it has no addresses, nxdomain")},
	} {
		if got := explain(err, 3*time.Second); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

// A body without an end is read up to a limit.
func TestEndlessBodies(t *testing.T) {
	for _, head := range []string{"", "Content-Length: 9999999999\r\n", "Transfer-Encoding: chunked\r\n"} {
		unit := strings.Repeat("x", 1000)
		if strings.HasPrefix(head, "T") {
			unit = "3e8\r\n" + unit + "\r\n"
		}
		in := &endless{head: "HTTP/1.1 200 OK\r\n" + head + "\r\n", unit: unit}
		if got := judged(t, "GET", "", in); got != "ok: status 200" || in.read > 2*maxBody {
			t.Errorf("%q: %s after %d bytes", head, got, in.read)
		}
	}
}

type endless struct {
	head, unit string
	read       int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.head == "" {
		e.head = e.unit
	}
	n := copy(p, e.head)
	e.head = e.head[n:]
	e.read += n
	return n, nil
}

// FuzzResponse: whatever a backend sends, in pieces or as a whole, the verdict is
// the same, and the reason has no bytes that a log cannot have.
func FuzzResponse(f *testing.F) {
	for _, row := range verdicts {
		f.Add(row.response)
	}
	f.Fuzz(func(t *testing.T, response string) {
		for _, m := range []string{"GET", "HEAD"} {
			whole := judged(t, m, "", strings.NewReader(response))
			pieces := judged(t, m, "", iotest.OneByteReader(strings.NewReader(response)))
			if whole != pieces {
				t.Fatalf("%q: %s, by bytes %s", response, whole, pieces)
			}
			for i := range len(whole) {
				if whole[i] < ' ' || whole[i] > '~' {
					t.Fatalf("%q: %q", response, whole)
				}
			}
		}
	})
}
