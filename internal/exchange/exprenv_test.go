package exchange_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/message"
)

func newExchange() *exchange.Exchange {
	x := &exchange.Exchange{
		Site: &exchange.Site{Name: "www.example", Admin: "a@example", DocumentRoot: "/srv", ServerHeader: []byte("H/1")},
		Client: &exchange.Client{
			Remote: netip.MustParseAddrPort("[::ffff:10.0.0.1]:4000"), Local: netip.MustParseAddrPort("10.0.0.9:80"),
			PeerIP: []byte("10.0.0.2"),
		},
		Path: []byte("/a b"), Args: []byte("q=1"), Filename: []byte("proxy:http://b/"), HandlerName: "proxy-server",
	}
	x.SetRemote(exchange.Peer{Addr: netip.MustParseAddrPort("10.0.0.1:0"), Text: []byte("10.0.0.1")})
	x.Times.Start = time.Date(2026, 2, 3, 4, 5, 6, 0, time.Local)
	x.Req.Line, x.Req.Method, x.Req.Version = []byte("GET /a%20b?q=1 HTTP/1.1"), []byte("GET"), message.HTTP11
	x.Req.Host = []byte("WWW.example:8080")
	for _, f := range [][2]string{{"Host", "WWW.example:8080"}, {"X", "1"}, {"Cookie", "c"}, {"x", "2"}} {
		x.Req.Header.Add([]byte(f[0]), []byte(f[1]))
	}
	x.Resp.Header.Add([]byte("Content-Type"), []byte("text/plain"))
	x.Env.Set("Var", []byte("v"))
	x.Notes.Set("n", []byte("note"))
	return x
}

func TestExpressionValues(t *testing.T) {
	for src, want := range map[string]string{
		"%{REQUEST_METHOD}": "GET", "%{REQUEST_SCHEME}": "http", "%{REQUEST_URI}": "/a b", "%{QUERY_STRING}": "q=1",
		"%{REQUEST_FILENAME}": "proxy:http://b/", "%{SCRIPT_FILENAME}": "proxy:http://b/", "%{THE_REQUEST}": "GET /a%20b?q=1 HTTP/1.1",
		"%{REMOTE_ADDR}": "10.0.0.1", "%{REMOTE_HOST}": "10.0.0.1", "%{REMOTE_PORT}": "4000", "%{CONN_REMOTE_ADDR}": "10.0.0.2",
		"%{REMOTE_USER}": "", "%{SERVER_NAME}": "www.example", "%{SERVER_PORT}": "8080", "%{SERVER_ADMIN}": "a@example",
		"%{SERVER_PROTOCOL}": "HTTP/1.1", "%{DOCUMENT_ROOT}": "/srv", "%{CONTENT_TYPE}": "text/plain", "%{HANDLER}": "proxy-server",
		"%{HTTPS}": "off", "%{HTTP2}": "off", "%{IPV6}": "off", "%{REQUEST_STATUS}": "200", "%{IS_SUBREQ}": "false",
		"%{TIME}": "20260203040506", "%{TIME_YEAR}": "2026", "%{TIME_WDAY}": "2", "%{SERVER_SOFTWARE}": "H/1",
		"%{HTTP_HOST}": "WWW.example:8080", "%{req:x}": "1, 2", "%{resp:content-type}": "text/plain", "%{reqenv:VAR}": "v",
		"%{env:Var}": "v", "%{note:N}": "note", "%{req:none}": "", "%{PATH_INFO}": "", "%{SCRIPT_USER}": "", "%{API_VERSION}": "20120211",
	} {
		s, err := expr.ParseString(src, expr.Options{})
		if err != nil {
			t.Fatal(src, err)
		}
		var e exchange.Evaluator
		if got, err := e.String(s, newExchange()); err != nil || string(got) != want {
			t.Errorf("%s is %q, want %q (%v)", src, got, want, err)
		}
	}
}

func TestMatchGroups(t *testing.T) {
	b, err := expr.ParseBool("%{req:X} =~ /(\\d), (\\d)/ && -R '10.0.0.0/8'", expr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var e exchange.Evaluator
	got := ""
	ok, err := e.Match(b, newExchange(), func(_ *exchange.Exchange, st *expr.State) { got = string(st.Group(2)) + string(st.Group(1)) })
	if !ok || err != nil || got != "21" {
		t.Errorf("%v %v %q", ok, err, got)
	}
}

// TestVars: names are the same in any case, as in httpd's tables.
func TestVars(t *testing.T) {
	var v exchange.Vars
	v.Set("No-Proxy", nil)
	v.Set("no-proxy", []byte("1"))
	v.Set("b", []byte("2"))
	if got, ok := v.Get("NO-PROXY"); !ok || string(got) != "1" || len(v.All()) != 2 || v.All()[0].Name != "No-Proxy" {
		t.Errorf("%q", v.All())
	}
	v.Unset("no-PROXY")
	if v.Has("No-Proxy") || !v.Has("B") {
		t.Errorf("%q", v.All())
	}
	v.Reset()
	if len(v.All()) != 0 {
		t.Error("not empty")
	}
}
