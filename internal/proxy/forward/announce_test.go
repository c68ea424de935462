package forward

import (
	"errors"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

// request makes an exchange from "Name: value" lines; a name that begins with
// "-" was listed in the client's Connection.
func request(method, host string, lines ...string) *exchange.Exchange {
	x := &exchange.Exchange{
		Site:   &exchange.Site{Name: "main.example"},
		Chain:  &exchange.Chain{},
		Client: &exchange.Client{PeerIP: []byte("127.0.0.1")},
	}
	x.Req.Method, x.Req.Verb = []byte(method), message.MethodOf([]byte(method))
	x.Req.Version, x.Req.Host = message.HTTP11, []byte(host)
	if host != "" {
		x.Req.Header.AddID(message.Host, []byte(host))
	}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		x.Req.Header.Add([]byte(strings.TrimPrefix(name, "-")), []byte(strings.TrimSpace(value)))
		if strings.HasPrefix(name, "-") {
			x.Req.Header.At(x.Req.Header.Len() - 1).Flags |= message.Hop
		}
	}
	return x
}

// sent lists what the backend gets in addition to the client's fields: Host and
// Extra.
func sent(x *exchange.Exchange) string {
	var b strings.Builder
	b.WriteString("Host: " + string(x.Out.Host))
	for _, f := range x.Out.Extra {
		b.WriteString(" | " + string(f.Name) + ": " + string(f.Value))
	}
	return b.String()
}

func TestForward(t *testing.T) {
	all := []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2", "x-forwarded-host: evil", "Via: 1.0 fred"}
	hop := []string{"-X-Forwarded-For: 1.1.1.1", "-X-Forwarded-For: 2.2.2.2", "-x-forwarded-host: evil"}
	const own = " | X-Forwarded-For: 127.0.0.1 | X-Forwarded-Host: client.example | X-Forwarded-Server: main.example"
	const appended = " | X-Forwarded-For: 1.1.1.1, 2.2.2.2, 127.0.0.1 | X-Forwarded-Host: evil, client.example | X-Forwarded-Server: main.example"
	base := Announcer{MaxForwards: -1, AddHeaders: true, Reverse: true, Version: "Apache/2.4.71"}
	with := func(edit func(*Announcer)) Announcer { f := base; edit(&f); return f }
	rows := []struct {
		name string
		f    Announcer
		x    *exchange.Exchange
		want string
	}{
		{"plain", base, request("GET", "client.example"), "Host: b:81" + own},
		{"appended", base, request("GET", "client.example", all...), "Host: b:81" + appended},
		{"nominated by Connection", base, request("GET", "client.example", hop...), "Host: b:81" + own},
		{"empty one", base, request("GET", "client.example", "X-Forwarded-For:"),
			"Host: b:81 | X-Forwarded-For: , 127.0.0.1 | X-Forwarded-Host: client.example | X-Forwarded-Server: main.example"},
		{"host as sent", base, request("GET", "Client.Example:99"),
			"Host: b:81 | X-Forwarded-For: 127.0.0.1 | X-Forwarded-Host: Client.Example:99 | X-Forwarded-Server: main.example"},
		{"no host", base, request("GET", ""), "Host: b:81 | X-Forwarded-For: 127.0.0.1 | X-Forwarded-Server: main.example"},
		{"preserve host", with(func(f *Announcer) { f.PreserveHost = true }), request("GET", "client.example"), "Host: client.example" + own},
		{"preserve no host", with(func(f *Announcer) { f.PreserveHost = true }), request("GET", ""),
			"Host: main.example | X-Forwarded-For: 127.0.0.1 | X-Forwarded-Server: main.example"},
		{"headers off", with(func(f *Announcer) { f.AddHeaders = false }), request("GET", "client.example", all...), "Host: b:81"},
		{"forward proxy", with(func(f *Announcer) { f.Reverse = false }), request("GET", "client.example"), "Host: b:81"},
		{"via", with(func(f *Announcer) { f.Via = ViaOn }), request("GET", "client.example"), "Host: b:81 | Via: 1.1 main.example" + own},
		{"via appended", with(func(f *Announcer) { f.Via = ViaOn }), request("GET", "client.example", all...),
			"Host: b:81 | Via: 1.0 fred, 1.1 main.example" + appended},
		{"via port", with(func(f *Announcer) { f.Via, f.AddHeaders = ViaOn, false }), request("GET", "c.example:99"), "Host: b:81 | Via: 1.1 main.example:99"},
		{"via full", with(func(f *Announcer) { f.Via = ViaFull }), request("GET", "client.example"),
			"Host: b:81 | Via: 1.1 main.example (Apache/2.4.71)" + own},
		{"max-forwards added", with(func(f *Announcer) { f.MaxForwards = 7 }), request("GET", "client.example"), "Host: b:81 | Max-Forwards: 7" + own},
		{"max-forwards counted", with(func(f *Announcer) { f.MaxForwards = 7 }), request("GET", "client.example", "Max-Forwards: 5"),
			"Host: b:81 | Max-Forwards: 4" + own},
		{"max-forwards with sign", base, request("GET", "client.example", "Max-Forwards: +3"), "Host: b:81 | Max-Forwards: 2" + own},
		{"last hop", base, request("TRACE", "client.example", "Max-Forwards: 1"), "Host: b:81 | Max-Forwards: 0" + own},
	}
	for _, row := range rows {
		if local, err := row.f.Prepare(row.x, []byte("b:81")); local || err != nil {
			t.Errorf("%s: %v %v", row.name, local, err)
		}
		if got := sent(row.x); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.name, got, row.want)
		}
	}
}

