package route

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/explain"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/front/h1"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/pipeline"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/wire"
)

// player is what one request is played with: the collector of its events, and what
// a backend responds.
type player struct {
	*explain.Collector
	status int
	fields []string

	ended int // the status that the exchange has ended with
}

// Play sends a request through a snapshot that nothing else uses. Its logs are
// not written: the lines of the error log are in the report.
func Play(s *snapshot.Snapshot, q *Request) (*explain.Report, error) {
	m, err := q.make(s)
	if err != nil {
		return nil, err
	}
	p := &player{Collector: explain.NewCollector(m.path), status: q.Status}
	if p.status == 0 {
		p.status = 200
	}
	for _, f := range q.Response {
		if p.fields, err = appendField(p.fields, f); err != nil {
			return nil, fmt.Errorf("--response-header %q: %w", f, err)
		}
	}
	var log bytes.Buffer
	m.Backend = p.status
	quiet(s, &log)
	out := p.serve(s, m)
	return p.Report(m.Request, p.ended, headOf(out), lines(log.String())), nil
}

// quiet has a snapshot write nothing but the lines of its error logs to log.
func quiet(s *snapshot.Snapshot, log *bytes.Buffer) {
	l := logsink.NewStartupLog(log)
	for site := range s.Sites() {
		site.AccessLogs, site.Log = nil, l
	}
}

// serve has the request served, and returns what the client gets.
func (p *player) serve(s *snapshot.Snapshot, m *made) []byte {
	clk := clock.New(nil)
	pl := pipeline.New(clk)
	pl.Swap(s)
	c := &client{loop: &loop{now: time.Now()}, in: m.bytes(), local: m.local, remote: m.remote}
	front := h1.New(&service{pl, p, m.TLS}, clk, tunnel.New(1))
	front.Plain = true
	session, _ := front.Open(c)
	session.Serve()
	c.loop.end()
	return c.out
}

// service is the pipeline with a recorder on each exchange. It implements
// exchange.Service.
type service struct {
	*pipeline.Pipeline
	player *player
	tls    bool
}

// Serve implements exchange.Service.
func (s *service) Serve(x *exchange.Exchange) {
	s.begin(x)
	s.Pipeline.Serve(x)
	s.player.ended = x.Status
}

// Refuse implements exchange.Service.
func (s *service) Refuse(x *exchange.Exchange, f *fault.Fault) {
	s.begin(x)
	s.Pipeline.Refuse(x, f)
	s.player.ended = x.Status
}

func (s *service) begin(x *exchange.Exchange) {
	x.Recorder, x.Client.TLS = s.player, s.tls
	base := s.Base(x.Client)
	switch {
	case !base.TLS.On(): // an encrypted request that is asked about is taken as it is
	case s.tls: // the server name is that of the request, as with browsers
		host, _, _ := wire.SplitAuthority(x.Req.Host)
		name := string(host)
		x.Client.Secure = &exchange.Secure{
			State: &tls.ConnectionState{ServerName: name, Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256},
			Site:  s.Named(x.Client, name), Requested: true,
		}
	default:
		x.Client.Plain = true
	}
}

// headOf returns the lines of a response's head.
func headOf(out []byte) []string {
	head, _, _ := strings.Cut(string(out), "\r\n\r\n")
	return lines(strings.ReplaceAll(head, "\r\n", "\n"))
}

func lines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}
