package exchange

import (
	"math"
	"testing"
	"time"
)

func TestReadTime(t *testing.T) {
	const s = time.Second
	const long = math.MaxInt64 / 8
	for _, tt := range []struct {
		t    ReadTime
		n    int64
		want time.Duration
	}{
		{ReadTime{First: s}, 1 << 40, s},
		{ReadTime{First: s, PerByte: time.Millisecond}, 500, 1500 * time.Millisecond},
		{ReadTime{First: s, Most: 2 * s, PerByte: time.Millisecond}, 1000, 2 * s},
		{ReadTime{First: s, Most: 2 * s, PerByte: time.Millisecond}, 1001, 2 * s},
		{ReadTime{First: math.MaxInt32 * s, Most: math.MaxInt32 * s, PerByte: s}, math.MaxInt64, math.MaxInt32 * s},
	} {
		if got := tt.t.For(tt.n); got != tt.want {
			t.Errorf("%+v after %d: %v, want %v", tt.t, tt.n, got, tt.want)
		}
	}
	if got := (&ReadTime{First: s, PerByte: s}).For(math.MaxInt64); got < long {
		t.Errorf("without bound: %v", got)
	}
}
