package gunzip

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// decode decodes src in pieces of so many bytes at most.
func decode(d *Decoder, src []byte, in, out int) ([]byte, int, error) {
	var all []byte
	dst := make([]byte, out)
	used := 0
	for {
		piece := src[used:min(used+in, len(src))]
		n, u, err := d.Decode(dst, piece)
		all = append(all, dst[:n]...)
		used += u
		if err != nil {
			return all, used - d.Excess(), err
		}
		if n == 0 && u == 0 && used == len(src) {
			return all, used, io.ErrUnexpectedEOF
		}
	}
}

func packed(t testing.TB, text []byte, level int, h gzip.Header) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Header = h
	for len(text) > 0 {
		n := min(len(text), 40000)
		if _, err := w.Write(text[:n]); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
		_ = w.Flush()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func texts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	words := make([]byte, 0, 300_000)
	for len(words) < 300_000 {
		words = append(words, strings.Fields("the proxy sends what a backend said to the client again")[r.IntN(11)]...)
		words = append(words, ' ')
	}
	return map[string][]byte{
		"empty": {}, "one": []byte("x"), "zeros": make([]byte, 1<<20), "noise": noise, "words": words,
		"mixed": append(append(append([]byte(nil), words[:70000]...), noise[:70000]...), words...),
	}
}

func TestDecode(t *testing.T) {
	for name, text := range texts() {
		for level := gzip.HuffmanOnly; level <= 9; level++ {
			src := packed(t, text, level, gzip.Header{Name: "a name", Comment: "c", Extra: []byte("extra")})
			for _, piece := range []int{1, 3, 1000, 1 << 20} {
				got, used, err := decode(New(), append(src[:len(src):len(src)], "garbage"...), piece, max(piece, 7))
				if !errors.Is(err, io.EOF) || used != len(src) || !bytes.Equal(got, text) {
					t.Fatalf("%s, level %d, pieces of %d: %d bytes of %d, used %d of %d, %v", name, level, piece, len(got), len(text), used, len(src), err)
				}
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	src := packed(t, []byte(strings.Repeat("some text ", 20)), 6, gzip.Header{Name: "n"})
	for n := range src {
		if _, _, err := decode(New(), src[:n], 5, 5); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: %v", n, len(src), err)
		}
	}
}

func TestErrors(t *testing.T) {
	good := packed(t, []byte("some text"), 6, gzip.Header{})
	edit := func(at int, b byte) []byte {
		p := bytes.Clone(good)
		p[(at+len(p))%len(p)] ^= b
		return p
	}
	for _, row := range []struct {
		src  []byte
		want error
	}{
		{edit(0, 1), ErrMagic}, {edit(1, 1), ErrMagic}, {edit(2, 1), ErrMethod}, {edit(3, 0x80), ErrFlags},
		{edit(-1, 1), ErrLength}, {edit(-8, 1), ErrChecksum}, {[]byte("not compressed at all"), ErrMethod},
		{append(bytes.Clone(good[:10]), 7), ErrData},
	} {
		if _, _, err := decode(New(), row.src, 100, 100); !errors.Is(err, row.want) {
			t.Errorf("%x: %v, want %v", row.src, err, row.want)
		}
	}
}

// FuzzDecode compares with the standard library, whatever the pieces.
func FuzzDecode(f *testing.F) {
	for _, text := range texts() {
		f.Add(packed(f, text[:min(len(text), 3000)], 6, gzip.Header{}), uint8(3))
		f.Add(packed(f, text[:min(len(text), 300)], gzip.HuffmanOnly, gzip.Header{Name: "x"}), uint8(1))
	}
	f.Fuzz(func(t *testing.T, src []byte, piece uint8) {
		var want []byte
		r, wantErr := gzip.NewReader(bytes.NewReader(src))
		if wantErr == nil {
			r.Multistream(false)
			want, wantErr = io.ReadAll(io.LimitReader(r, 1<<20))
			if len(want) == 1<<20 {
				return
			}
		}
		d := New()
		got, _, err := decode(d, src, int(piece)+1, 4096)
		if wantErr == nil && errors.Is(err, ErrFlags) {
			return // reserved flags, which RFC 1952 has a decoder refuse
		}
		if wantErr == nil != errors.Is(err, io.EOF) {
			if len(src) > 3 && src[3]&hasCRC != 0 { // the checksum of a header is not compared
				return
			}
			t.Fatalf("%v, the standard library: %v", err, wantErr)
		}
		if wantErr == nil && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, the standard library: %d", len(got), len(want))
		}
		again, _, err2 := decode(func() *Decoder { d.Reset(); return d }(), src, 1, 1)
		if !errors.Is(err2, err) || err == nil != (err2 == nil) || !bytes.Equal(got, again) {
			t.Fatalf("byte by byte: %d bytes, %v; before: %d bytes, %v", len(again), err2, len(got), err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	src := packed(b, texts()["words"], 6, gzip.Header{})
	d, dst := New(), make([]byte, 16<<10)
	b.SetBytes(300_000)
	b.ReportAllocs()
	for b.Loop() {
		d.Reset()
		for p := src; ; {
			_, used, err := d.Decode(dst, p)
			p = p[used:]
			if err != nil {
				break
			}
		}
	}
}
