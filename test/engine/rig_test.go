package engine

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/backend/http1"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/front/h1"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/pipeline"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/fakenet"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rig is a front, a pipeline and one worker over a fake network.
type rig struct {
	net    *fakenet.Net
	site   *exchange.Site
	chain  *exchange.Chain
	worker *worker.Worker
	pipe   *pipeline.Pipeline
	front  *h1.Front
	out    func(x *exchange.Exchange) // completes x.Out

	mu  sync.Mutex
	log []line
}

// line has the values that the access log saw.
type line struct {
	status    int
	method    string
	fault     *fault.Fault
	truncated bool
	trailer   string
	redirect  int
	body      int64
	count     exchange.Counts
	took      time.Duration
	length    bool // the response has Content-Length
}

// Log implements exchange.AccessLog. It reads all borrowed bytes.
func (r *rig) Log(x *exchange.Exchange) {
	l := line{status: x.Status, method: string(x.Req.Method), fault: x.Fault, truncated: x.Truncated, body: x.Count.Body,
		count: x.Count, took: x.Times.End.Sub(x.Times.Start)}
	l.length = x.Resp.Header.Has(message.ContentLength)
	for _, h := range []interface {
		Lookup(string) ([]byte, bool)
	}{&x.Req.Trailer, &x.Resp.Trailer} {
		v, _ := h.Lookup("X-T")
		l.trailer += string(v)
	}
	if x.Redirected != nil {
		l.redirect = x.Redirected.Status
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, l)
}

func (r *rig) logged() []line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]line(nil), r.log...)
}

// Hold implements exchange.AccessLog.
func (r *rig) Hold(*exchange.Exchange) exchange.HeldLine { return nil }

// fixed returns the same chain for every request.
type fixed struct{ chain *exchange.Chain }

func (f fixed) ForPath(*exchange.Exchange) *exchange.Chain            { return f.chain }
func (f fixed) ForTarget(*exchange.Exchange) (*exchange.Chain, error) { return f.chain, nil }
func (f fixed) ForURL(string) *exchange.Chain                         { return f.chain }
func (f fixed) ForClients(string) *exchange.Chain                     { return f.chain }

// forward sends every request to the worker.
type forward struct{ r *rig }

func (f forward) Handle(x *exchange.Exchange) error {
	x.Out.Target, x.Out.Host = x.Req.Target, []byte("backend.test")
	if x.Redirected != nil {
		x.Out.Target = x.Path
	}
	if f.r.out != nil {
		f.r.out(x)
	}
	return f.r.worker.Protocol.RoundTrip(x, f.r.worker)
}

func newRig(loops int, edit func(r *rig)) *rig {
	n := fakenet.New(loops)
	r := &rig{net: n}
	ck := clock.New(nil)
	levels := logsink.DefaultLevels()
	levels.Default = logsink.Emerg
	r.site = &exchange.Site{
		Name: "front.test", Timeout: 60 * time.Second, KeepAlive: true, KeepAliveTimeout: 5 * time.Second, MaxKeepAlive: 100,
		LimitLine: 8190, LimitField: 8190, LimitFields: 100, MergeSlashes: true, ServerHeader: []byte("test"),
		Log: logsink.NewStartupLog(os.Stderr), Levels: &levels,
	}
	r.chain = &exchange.Chain{Site: r.site, Handlers: []exchange.Handler{forward{r}}}
	r.site.Sections = fixed{r.chain}
	r.site.AccessLogs = []exchange.AccessLog{r}
	r.worker = newWorker(worker.Config{Name: "http://backend.test:80", Scheme: "http", Host: "192.0.2.9", Port: 80, Reuse: true},
		worker.NewState(resolve.NewName(new(resolve.Resolver), "192.0.2.9", resolve.ByTTL), nil, loops))
	snap := snapshot.New(&snapshot.Settings{Main: r.site}, nil, loops)
	snap.VHosts = snapshot.NewVHosts(r.site, nil)
	r.pipe = pipeline.New(ck)
	r.front = h1.New(r.pipe, ck, tunnel.New(loops))
	r.front.Poison = true
	if edit != nil {
		edit(r)
	}
	r.pipe.Swap(snap)
	return r
}

