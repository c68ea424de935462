package files

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
)

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		value string
		want  string // for 20 bytes
	}{
		{"bytes=0-4", "[{0 5}]"}, {"Bytes=0-4", "[{0 5}]"}, {"bytes=0-", "[{0 20}]"}, {"bytes=19-", "[{19 1}]"}, {"bytes=20-", "none"},
		{"bytes=-5", "[{15 5}]"}, {"bytes=-50", "[{0 20}]"}, {"bytes=-0", "[]"}, {"bytes=-", "[]"}, {"bytes=5", "[]"}, {"bytes=", "[]"},
		{"bytes=9-5", "[]"}, {"bytes= 0-4", "[]"}, {"bytes=+0-4", "[]"}, {"bytes=0-4,x", "[]"}, {"bytes=,0-4", "[]"}, {"bytes=0-4,,6-7,", "[{0 5} {6 2}]"},
		{"bytes=0-1,2-3", "[{0 4}]"}, {"bytes=0-1,5-6", "[{0 2} {5 2}]"}, {"bytes=10-12,8-9", "[{8 5}]"}, {"bytes=10-12,0-1", "[{10 3} {0 2}]"},
		{"bytes=3-4,0-,7-8", "[{0 20}]"}, {"bytes=0-1,100-200", "[{0 2}]"}, {"bytes=50-60,100-", "none"}, {"bytes=0-10,15-20,1-19", "[]"},
		{"bytes=99999999999999999999-", "[]"}, {"bytes=9223372036854775807-", "none"}, {"bytes=0-9223372036854775807", "[{0 20}]"}, {"lines=1-2", "[]"},
	} {
		var r ranges
		r.parse([]byte(c.value), 20)
		got := fmt.Sprint(r.spans)
		if r.none {
			got = "none"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.value, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		r     ranges
		rules exchange.FileRules
		want  bool
	}{
		{ranges{spans: make([]span, 200)}, exchange.DefaultFiles, true},
		{ranges{spans: make([]span, 201)}, exchange.DefaultFiles, false},
		{ranges{spans: make([]span, 201)}, exchange.FileRules{Ranges: -1}, true},
		{ranges{overlaps: 1}, exchange.FileRules{}, false},
		{ranges{reversals: 21}, exchange.DefaultFiles, false},
	} {
		if got := c.r.allowed(&c.rules); got != c.want {
			t.Errorf("%d %d %d: %v", len(c.r.spans), c.r.overlaps, c.r.reversals, got)
		}
	}
}

// FuzzRanges: parts are within the body, and together no longer than it.
func FuzzRanges(f *testing.F) {
	for _, v := range []string{"bytes=0-4", "bytes=-5,0-1", "bytes=0-1,,5-", "bytes=10-12,8-9,0-"} {
		f.Add([]byte(v), int64(20))
	}
	f.Fuzz(func(t *testing.T, v []byte, size int64) {
		if size <= 0 {
			return
		}
		var r ranges
		r.parse(v, size)
		sum := int64(0)
		for _, s := range r.spans {
			if s.size <= 0 || s.at < 0 || s.at > size-s.size {
				t.Fatalf("%q of %d: %v", v, size, r.spans)
			}
			if sum += s.size; sum > size {
				t.Fatalf("%q of %d: more than the body: %v", v, size, r.spans)
			}
		}
		if r.none && len(r.spans) > 0 {
			t.Fatalf("%q of %d: %v and none", v, size, r.spans)
		}
	})
}
