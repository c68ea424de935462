package strftime

import (
	"strconv"
	"strings"
	"time"
)

// conversion appends one conversion of strftime; flag is '-', '_', '0', '^'
// or zero.
type conversion func(dst []byte, t time.Time, flag byte) []byte

// layout returns a conversion that a layout of package time implements.
func layout(l string) conversion {
	return func(dst []byte, t time.Time, flag byte) []byte {
		from := len(dst)
		dst = t.AppendFormat(dst, l)
		if flag == '^' {
			for i := from; i < len(dst); i++ {
				if c := dst[i]; 'a' <= c && c <= 'z' {
					dst[i] = c - 'a' + 'A'
				}
			}
		}
		return dst
	}
}

// number returns a numeric conversion of some width; a flag changes its padding.
func number(width int, pad byte, of func(time.Time) int) conversion {
	return func(dst []byte, t time.Time, flag byte) []byte {
		w, p := width, pad
		switch flag {
		case '-':
			w = 0
		case '_':
			p = ' '
		case '0':
			p = '0'
		}
		return AppendPadded(dst, int64(of(t)), w, p)
	}
}

// AppendPadded appends a number with at least width characters.
func AppendPadded(dst []byte, n int64, width int, pad byte) []byte {
	var room [20]byte
	digits := strconv.AppendInt(room[:0], n, 10)
	for range width - len(digits) {
		dst = append(dst, pad)
	}
	return append(dst, digits...)
}

// twelve returns the hour of a 12-hour clock.
func twelve(t time.Time) int { return (t.Hour()+11)%12 + 1 }

// weekOf numbers the weeks of the year, beginning with the first one that
// starts on day first.
func weekOf(t time.Time, first time.Weekday) int {
	since := (int(t.Weekday()) - int(first) + 7) % 7
	return (t.YearDay() + 6 - since) / 7
}

// conversions are those of the C library in the C locale.
var conversions = map[byte]conversion{
	'a': layout("Mon"), 'A': layout("Monday"), 'b': layout("Jan"), 'h': layout("Jan"), 'B': layout("January"),
	'c': layout("Mon Jan _2 15:04:05 2006"), 'D': layout("01/02/06"), 'x': layout("01/02/06"),
	'F': layout("2006-01-02"), 'R': layout("15:04"), 'T': layout("15:04:05"), 'X': layout("15:04:05"),
	'r': layout("03:04:05 PM"), 'p': layout("PM"), 'P': layout("pm"), 'z': layout("-0700"), 'Z': layout("MST"),
	'd': number(2, '0', time.Time.Day), 'e': number(2, ' ', time.Time.Day),
	'H': number(2, '0', time.Time.Hour), 'k': number(2, ' ', time.Time.Hour),
	'I': number(2, '0', twelve), 'l': number(2, ' ', twelve),
	'M': number(2, '0', time.Time.Minute), 'S': number(2, '0', time.Time.Second),
	'm': number(2, '0', func(t time.Time) int { return int(t.Month()) }),
	'j': number(3, '0', time.Time.YearDay),
	'Y': number(0, '0', time.Time.Year),
	'C': number(2, '0', func(t time.Time) int { return t.Year() / 100 }),
	'y': number(2, '0', func(t time.Time) int { return t.Year() % 100 }),
	'G': number(0, '0', func(t time.Time) int { y, _ := t.ISOWeek(); return y }),
	'g': number(2, '0', func(t time.Time) int { y, _ := t.ISOWeek(); return y % 100 }),
	'V': number(2, '0', func(t time.Time) int { _, w := t.ISOWeek(); return w }),
	'U': number(2, '0', func(t time.Time) int { return weekOf(t, time.Sunday) }),
	'W': number(2, '0', func(t time.Time) int { return weekOf(t, time.Monday) }),
	'u': number(0, '0', func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }),
	'w': number(0, '0', func(t time.Time) int { return int(t.Weekday()) }),
	's': number(0, '0', func(t time.Time) int { return int(t.Unix()) }),
	'n': layout("\n"), 't': layout("\t"), '%': layout("%"),
}

// step is one piece of a compiled strftime format.
type step struct {
	text string // when convert is nil
	flag byte
	conv conversion
}

// Compile compiles a format. An unknown conversion is literal text.
func Compile(format string) func([]byte, time.Time) []byte {
	var steps []step
	for format != "" {
		i := strings.IndexByte(format, '%')
		if i != 0 {
			if i < 0 {
				i = len(format)
			}
			steps = append(steps, step{text: format[:i]})
			format = format[i:]
			continue
		}
		var s step
		s, format = nextConversion(format)
		steps = append(steps, s)
	}
	return func(dst []byte, t time.Time) []byte {
		for i := range steps {
			if s := &steps[i]; s.conv != nil {
				dst = s.conv(dst, t, s.flag)
			} else {
				dst = append(dst, s.text...)
			}
		}
		return dst
	}
}

// nextConversion reads one conversion: flag, the modifiers E and O, which have
// no meaning in the C locale, and the letter.
func nextConversion(format string) (step, string) {
	var s step
	i := 1
	if i < len(format) && strings.IndexByte("-_0^", format[i]) >= 0 {
		s.flag = format[i]
		i++
	}
	if i < len(format) && (format[i] == 'E' || format[i] == 'O') {
		i++
	}
	if i < len(format) {
		if s.conv = conversions[format[i]]; s.conv != nil {
			return s, format[i+1:]
		}
	}
	i = min(i+1, len(format))
	return step{text: format[:i]}, format[i:]
}
