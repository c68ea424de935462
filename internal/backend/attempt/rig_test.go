package attempt_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/front/h1"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/fakenet"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rig is a front over one worker whose protocol is a test's codec. It is the
// exchange.Service between them.
type rig struct {
	net    *fakenet.Net
	front  *h1.Front
	worker worker.Worker
	site   *exchange.Site

	mu    sync.Mutex
	log   bytes.Buffer // the error log
	ended []ended
}

// ended is the state of an exchange at its end.
type ended struct {
	fault  *fault.Fault
	tries  []exchange.Try
	before string // the error log's text about earlier tries
}

// Write receives the error log.
func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func newRig(s attempt.Spec, edit func(r *rig)) *rig {
	r := &rig{net: fakenet.New(1)}
	levels := logsink.DefaultLevels()
	r.site = &exchange.Site{
		Timeout: 60 * time.Second, KeepAlive: true, KeepAliveTimeout: 5 * time.Second,
		LimitLine: 8190, LimitField: 8190, LimitFields: 100, Log: logsink.NewStartupLog(r), Levels: &levels,
	}
	state := worker.NewState(resolve.NewName(new(resolve.Resolver), "192.0.2.9", resolve.ByTTL), nil, 1)
	r.worker = worker.New(worker.Config{
		Name: "test://backend", Scheme: "test", Host: "192.0.2.9", Port: 80, Reuse: true, Timeout: 10 * time.Second,
	}, attempt.New(s), state)
	r.front = h1.New(r, clock.New(nil), tunnel.New(1))
	r.front.Poison = true
	if edit != nil {
		edit(r)
	}
	return r
}

// Base, Draining and Full implement exchange.Service.
func (r *rig) Base(*exchange.Client) *exchange.Site          { return r.site }
func (r *rig) Named(*exchange.Client, string) *exchange.Site { return r.site }
func (r *rig) Draining() bool                                { return false }
func (r *rig) Full() bool                                    { return false }

// Serve implements exchange.Service.
func (r *rig) Serve(x *exchange.Exchange) {
	x.Site = r.site
	x.Out.Target, x.Out.Host = x.Req.Target, []byte("backend")
	r.finish(x, fault.Of(r.worker.Protocol.RoundTrip(x, &r.worker)))
}

// Refuse implements exchange.Service.
func (r *rig) Refuse(x *exchange.Exchange, f *fault.Fault) {
	x.Site = r.site
	r.finish(x, f)
}

func (r *rig) finish(x *exchange.Exchange, f *fault.Fault) {
	switch {
	case f == nil:
	case x.Committed:
		x.Truncated = true
		x.Front.Abort(f)
	default:
		x.Resp.Reset()
		x.Resp.Status = max(f.Status, 502)
		if f.Side == fault.Client {
			x.Resp.Status = f.Status
		}
		x.Resp.Body = message.Framing{Kind: message.Length}
		_ = x.SendHead(true)
	}
	if !x.Truncated {
		_ = x.Flush()
	}
	e := ended{fault: f, tries: append([]exchange.Try(nil), x.Tries.All()...), before: x.Tries.Before(f)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, e)
}

// end closes the pool and checks that nothing was kept.
func (r *rig) end(t testing.TB) {
	t.Helper()
	r.worker.State.Close()
	r.net.Wait()
	if err := r.net.Check(); err != nil {
		t.Error(err)
	}
	open, idle := r.worker.State.Counts()
	if n := r.net.Open(); n != 0 || open != 0 || idle != 0 {
		t.Errorf("%d connections were not closed; the pool counts %d open, %d idle", n, open, idle)
	}
	if n := r.worker.State.Busy.Load(); n != 0 {
		t.Errorf("busy is %d", n)
	}
}

// number reads digits.
func number(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// length prints the length of a request body: "-" is not known.
func length(x *exchange.Exchange) string {
	switch {
	case x.Out.BodyComplete:
		return fmt.Sprint(len(x.Out.Prefix))
	case x.Req.Body.Kind == message.Length:
		return fmt.Sprint(x.Req.Body.Length)
	}
	return "-"
}
