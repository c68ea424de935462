package ascii

import (
	"testing"
	"time"
)

func TestLeadingInt(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "x": 0, "5": 5, " 5": 5, "+5": 5, "-5": -5, "5x": 5, "2147483647": 2147483647, "2147483648": -2147483648,
		"99999999999": 1215752191, "99999999999999999999": -1, "-99999999999999999999": 0, "- 5": 0, "0x10": 0,
	} {
		if got := LeadingInt(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestParseTimeout(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"": 0, "s": 0, "5": 5 * time.Second, "0": 0, "5s": 5 * time.Second, "5ms": 5 * time.Millisecond, "5mi": 5 * time.Minute, "5h": 5 * time.Hour,
		"5min": 5 * time.Minute, "5sx": 5 * time.Second, " 5": 5 * time.Second,
	} {
		if got, ok := ParseTimeout(s, time.Second); !ok || got != want {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
	}
	if got, _ := ParseTimeout("20", time.Millisecond); got != 20*time.Millisecond {
		t.Errorf("20 with a default of ms: %v", got)
	}
	for _, s := range []string{"x", "5x", "5m", "5us", "5H", "5MS", "5.5", "-5", "9223372036854775807", "99999999999999999999"} {
		if got, ok := ParseTimeout(s, time.Second); ok {
			t.Errorf("%q is taken for %v", s, got)
		}
	}
}
