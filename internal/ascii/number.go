package ascii

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// httpd reads most numbers with the C library, which takes what looks like a
// number from the front, ignores the rest and returns 0 for no number at all.

// LeadingInt is atoi. Of a number too large for an int it keeps the low 32
// bits, so a number too large for 64 bits becomes -1.
func LeadingInt(s string) int {
	n, _ := LeadingDigits(s)
	return int(int32(n))
}

// LeadingDigits reads an integer and returns the rest of the text, or the whole
// text when there is no digit. Numbers out of range stop at the limits of an
// int64.
func LeadingDigits(s string) (n int64, rest string) {
	t := TrimLeftSpace(s)
	end := 0
	if end < len(t) && (t[end] == '+' || t[end] == '-') {
		end++
	}
	digits := end
	for end < len(t) && IsDigit(t[end]) {
		end++
	}
	if end == digits {
		return 0, s
	}
	n, _ = strconv.ParseInt(t[:end], 10, 64) // out of range: n is the limit it went over
	return n, t[end:]
}

// units are the suffixes of a time, tried in order. Only the letters listed
// here are compared; the input may have more.
var units = []struct {
	suffix string
	unit   time.Duration
}{{"ms", time.Millisecond}, {"mi", time.Minute}, {"s", time.Second}, {"h", time.Hour}}

// ParseTimeout reads a time: an integer with an optional unit (ms, s, mi[n],
// h). Without a unit the number counts unit. ok is false for anything else and
// for negative times.
//
// httpd: ap_timeout_parameter_parse. Units are in lower case, text after them
// is ignored, and no digits at all mean 0.
func ParseTimeout(s string, unit time.Duration) (d time.Duration, ok bool) {
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