func TestViaBlockKeepsViaFromTheBackendOnly(t *testing.T) {
	f := Announcer{Via: ViaBlock, MaxForwards: -1}
	x := request("GET", "h", "Via: 1.0 fred")
	if _, err := f.Prepare(x, nil); err != nil {
		t.Fatal(err)
	}
	i := x.Req.Header.Next(0, "Via")
	if i < 0 || x.Req.Header.At(i).Flags&message.Hop == 0 || len(x.Out.Extra) != 0 {
		t.Errorf("%d %v", i, x.Out.Extra)
	}
}

func TestMaxForwards(t *testing.T) {
	const unparsed, zero = "Max-Forwards request header could not be parsed", "Max-Forwards has reached zero - proxy loop?"
	for _, row := range []struct {
		method, value, err string
		local              bool
	}{
		{"GET", "0", zero, false}, {"GET", "", zero, false}, {"OPTIONS", "0", "", true}, {"TRACE", "0", "", true},
		{"GET", "-1", unparsed, false}, {"TRACE", "-1", unparsed, false}, {"GET", "5x", unparsed, false}, {"GET", "x", unparsed, false},
		{"GET", "0x10", unparsed, false}, {"GET", "99999999999999999999", unparsed, false}, {"GET", "3, 4", unparsed, false},
	} {
		f := Announcer{MaxForwards: -1}
		x := request(row.method, "h", "Max-Forwards: "+row.value)
		local, err := f.Prepare(x, nil)
		detail := ""
		var ft *fault.Fault
		if errors.As(err, &ft) {
			detail = ft.Detail
			if ft.Status != 400 {
				t.Errorf("%s %q: status %d", row.method, row.value, ft.Status)
			}
		}
		if local != row.local || detail != row.err {
			t.Errorf("%s %q: %v %q", row.method, row.value, local, detail)
		}
	}
	x := request("GET", "h", "Max-Forwards: 3", "Max-Forwards: 4")
	if _, err := (&Announcer{MaxForwards: -1}).Prepare(x, nil); err == nil {
		t.Error("two of them were accepted")
	}
}

func TestResponseVia(t *testing.T) {
	for via, want := range map[Via]string{ViaOff: "", ViaBlock: "", ViaOn: "1.0 main.example", ViaFull: "1.0 main.example (V/1)"} {
		x := request("GET", "h")
		x.Req.Version = message.HTTP10
		x.Resp.Header.AddID(message.Via, []byte("1.0 backend"))
		(&Announcer{Via: via, Version: "V/1"}).ResponseVia(x)
		got := ""
		if x.Resp.Header.Len() > 1 {
			got = string(x.Resp.Header.At(1).Value)
		}
		if got != want {
			t.Errorf("%d: %q, want %q", via, got, want)
		}
	}
}

func TestForwardDoesNotAllocate(t *testing.T) {
	f := Announcer{Via: ViaFull, MaxForwards: 10, AddHeaders: true, Reverse: true, Version: "V/1"}
	x := request("GET", "client.example:81", "X-Forwarded-For: 1.1.1.1", "Via: 1.0 fred", "Max-Forwards: 3")
	host := []byte("b")
	n := testing.AllocsPerRun(100, func() {
		x.Arena.Reset(false)
		x.Out.Extra = x.Out.Extra[:0]
		_, _ = f.Prepare(x, host)
	})
	if n > 0 {
		t.Errorf("Prepare allocates %v times", n)
	}
}
