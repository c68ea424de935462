package coding

import (
	"testing"

	"github.com/headgate/headgate/internal/message"
)

func header(lines ...string) *message.Header {
	h := new(message.Header)
	for _, l := range lines {
		h.AddID(message.AcceptEncoding, []byte(l))
	}
	return h
}

func TestQuality(t *testing.T) {
	for _, row := range []struct {
		name   string
		fields []string
		want   int
	}{
		{"gzip", nil, 0},
		{"gzip", []string{"gzip"}, 1000},
		{"gzip", []string{"br;q=0.5, gzip;q=0.25"}, 250},
		{"br", []string{"br;q=0.5, gzip;q=0.25"}, 500},
		{"gzip", []string{"gzip;q=0.0001"}, 1},
		{"gzip", []string{"gzip;q=0.1239"}, 123},
		{"gzip", []string{"br", "gzip"}, 1000},
		{"gzip", []string{"gzip;q=0", "gzip"}, 0},
		{"gzip", []string{"br,", "gzip"}, 1000},
		{"gzip", []string{`x;a="b;c,gzip", gzip;q=0.7`}, 700},
		{"gzip", []string{`"gzip`}, 0},
		{"zstd", []string{"gzip, br;q=0.9,zstd;q=1"}, 1000},
	} {
		if got := Quality(header(row.fields...), row.name); got != row.want {
			t.Errorf("%s in %q: %d, want %d", row.name, row.fields, got, row.want)
		}
	}
}

// FuzzQuality: a quality is in its range, a coding that is not mentioned has none,
// and what comes after the first mention decides nothing.
func FuzzQuality(f *testing.F) {
	for _, s := range []string{"gzip", "br;q=0.5, gzip;q=0.25", `x;a="b,gzip", gzip`, ",gzip", "gzip;q=0.0001;x", "gzip ;q=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		q := Quality(header(list), "gzip")
		if q < 0 || q > 1000 {
			t.Fatal(q)
		}
		if Quality(header(list), "no-such-coding") > 0 {
			t.Fatal("accepted what is not mentioned")
		}
		_, found, _ := qualityIn([]byte(list), "gzip")
		if again := Quality(header(list, "gzip;q=0.5"), "gzip"); found && again != q {
			t.Fatalf("%d, with another field %d", q, again)
		}
	})
}
