package textmap

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// Texts of every length, alike at their beginnings, against a Go map.
func TestMap(t *testing.T) {
	var m Map[int]
	if _, ok := m.Get([]byte("a")); ok || m.Len() != 0 {
		t.Error("an empty map has something")
	}
	want := map[string]int{}
	for n := range 3 * inline {
		for i := range 20 {
			text := strings.Repeat("a", n) + fmt.Sprint(i)
			m.Put(text, n+i)
			m.Put(text, 100*n+i)
			want[text] = 100*n + i
		}
	}
	m.Put("", 7)
	want[""] = 7
	if m.Len() != len(want) {
		t.Errorf("%d texts, want %d", m.Len(), len(want))
	}
	for text, v := range want {
		if got, ok := m.Get([]byte(text)); !ok || got != v {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
		if _, ok := m.Get([]byte(text + "!")); ok {
			t.Errorf("%q! is there", text)
		}
	}
	m.Each(func(text string, v *int) {
		if want[text] != *v {
			t.Errorf("each: %q has %d", text, *v)
		}
		delete(want, text)
	})
	if len(want) > 0 {
		t.Errorf("left out: %d", len(want))
	}
}

// The purpose of the layout: one cell, one cache line.
func TestLayout(t *testing.T) {
	if n := unsafe.Sizeof(cell[[3]uint64]{}); n > 64 {
		t.Errorf("a cell has %d bytes", n)
	}
}

func FuzzMap(f *testing.F) {
	f.Add("a,b,ab,,a", "ab")
	f.Fuzz(func(t *testing.T, texts, asked string) {
		var m Map[int]
		want := map[string]int{}
		for i, text := range strings.Split(texts, ",") {
			m.Put(text, i)
			want[text] = i
		}
		v, ok := m.Get([]byte(asked))
		if w, there := want[asked]; ok != there || v != w {
			t.Errorf("%q: %d, %v; want %d, %v", asked, v, ok, w, there)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	var m Map[[3]uint64]
	var asked [][]byte
	for i := range 1000 {
		text := fmt.Sprintf("host%d.example.test", i)
		m.Put(text, [3]uint64{uint64(i)})
		asked = append(asked, []byte(text))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Get(asked[i*719%1000])
	}
}
