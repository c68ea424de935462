package directive

import (
	"math"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"5": 5 * time.Second, "0": 0, "5s": 5 * time.Second, "5ms": 5 * time.Millisecond, "5mi": 5 * time.Minute, "5h": 5 * time.Hour,
		"5min": 5 * time.Minute, "5sx": 5 * time.Second, " 5": 5 * time.Second,
	} {
		if got, ok := ParseDuration(s, time.Second); !ok || got != want {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
	}
	if got, _ := ParseDuration("20", time.Millisecond); got != 20*time.Millisecond {
		t.Errorf("20 with a default of ms: %v", got)
	}
	for _, s := range []string{"", "x", "5x", "5m", "5us", "5H", "5MS", "5.5", "-5", "9223372036854775807", "99999999999999999999"} {
		if got, ok := ParseDuration(s, time.Second); ok {
			t.Errorf("%q is taken for %v", s, got)
		}
	}
}

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
