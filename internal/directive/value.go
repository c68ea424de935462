package directive

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// ParseDuration reads a whole number with one of httpd's units: ms, s, mi
// (minutes) or h. Without one the number counts unit. Negative numbers and
// those too large for a time.Duration are not ok.
//
// httpd: ap_timeout_parameter_parse. Units are in lower case, and what follows
// them is ignored, so that 5min and 5seconds work.
func ParseDuration(s string, unit time.Duration) (d time.Duration, ok bool) {
	s = ascii.TrimLeftSpace(s)
	end := 0
	for end < len(s) && ascii.IsDigit(s[end]) {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err != nil {
		return 0, false
	}
	switch suffix := s[end:]; {
	case suffix == "":
	case suffix[0] == 's':
		unit = time.Second
	case suffix[0] == 'h':
		unit = time.Hour
	case strings.HasPrefix(suffix, "ms"):
		unit = time.Millisecond
	case strings.HasPrefix(suffix, "mi"):
		unit = time.Minute
	default:
		return 0, false
	}
	if n > math.MaxInt64/int64(unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// ParseBytes reads a number of bytes, which has no suffix and is not negative.
//
// httpd: ap_parse_strict_length, which allows blanks before the number and a plus sign.
func ParseBytes(s string) (n int64, ok bool) {
	n, err := strconv.ParseInt(ascii.TrimLeftSpace(s), 10, 64)
	return n, err == nil && n >= 0
}

// ParseSize is ParseBytes with an optional suffix b, k, m or g in either case.
func ParseSize(s string) (n int64, ok bool) {
	shift := 0
	if s != "" {
		if i := strings.IndexByte("bkmg", ascii.Lower(s[len(s)-1])); i >= 0 {
			s, shift = s[:len(s)-1], 10*i
		}
	}
	n, ok = ParseBytes(s)
	if !ok || n > math.MaxInt64>>shift {
		return 0, false
	}
	return n << shift, true
}

// Duration reads the time s, which without a suffix counts unit.
func (c *Call) Duration(s string, unit time.Duration) (time.Duration, error) {
	d, ok := ParseDuration(s, unit)
	if !ok {
		return 0, c.Errorf("%s has wrong format", c.Row.Name)
	}
	return d, nil
}

// Bytes reads the number of bytes s.
func (c *Call) Bytes(s string) (int64, error) {
	n, ok := ParseBytes(s)
	if !ok {
		return 0, c.Errorf("%s requires a non-negative integer.", c.Row.Name)
	}
	return n, nil
}

// Int reads the whole number s, which must lie between low and high.
func (c *Call) Int(s string, low, high int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, c.Errorf("%s: '%s' is not a whole number", c.Row.Name, s)
	}
	if n < low || n > high {
		return 0, c.Errorf("%s: %d is not between %d and %d", c.Row.Name, n, low, high)
	}
	return n, nil
}

// OnOff reads s as On or Off in any case, for directives that take these words
// among others.
func OnOff(s string) (on, ok bool) {
	on = ascii.EqualFold(s, "on")
	return on, on || ascii.EqualFold(s, "off")
}
