package param

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// httpd reads most numbers with the C library, which takes what looks like a
// number from the front, ignores the rest and gives 0 for no number at all.
// Numbers out of range stop at the limits of an int.

// LeadingInt is atoi.
func LeadingInt(s string) int {
	n, _ := LeadingDigits(s)
	return int(max(math.MinInt32, min(math.MaxInt32, n)))
}

// LeadingDigits reads an integer and gives what follows; the text itself when
// there is no digit.
func LeadingDigits(s string) (n int64, rest string) {
	t := ascii.TrimLeftSpace(s)
	end := 0
	if end < len(t) && (t[end] == '+' || t[end] == '-') {
		end++
	}
	digits := end
	for end < len(t) && ascii.IsDigit(t[end]) {
		end++
	}
	if end == digits {
		return 0, s
	}
	n, err := strconv.ParseInt(t[:end], 10, 64)
	if err != nil { // out of range: n is the limit it went over
		return n, t[end:]
	}
	return n, t[end:]
}

// leadingFloat is atof, without infinities.
func leadingFloat(s string) float64 {
	s = ascii.TrimLeftSpace(s)
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		end := 2
		for end < len(s) && ascii.IsHex(s[end]) {
			end++
		}
		n, _ := strconv.ParseUint(s[2:end], 16, 64)
		return float64(n)
	}
	end := 0
	for end < len(s) && (ascii.IsDigit(s[end]) || strings.IndexByte("+-.eE", s[end]) >= 0) {
		end++
	}
	for ; end > 0; end-- {
		if f, err := strconv.ParseFloat(s[:end], 64); err == nil {
			return f
		}
	}
	return 0
}

// units are the suffixes of a time, tried in order; only as many letters are
// looked at as are given here.
var units = []struct {
	suffix string
	unit   time.Duration
}{{"ms", time.Millisecond}, {"mi", time.Minute}, {"s", time.Second}, {"h", time.Hour}}

// parseTimeout reads a time: an integer with an optional unit (ms, s, mi[n],
// h). unit counts when none is given. ok is false for anything else and for
// negative times.
//
// httpd: ap_timeout_parameter_parse; units are in lower case, what follows
// them is ignored, no digits at all mean 0.
func parseTimeout(s string, unit time.Duration) (d time.Duration, ok bool) {
	n, rest := LeadingDigits(s)
	if rest != "" {
		unit = 0
		for _, u := range units {
			if strings.HasPrefix(rest, u.suffix) {
				unit = u.unit
				break
			}
		}
	}
	// httpd counts microseconds in an int64.
	if unit == 0 || n < 0 || n > math.MaxInt64/int64(max(1, unit/time.Microsecond)) {
		return 0, false
	}
	if n > math.MaxInt64/int64(unit) {
		return math.MaxInt64, true
	}
	return time.Duration(n) * unit, true
}
