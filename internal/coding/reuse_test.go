package coding

import (
	"bytes"
	"io"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit"
)

// TestReuse: an encoder encodes one response after another, with and without flushes,
// also after one that was left.
func TestReuse(t *testing.T) {
	for name, make := range map[string]func() (Encoder, error){
		"gzip": func() (Encoder, error) { return gzip.NewWriterLevel(nil, 6) },
		"br":   func() (Encoder, error) { return brotli.NewWriterLevel(io.Discard, 5), nil },
		"zstd": func() (Encoder, error) {
			return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<19), zstd.WithZeroFrames(true))
		},
	} {
		p := NewPool(1, make)
		for i, text := range []string{"first", "", testkit.Pattern(100000), "left", "last"} {
			s := p.get()
			var all bytes.Buffer
			for n := 0; ; n += 3000 {
				s.in, s.op = append(s.in, text[min(n, len(text)):min(n+3000, len(text))]...), exchange.More
				if n%2 == 0 {
					s.op = exchange.Flush
				}
				if n+3000 >= len(text) {
					s.op = exchange.End
				}
				if text == "left" {
					s.op = exchange.Flush
				}
				if err := s.work(p); err != nil {
					t.Fatalf("%s, %d: %v", name, i, err)
				}
				all.Write(s.out.b)
				s.out.b = s.out.b[:0]
				if n+3000 >= len(text) {
					break
				}
			}
			if _, got, ok := testkit.Decoded(name, all.Bytes()); text != "left" && (!ok || string(got) != text) {
				t.Errorf("%s, %d: %d bytes decoded to %d, want %d", name, i, all.Len(), len(got), len(text))
			}
			p.put(s)
			if len(p.free) != 1 {
				t.Fatalf("%s, %d: %d in the pool", name, i, len(p.free))
			}
		}
	}
}
