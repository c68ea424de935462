package remoteip

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/subnet"
)

// newStep makes a step; proxies are networks, those with a + in front internal.
func newStep(t testing.TB, proxies ...string) *step {
	t.Helper()
	s := &step{header: "X-Forwarded-For", seen: newField("X-Forwarded-By")}
	for _, p := range proxies {
		n, err := subnet.Parse(strings.TrimPrefix(p, "+"))
		if err != nil {
			t.Fatal(err)
		}
		s.proxies = append(s.proxies, proxy{n, p[0] == '+'})
	}
	return s
}

// newExchange makes a request of a peer with header fields "name: value".
func newExchange(peer string, fields ...string) *exchange.Exchange {
	a := netip.MustParseAddr(peer)
	x := &exchange.Exchange{Site: new(exchange.Site), Client: &exchange.Client{Remote: netip.AddrPortFrom(a, 4000), PeerIP: []byte(peer)}}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		x.Req.Header.Add([]byte(name), []byte(value))
	}
	return x
}

// header shows the live fields of a request.
func header(x *exchange.Exchange) string {
	var out []string
	for _, f := range x.Req.Header.Rows() {
		if f.Flags&message.Dropped == 0 {
			out = append(out, string(f.Name)+": "+string(f.Value))
		}
	}
	return strings.Join(out, "; ")
}

// What becomes of a request; diff/testdata/remoteip* compare with httpd.
func TestStep(t *testing.T) {
	for _, tt := range []struct {
		name, peer    string
		proxies, head []string
		want          string // address:port, header
	}{
		{"nobody said anything", "127.0.0.1", nil, nil, "127.0.0.1:4000 127.0.0.1 "},
		{"peer in IPv6", "2001:db8::9", []string{"+2001:db8::/64"}, []string{"X-Forwarded-For: 192.0.2.7"}, "192.0.2.7:0 192.0.2.7 "},
		{"peer that maps IPv4", "::ffff:10.0.0.1", []string{"+10"}, []string{"X-Forwarded-For: 192.0.2.7"}, "192.0.2.7:0 192.0.2.7 "},
		{"spelling of the name", "10.0.0.1", []string{"+10"}, []string{"x-FORWARDED-for: 192.0.2.7, 198.51.100.1"}, "198.51.100.1:0 198.51.100.1 x-FORWARDED-for: 192.0.2.7"},
		{"several fields", "10.0.0.1", []string{"10"}, []string{"X-Forwarded-For: 1.1.1.1", "A: b", "X-Forwarded-For: 192.0.2.7"},
			"192.0.2.7:0 192.0.2.7 X-Forwarded-For: 1.1.1.1; A: b; X-Forwarded-By: 10.0.0.1"},
		{"proxies' own field", "10.0.0.1", []string{"10"}, []string{"X-Forwarded-By: 6.6.6.6", "X-Forwarded-For: 192.0.2.7", "x-forwarded-by: 7.7.7.7"},
			"192.0.2.7:0 192.0.2.7 X-Forwarded-By: 10.0.0.1"},
		{"nobody in between", "10.0.0.1", []string{"+10"}, []string{"X-Forwarded-By: 6.6.6.6", "X-Forwarded-For: 192.0.2.7"},
			"192.0.2.7:0 192.0.2.7 X-Forwarded-By: 6.6.6.6"},
	} {
		x := newExchange(tt.peer, tt.head...)
		if err := newStep(t, tt.proxies...).Do(x); err != nil {
			t.Error(err)
		}
		if got := x.Remote().String() + " " + string(x.ClientIP()) + " " + header(x); strings.TrimPrefix(got, "[") != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Where a PROXY header named the client the field stays, and a request ends with what
// was believed of it.
func TestStepOfProxied(t *testing.T) {
	x := newExchange("10.0.0.1", "X-Forwarded-For: 192.0.2.7")
	x.Client.Proxied = &exchange.Peer{Addr: netip.MustParseAddrPort("[2001:db8::7]:9"), Text: []byte("2001:DB8::7")}
	x.SetRemote(*x.Client.Proxied)
	_ = newStep(t).Do(x)
	if x.Remote() != x.Client.Proxied.Addr || string(x.ClientIP()) != "2001:DB8::7" || header(x) != "X-Forwarded-For: 192.0.2.7" {
		t.Errorf("%v %s %s", x.Remote(), x.ClientIP(), header(x))
	}
	x.Reset(false)
	if x.Remote() != x.Client.Remote || string(x.ClientIP()) != "10.0.0.1" {
		t.Errorf("after reset %v %s", x.Remote(), x.ClientIP())
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	s := newStep(t, "+127.0.0.1", "198.51.100.0/24", "2001:db8::/32")
	x := newExchange("127.0.0.1")
	for _, value := range []string{"192.0.2.7", "192.0.2.7, 198.51.100.4, 198.51.100.5", "2001:db9::7, 2001:db8::8", "10.0.0.1, 198.51.100.4", "unknown"} {
		name, field := []byte("X-Forwarded-For"), []byte(value)
		n := testing.AllocsPerRun(100, func() {
			x.Reset(false)
			x.Req.Header.Append(message.XForwardedFor, name, field)
			_ = s.Do(x)
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", value, n)
		}
	}
}

// model is believe in a few lines, by splitting: the client, and the list that is left.
func model(s *step, peer netip.Addr, value string) (client netip.Addr, left string) {
	internal, at, items := len(s.proxies) > 0, peer, strings.Split(value, ",")
	left = value
	for len(items) > 0 {
		known := len(s.proxies) == 0
		for i := range s.proxies {
			if s.proxies[i].Contains(at) {
				known, internal = true, internal && s.proxies[i].internal
				break
			}
		}
		a, ok := subnet.ParseNumeric([]byte(strings.Trim(items[len(items)-1], " ")))
		a = a.Unmap()
		if !known || !ok || !internal && private(a) {
			break
		}
		client, at, items = a, a, items[:len(items)-1]
		left = strings.Join(items, ",")
	}
	return client, left
}

// FuzzChain: a list comes to what the model says, and what is left is the beginning of
// the list, blanks aside.
func FuzzChain(f *testing.F) {
	f.Add("127.0.0.1", "192.0.2.7, 10.0.0.1, 198.51.100.4")
	f.Add("198.51.100.1", "2001:db8::1,, ::ffff:10.0.0.1  , 0x7f.1")
	f.Add("::1", ",192.0.2.7, ")
	steps := []*step{newStep(f), newStep(f, "+127.0.0.1", "+10", "198.51.100.0/24"), newStep(f, "127.0.0.1", "+198.51.100.0/24", "+2001:db8::/32")}
	f.Fuzz(func(t *testing.T, peer, value string) {
		a, err := netip.ParseAddr(peer)
		if err != nil || a.Zone() != "" {
			return
		}
		for _, s := range steps {
			x := newExchange(peer, "X-Forwarded-For: "+value)
			_ = s.Do(x)
			client, left := model(s, a.Unmap(), value)
			if !client.IsValid() {
				if x.RemoteAddr() != a.Unmap() || header(x) != "X-Forwarded-For: "+value {
					t.Fatalf("%q of %s: %v, %s", value, peer, x.RemoteAddr(), header(x))
				}
				continue
			}
			got, there := x.Req.Header.Lookup("X-Forwarded-For")
			if x.RemoteAddr() != client || string(x.ClientIP()) != client.String() || strings.Trim(string(got), " ") != strings.Trim(left, " ") || !there && left != "" {
				t.Fatalf("%q of %s: %v, %q; model %v, %q", value, peer, x.RemoteAddr(), got, client, left)
			}
		}
	})
}
