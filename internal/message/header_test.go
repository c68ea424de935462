package message

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
)

func TestIDOf(t *testing.T) {
	for id := Other + 1; id < numNames; id++ {
		name := id.String()
		if name == "" {
			t.Fatalf("id %d has no name", id)
		}
		for _, s := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if got := IDOf([]byte(s)); got != id {
				t.Errorf("IDOf(%q) = %d, want %d", s, got, id)
			}
		}
		for _, s := range []string{name + "x", "x" + name, name[1:], name[:len(name)-1] + "\xff", "@" + name[1:]} {
			if got := IDOf([]byte(s)); got == id {
				t.Errorf("IDOf(%q) is %s", s, name)
			}
		}
	}
	for _, s := range []string{"", "X", "a", "Cookie2", "Accep\x14", "T\xc5", "\xe2\x84\xaaeep-Alive"} {
		if got := IDOf([]byte(s)); got != Other {
			t.Errorf("IDOf(%q) = %v, want Other", s, got)
		}
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func header(pairs ...string) *Header {
	h := new(Header)
	for i := 0; i < len(pairs); i += 2 {
		h.Add([]byte(pairs[i]), []byte(pairs[i+1]))
	}
	return h
}

func dump(h *Header) string {
	var b strings.Builder
	for i := range h.Len() {
		if f := h.At(i); f.Flags&Dropped == 0 {
			b.WriteString(string(f.Name) + "=" + string(f.Value) + ";")
		}
	}
	return b.String()
}

func TestHeaderReads(t *testing.T) {
	h := header("host", "a", "X-One", "1", "HOST", "b", "x-one", "2")
	if v, ok := h.Get(Host); !ok || string(v) != "a" {
		t.Errorf("Get(Host) = %q, %v", v, ok)
	}
	if h.Count(Host) != 2 || h.Has(Cookie) || !h.Has(Host) {
		t.Error("Count or Has is wrong")
	}
	if v, ok := h.Lookup("X-ONE"); !ok || string(v) != "1" {
		t.Errorf("Lookup = %q, %v", v, ok)
	}
	if _, ok := h.Lookup("none"); ok {
		t.Error("Lookup found what is not there")
	}
	if i := h.Next(2, "x-One"); i != 3 {
		t.Errorf("Next = %d", i)
	}
	h.At(0).Flags |= Dropped
	if v, _ := h.Get(Host); string(v) != "b" || h.Count(Host) != 1 {
		t.Error("a dropped field is still seen")
	}
}

func TestHeaderEdits(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Header)
		want string
	}{
		{"set replaces in place", func(h *Header) { h.SetID(Host, []byte("z")) }, "Host=z;A=1;a=2;"},
		{"set appends", func(h *Header) { h.SetID(Cookie, []byte("c")) }, "host=x;A=1;HOST=y;a=2;Cookie=c;"},
		{"del id", func(h *Header) { h.DelID(Host) }, "A=1;a=2;"},
		{"del name", func(h *Header) { h.Del("a") }, "host=x;HOST=y;"},
		{"del and set", func(h *Header) { h.DelID(Host); h.SetID(Host, []byte("z")) }, "A=1;a=2;Host=z;"},
		{"del none", func(h *Header) { h.Del("b"); h.DelID(Cookie) }, "host=x;A=1;HOST=y;a=2;"},
		{"reset", func(h *Header) { h.Reset() }, ""},
	}
	for _, tt := range tests {
		h := header("host", "x", "A", "1", "HOST", "y", "a", "2")
		tt.edit(h)
		if got := dump(h); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A client must not remove a field that the proxy sets by listing its name in
// Connection.
func TestSetIDTakesTheFieldOver(t *testing.T) {
	h := header("x-forwarded-for", "1.2.3.4")
	h.At(0).Flags |= Hop
	h.SetID(XForwardedFor, []byte("9.9.9.9"))
	if f := h.At(0); f.Flags != 0 || string(f.Name) != "X-Forwarded-For" {
		t.Errorf("flags %b, name %q", f.Flags, f.Name)
	}
}

func TestHeaderDoesNotAllocate(t *testing.T) {
	h := new(Header)
	name, value := []byte("X-Thing"), []byte("v")
	fill := func() {
		h.Reset()
		for range 20 {
			h.Add(name, value)
		}
		h.SetID(Host, value)
		h.AddID(Via, value)
		h.Del("x-thing")
	}
	fill()
	if n := testing.AllocsPerRun(100, fill); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// IDOf relies on this: every name fits its row, has a slot to itself, and
// consists of bytes for which differ folds case correctly.
func TestKnownNamesFitTheirTables(t *testing.T) {
	keys := make(map[uint64]string)
	for id := Other + 1; id < numNames; id++ {
		s := names[id]
		if len(s) == 0 || len(s) > maxName {
			t.Errorf("%q does not fit", s)
			continue
		}
		for _, c := range []byte(s) {
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			if !letter && c != '-' && (c < '0' || c > '9') {
				t.Errorf("%q: IDOf cannot compare %q", s, c)
			}
		}
		head, tail := ends([]byte(s))
		key := nameKey(len(s), head, tail)
		if other, ok := keys[key]; ok {
			t.Errorf("%q and %q have one key", s, other)
		}
		keys[key] = s
	}
	apart := func(factor uint64) bool {
		var used [1 << nameBits]bool
		for k := range keys {
			slot := k * factor >> (64 - nameBits)
			if used[slot] {
				return false
			}
			used[slot] = true
		}
		return true
	}
	if apart(nameFactor) {
		return
	}
	for factor := uint64(nameFactor); ; factor = factor*6364136223846793005 + 1442695040888963407 {
		if apart(factor) {
			t.Fatalf("two names share a slot: nameFactor must be %#x", factor)
		}
	}
}

// IDOf against the plain comparison: all names, with every byte in every place.
func TestIDOfAgreesWithComparison(t *testing.T) {
	plain := func(b []byte) NameID {
		for id := Other + 1; id < numNames; id++ {
			if ascii.EqualFoldBytes(b, names[id]) {
				return id
			}
		}
		return Other
	}
	for id := Other + 1; id < numNames; id++ {
		for at := range len(names[id]) {
			for c := range 256 {
				b := []byte(names[id])
				b[at] = byte(c)
				if got, want := IDOf(b), plain(b); got != want {
					t.Fatalf("IDOf(%q) = %v, want %v", b, got, want)
				}
			}
			if got := IDOf([]byte(names[id])[:at]); got != plain([]byte(names[id])[:at]) {
				t.Errorf("IDOf(%q) = %v", names[id][:at], got)
			}
		}
	}
}

func BenchmarkIDOf(b *testing.B) {
	names := [][]byte{[]byte("Host"), []byte("user-agent"), []byte("Accept-Encoding"), []byte("X-Request-Id"), []byte("Cookie")}
	for i := 0; b.Loop(); i++ {
		IDOf(names[i%len(names)])
	}
}
