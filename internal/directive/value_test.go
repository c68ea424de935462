package directive

import (
	"math"
	"testing"
)

func TestParseSizes(t *testing.T) {
	for s, want := range map[string]int64{"10": 10, " 10": 10, "010": 10, "+5": 5, "-0": 0, "9223372036854775807": math.MaxInt64} {
		if got, ok := ParseBytes(s); !ok || got != want {
			t.Errorf("bytes %q: %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "10k", "1e3", "0x10", "-1", "99999999999999999999"} {
		if got, ok := ParseBytes(s); ok {
			t.Errorf("bytes %q is taken for %d", s, got)
		}
	}
	for s, want := range map[string]int64{"7": 7, "7b": 7, "7B": 7, "2k": 2048, "2M": 2 << 20, "1g": 1 << 30} {
		if got, ok := ParseSize(s); !ok || got != want {
			t.Errorf("size %q: %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "k", "1t", "-1k", "9223372036854775807k"} {
		if got, ok := ParseSize(s); ok {
			t.Errorf("size %q is taken for %d", s, got)
		}
	}
}
