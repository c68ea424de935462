package directive

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

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

// Number reads a whole number as httpd reads most: text after the digits is
// ignored, which is worth a warning, and a text without digits is 0.
func (c *Call) Number(s string) int {
	n := ascii.LeadingInt(s)
	if want := strconv.Itoa(n); strings.TrimPrefix(ascii.TrimLeftSpace(s), "+") != want {
		c.Warn("'%s' is read as %s", s, want)
	}
	return n
}

// Duration reads the time s. Without a suffix the number counts unit.
func (c *Call) Duration(s string, unit time.Duration) (time.Duration, error) {
	d, ok := ascii.ParseTimeout(s, unit)
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

// Int reads the whole number s, which must be from low to high.
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
