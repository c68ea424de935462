package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
)

// hostile is a text with which a peer may attack the reader of a log.
var hostile = func() string {
	var b strings.Builder
	for c := range 256 {
		b.WriteByte(byte(c))
	}
	return b.String() + "\x1b]0;title\x07\r\n[core:crit] forged (id x)"
}()

// TestLogLine: a line names the request, the virtual host and the mapping, once
// each, and is one line of printable ASCII whatever a peer sent.
func TestLogLine(t *testing.T) {
	levels := logsink.DefaultLevels()
	line := func(x *exchange.Exchange, f *fault.Fault) string {
		var out bytes.Buffer
		x.Site.Levels, x.Site.Log = &levels, logsink.NewStartupLog(&out)
		x.LogID = []byte("ID")
		x.LogFault(logsink.Error, "proxy", f)
		return out.String()
	}
	x := newExchange()
	x.Req.Path = []byte("/a%20b")
	x.Site.Defined, x.Mapping = "h.conf:3", &exchange.Mapping{Rule: "ProxyPass /a", Place: "h.conf:4"}
	f := &fault.Fault{Side: fault.Backend, Phase: fault.Connect, Kind: fault.Refused, Backend: "http://b", ID: "AH01114"}
	if got, want := line(x, f), "AH01114: worker http://b: backend connect: refused (GET /a%20b, www.example at h.conf:3, ProxyPass /a at h.conf:4, id ID)\n"; got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	x.Site.Defined, x.Mapping, x.Req.Method = "", nil, nil
	if got := line(x, &fault.Fault{Side: fault.Client}); got != "client read-request: internal (www.example, id ID)\n" {
		t.Errorf("got %s", got)
	}
	x.Req.Method, x.Req.Path = []byte(hostile), []byte(strings.Repeat(hostile, 4))
	x.Req.Header.Add([]byte("Referer"), []byte(hostile))
	f.Reason = hostile
	got := line(x, f)
	if i := strings.IndexFunc(got, func(r rune) bool { return r < ' ' || r > '~' }); i != len(got)-1 {
		t.Errorf("byte %d of %q", i, got)
	}
	if len(got) > 8192 {
		t.Errorf("%d bytes", len(got))
	}
}