func newWorker(c worker.Config, s *worker.State) *worker.Worker {
	w := worker.New(c, http1.New(), s)
	return &w
}

// newState is the state of a worker at an address, on one loop.
func newState(host string) *worker.State {
	return worker.NewState(resolve.NewName(new(resolve.Resolver), host, resolve.ByTTL), nil, 1)
}

// end closes the pool and checks that nothing is left over.
func (r *rig) end(t testing.TB) {
	t.Helper()
	r.worker.State.Close()
	r.net.Wait()
	if err := r.net.Check(); err != nil {
		t.Error(err)
	}
	if n := r.net.Open(); n != 0 {
		t.Errorf("%d connections were not closed", n)
	}
	if open, idle := r.worker.State.Counts(); open != 0 || idle != 0 {
		t.Errorf("the pool counts %d open, %d idle connections", open, idle)
	}
	if n := r.worker.State.Busy.Load(); n != 0 {
		t.Errorf("busy is %d", n)
	}
	if n := r.pipe.InFlight(); n != 0 {
		t.Errorf("%d exchanges in flight", n)
	}
}

// bubble runs f in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// answers makes a backend that reads complete requests and responds to each in turn.
// A response that ends in closeAfter ends the connection.
const closeAfter = "\x00close"

type backend struct {
	mu   sync.Mutex
	text []string // requests as the backend understood them
}

func (b *backend) note(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, s)
}

func (b *backend) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.text...)
}

// play responds to requests by target; write sends a response.
func (b *backend) play(c *fakenet.End, answer func(q *http.Request) string, write func(c *fakenet.End, s string)) {
	defer func() { _ = c.Close() }()
	br := bufio.NewReader(c)
	for {
		q, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		if q.Header.Get("Expect") != "" {
			write(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		body, err := io.ReadAll(q.Body)
		if err != nil {
			b.note("cut " + q.Method + " " + q.RequestURI)
			return
		}
		b.note(request(q, body))
		a, end := strings.CutSuffix(answer(q), closeAfter)
		write(c, a)
		if end {
			return
		}
	}
}

func plainWrite(c *fakenet.End, s string) { _, _ = io.WriteString(c, s) }

// request prints a request without its framing.
func request(q *http.Request, body []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s host=%s\n", q.Method, q.RequestURI, q.Proto, q.Host)
	h := q.Header.Clone()
	h.Del("Content-Length")
	_ = h.Write(&b)
	fmt.Fprintf(&b, "[%s] trailer %v", body, q.Trailer)
	return b.String()
}

// reply is a response as a strict client understood it.
type reply struct {
	status   int
	text     string // all of it, without framing
	complete bool
	close    bool
}

// replies reads the responses to requests with these methods until the end of
// the connection or the last of them.
func replies(c io.Reader, methods ...string) (rs []reply, rest []byte, err error) {
	br := bufio.NewReader(c)
	for _, m := range methods {
		var interim string
		var p *http.Response
		for {
			if p, err = http.ReadResponse(br, &http.Request{Method: m}); err != nil {
				return rs, nil, err
			}
			if p.StatusCode >= 200 {
				break
			}
			interim += fmt.Sprintf("%d %v\n", p.StatusCode, p.Header)
		}
		body, berr := io.ReadAll(p.Body)
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s%s %s close=%v\n", interim, p.Proto, p.Status, p.Close)
		h := p.Header.Clone()
		h.Del("Content-Length")
		_ = h.Write(&b)
		fmt.Fprintf(&b, "[%s] trailer %v", body, p.Trailer)
		rs = append(rs, reply{p.StatusCode, b.String(), berr == nil, p.Close})
		if berr != nil {
			return rs, nil, berr
		}
		if p.Close {
			break
		}
	}
	rest, _ = io.ReadAll(io.LimitReader(br, int64(br.Buffered())))
	return rs, rest, nil
}
