package message

import (
	"bytes"
	"testing"
)

var methodNames = [...]string{"", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"}

func TestMethodOf(t *testing.T) {
	for m := GET; m <= PATCH; m++ {
		if got := MethodOf([]byte(methodNames[m])); got != m {
			t.Errorf("MethodOf(%q) = %d", methodNames[m], got)
		}
	}
	for _, s := range []string{"", "get", "GETS", "PROPFIND"} {
		if got := MethodOf([]byte(s)); got != OtherMethod {
			t.Errorf("MethodOf(%q) = %d", s, got)
		}
	}
	if POST.Idempotent() || PATCH.Idempotent() || CONNECT.Idempotent() || OtherMethod.Idempotent() || !PUT.Idempotent() {
		t.Error("Idempotent is wrong")
	}
}

func TestNoContent(t *testing.T) {
	for status, want := range map[int]bool{100: true, 103: true, 199: true, 200: false, 204: true, 205: false, 304: true, 404: false} {
		if NoContent(status) != want {
			t.Errorf("NoContent(%d) is %v", status, !want)
		}
	}
}

func TestResetKeepsTables(t *testing.T) {
	var q Request
	q.Header.Add([]byte("a"), []byte("b"))
	q.Trailer.Add([]byte("a"), []byte("b"))
	q.Body, q.Close, q.Path = Framing{Chunked, 3}, true, []byte("/")
	q.Reset()
	if q.Header.Len() != 0 || q.Trailer.Len() != 0 || cap(q.Header.fields) == 0 || cap(q.Trailer.fields) == 0 {
		t.Error("request tables were not kept empty")
	}
	if q.Body != (Framing{}) || q.Close || q.Path != nil {
		t.Error("request fields were kept")
	}
	var p Response
	p.Header.Add([]byte("a"), []byte("b"))
	p.Status = 200
	p.Reset()
	if p.Header.Len() != 0 || cap(p.Header.fields) == 0 || p.Status != 0 {
		t.Error("response was not reset")
	}
}

func TestArena(t *testing.T) {
	var a Arena
	a.Reset(true) // before first use
	x := a.Join([]byte("ab"), nil, []byte("cd"))
	y := a.String("ef")
	z := a.Int(-9223372036854775808)
	if string(x) != "abcd" || string(y) != "ef" || string(z) != "-9223372036854775808" {
		t.Errorf("got %q %q %q", x, y, z)
	}
	if _ = append(x, "overrun"...); string(y) != "ef" {
		t.Error("growing one piece wrote into the next")
	}
	big := a.Alloc(arenaBlock)
	if len(big) != 0 || cap(big) < arenaBlock || len(a.spare) != 1 {
		t.Error("an oversize piece is wrong")
	}
	a.Reset(true)
	if !bytes.Equal(y, []byte{0xDB, 0xDB}) || len(a.spare) != 0 || a.used != 0 {
		t.Error("reset did not take the bytes back")
	}
	if s := a.String("g"); string(s) != "g" {
		t.Error("the block is not usable after reset")
	}
	lent, mark := a.Scratch()
	w := a.String("made meanwhile")
	if lent = append(lent, "a line"...); string(lent) != "a line" || string(w) != "made meanwhile" || cap(lent) != arenaBlock-1 {
		t.Errorf("scratch: %q, %q, room for %d", lent, w, cap(lent))
	}
	if a.Unscratch(mark); cap(a.Alloc(arenaBlock-1)) != arenaBlock-1 || len(a.spare) != 1 {
		t.Error("the scratch was not taken back")
	}
	if a.Release(); a.block != nil {
		t.Error("release kept the block")
	}
}

func TestArenaDoesNotAllocate(t *testing.T) {
	var a Arena
	v := []byte("1.2.3.4")
	run := func() {
		a.Join(v, []byte(", "), v)
		a.Int(12)
		a.Reset(false)
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
