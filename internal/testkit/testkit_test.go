package testkit

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		``:                             nil,
		`a b`:                          {"a", "b"},
		`a 'b c' ; d # e`:              {"a", "b c", ";", "d"},
		`x-'a "b"'y "c\r\n"`:           {`x-a "b"y`, "c\r\n"},
		`respond 200 -h 'A: b;c' ;end`: {"respond", "200", "-h", "A: b;c", ";", "end"},
		`a#b ""`:                       {"a#b", ""},
	} {
		got, err := Words(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Words(%q) = %q, %v; want %q", line, got, err, want)
		}
	}
	for _, bad := range []string{`'a`, `"a`, `"\q"`} {
		if _, err := Words(bad); err == nil {
			t.Errorf("Words(%q) found nothing wrong", bad)
		}
	}
}

func FuzzArchive(f *testing.F) {
	f.Add("comment\n-- a --\nx\n-- b --\n")
	f.Fuzz(func(t *testing.T, text string) {
		a := ParseArchive(text)
		once := a.Format()
		if twice := ParseArchive(string(once)).Format(); string(once) != string(twice) {
			t.Fatalf("not stable: %q then %q", once, twice)
		}
	})
}

func TestExpand(t *testing.T) {
	got := Expand("a ${x} ${y} ${", map[string]string{"x": "1"})
	if got != "a 1 ${y} ${" {
		t.Fatal(got)
	}
}

func TestOriginAnswers(t *testing.T) {
	for _, c := range []struct {
		name, answer, method string
		status               int
		body                 string
		framing              Framing
		fails                bool
	}{
		{"respond", "respond 200 -h 'X: y' two words", "GET", 200, "two words", ByLength, false},
		{"head method", "respond 200 body", "HEAD", 200, "", NoBody, false},
		{"no content", "respond 204", "GET", 204, "", NoBody, false},
		{"chunks", `head 200 -h 'Transfer-Encoding: chunked' ; chunk ab ; chunk c ; last 'X-T: 1'`, "GET", 200, "abc", ByChunks, false},
		{"until close", `head 200 ; write abc ; close`, "GET", 200, "abc", UntilClose, false},
		{"cut", `head 200 -h 'Content-Length: 9' ; write abc ; close`, "GET", 200, "abc", ByLength, true},
		{"reset", `head 200 -h 'Content-Length: 9' ; write abc ; rst`, "GET", 200, "abc", ByLength, true},
		{"half close", `head 200 ; write abc ; shutdown`, "GET", 200, "abc", UntilClose, false},
		{"interim", `head 103 -h 'Link: x' ; respond 200 a`, "GET", 200, "a", ByLength, false},
		{"echo", `echo`, "GET", 200, "GET /p?q HTTP/1.1\nHost: h\n", ByLength, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := NewOrigin(t)
			o.At("/p", MustAnswer(c.answer))
			cl := Dial(t, o.Addr())
			cl.OneByOne = true
			cl.Send(c.method + " /p?q HTTP/1.1\r\nHost: h\r\n\r\n")
			r, err := cl.ReadHead(c.method)
			if err != nil {
				t.Fatal(err)
			}
			err = cl.ReadBody(r)
			if c.name == "reset" { // what was written before a reset may be lost
				c.body = string(r.Body)
			}
			if r.Status != c.status || string(r.Body) != c.body || r.Framing != c.framing || (err != nil) != c.fails {
				t.Errorf("got %d %q by %s, %v", r.Status, r.Body, r.Framing, err)
			}
			if c.fails && !errors.Is(err, ErrTruncated) {
				t.Errorf("error is %v", err)
			}
			if c.name == "chunks" && !reflect.DeepEqual(r.Trailers, []Field{{"X-T", "1"}}) {
				t.Errorf("trailers %v", r.Trailers)
			}
		})
	}
}

func TestOriginRecords(t *testing.T) {
	o := NewOrigin(t)
	o.Next(MustAnswer("respond 200 first"), MustAnswer("early ; respond 413 no ; readbody ; respond 200 late"))
	cl := Dial(t, o.Addr())
	raw := "POST /a HTTP/1.1\r\nhOst:  x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n"
	cl.Send(raw, 5, 60)
	if r, err := cl.Read("POST"); err != nil || string(r.Body) != "first" {
		t.Fatal(r, err)
	}
	cl.Send("POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\n")
	if r, err := cl.Read("POST"); err != nil || r.Status != 413 {
		t.Fatal(r, err)
	}
	cl.Send("data")
	if r, err := cl.Read("POST"); err != nil || string(r.Body) != "late" {
		t.Fatal(r, err)
	}
	rs := o.Requests()
	if len(rs) != 2 || string(rs[0].Raw) != raw || string(rs[0].Body) != "abc" || rs[0].Fields[0] != (Field{"hOst", "x"}) {
		t.Fatalf("%+v", rs)
	}
	if len(rs[0].Trailers) != 1 || !rs[1].Complete || string(rs[1].Body) != "data" || rs[1].Conn != 1 {
		t.Fatalf("%+v", rs)
	}
	cl.Close()
	Eventually(t, "the origin sees the client leave", func() bool { _, ended := o.Conns(); return ended == 1 })
}

func TestOriginGate(t *testing.T) {
	o := NewOrigin(t)
	o.Default(MustAnswer("head 200 ; write one ; wait go ; write two ; close"))
	cl := Dial(t, o.Addr())
	cl.Send("GET / HTTP/1.1\r\n\r\n")
	r, err := cl.ReadHead("GET")
	if err != nil {
		t.Fatal(err)
	}
	if err := cl.ReadUntil(r, "one"); err != nil || strings.Contains(string(r.Body), "two") {
		t.Fatal(err, string(r.Body))
	}
	o.Release("go")
	if err := cl.ReadBody(r); err != nil || string(r.Body) != "onetwo" {
		t.Fatal(err, string(r.Body))
	}
	if !cl.Closed() {
		t.Error("not closed")
	}
	// A client that closes while the answer waits is noticed.
	o.Default(MustAnswer("wait never ; respond 200"))
	gone := Dial(t, o.Addr())
	gone.Send("GET / HTTP/1.1\r\n\r\n")
	Eventually(t, "second request", func() bool { return len(o.Requests()) == 2 })
	gone.Abort()
	Eventually(t, "the abort is seen", func() bool { _, ended := o.Conns(); return ended == 1 })
}

func TestHttpd(t *testing.T) {
	o := NewOrigin(t)
	o.Default(MustAnswer("echo"))
	s := StartHttpd(t, Site{Conf: "ProxyPass /x http://127.0.0.1:${o1}/y\n", Vars: map[string]string{"o1": o.Port()}})
	cl := Dial(t, s.Addr())
	cl.Send("GET /x/1 HTTP/1.1\r\nHost: a.test\r\n\r\n")
	r, err := cl.Read("GET")
	if err != nil || !strings.HasPrefix(string(r.Body), "GET /y/1 HTTP/1.1\nHost: 127.0.0.1:"+o.Port()+"\n") {
		t.Fatal(err, r)
	}
	if !cl.Probe() {
		t.Error("connection did not stay open")
	}
	s.Configure("Redirect 410 /x\n")
	if !s.Reload() {
		t.Fatal("reload refused")
	}
	Eventually(t, "the new configuration is in effect", func() bool {
		cl := Dial(t, s.Addr())
		defer cl.Close()
		cl.Send("GET /x/1 HTTP/1.1\r\nHost: a.test\r\n\r\n")
		r, err := cl.Read("GET")
		return err == nil && r.Status == 410
	})
}
