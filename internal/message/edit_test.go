package message

import "testing"

// edits are the changes a proxy makes to a head.
var edits = []struct {
	name string
	do   func(h *Header, a *Arena)
}{
	{"set", func(h *Header, _ *Arena) { h.SetID(Host, editValue) }},
	{"add", func(h *Header, _ *Arena) { h.AddID(XForwardedFor, editValue) }},
	{"del", func(h *Header, _ *Arena) { h.DelID(Cookie) }},
	{"del-other", func(h *Header, _ *Arena) { h.Del("X-Request-Id") }},
	{"lookup-other", func(h *Header, _ *Arena) { h.Lookup("X-Request-Id") }},
	{"append-value", func(h *Header, a *Arena) {
		old, _ := h.Get(Via)
		h.SetID(Via, a.Join(old, editComma, editValue))
	}},
	{"forward", func(h *Header, a *Arena) { // all of what a request meets
		h.DelID(Connection)
		h.DelID(KeepAlive)
		h.SetID(Host, editValue)
		h.AddID(XForwardedFor, editValue)
		h.AddID(XForwardedHost, editValue)
		old, _ := h.Get(Via)
		h.SetID(Via, a.Join(old, editComma, editValue))
	}},
}

var (
	editValue = []byte("backend.example:8080")
	editComma = []byte(", ")
	editHead  = [][2][]byte{
		{[]byte("Host"), []byte("www.example")}, {[]byte("User-Agent"), []byte("test/1.0")},
		{[]byte("Accept"), []byte("*/*")}, {[]byte("Accept-Encoding"), []byte("gzip, br")},
		{[]byte("Accept-Language"), []byte("en")}, {[]byte("Cookie"), []byte("a=b; c=d")},
		{[]byte("X-Request-Id"), []byte("0123456789abcdef")}, {[]byte("Via"), []byte("1.1 edge")},
		{[]byte("Connection"), []byte("keep-alive")}, {[]byte("Keep-Alive"), []byte("timeout=5")},
	}
)

// fillHead puts a typical request head into h.
func fillHead(h *Header) {
	h.Reset()
	for i := range editHead {
		h.Add(editHead[i][0], editHead[i][1])
	}
}

func TestEditsDoNotAllocate(t *testing.T) {
	for _, e := range edits {
		var h Header
		var a Arena
		run := func() {
			a.Reset(false)
			fillHead(&h)
			e.do(&h, &a)
		}
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", e.name, n)
		}
	}
}

// BenchmarkEdit edits a head of ten fields. Each row includes the cost of
// "fill".
func BenchmarkEdit(b *testing.B) {
	run := func(name string, do func(h *Header, a *Arena)) {
		b.Run(name, func(b *testing.B) {
			var h Header
			var a Arena
			b.ReportAllocs()
			for b.Loop() {
				a.Reset(false)
				fillHead(&h)
				do(&h, &a)
			}
		})
	}
	run("fill", func(*Header, *Arena) {})
	for _, e := range edits {
		run(e.name, e.do)
	}
}
