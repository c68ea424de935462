package conditional

import "time"

// Fixdate is the form of dates that is sent (RFC 9110 section 5.6.7).
const Fixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

// The forms of dates that are understood, without the name of the day: # is a digit, ~
// a digit or a blank, @ an upper-case and $ a lower-case letter. Whatever follows
// them is ignored (httpd: apr_date_parse_http).
var forms = [...]struct {
	mask                    string
	day, month, clock, year int  // where they begin
	short                   bool // the year has two digits
}{
	{mask: "## @$$ #### ##:##:## ", day: 0, month: 3, year: 7, clock: 12},
	{mask: "##-@$$-## ##:##:## ", day: 0, month: 3, year: 7, clock: 10, short: true},
	{mask: "@$$ ~# ##:##:## ####", day: 4, month: 0, year: 16, clock: 7},
	{mask: "# @$$ #### ##:##:## ", day: -1, month: 2, year: 6, clock: 11},
}

// ParseDate reads a date in one of the forms of RFC 9110 section 5.6.7, whatever its
// day of the week.
func ParseDate(v []byte) (t time.Time, ok bool) {
	for len(v) > 0 && isSpace(v[0]) {
		v = v[1:]
	}
	for i, c := range v {
		if c == ' ' {
			v = v[i+1:]
			for _, f := range forms {
				if matches(v, f.mask) {
					return date(v, f.day, f.month, f.year, f.clock, f.short)
				}
			}
			break
		}
	}
	return time.Time{}, false
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// matches reports whether v begins as a mask says.
func matches(v []byte, mask string) bool {
	if len(v) < len(mask) {
		return false
	}
	for i := range len(mask) {
		c, ok := v[i], false
		switch mask[i] {
		case '#':
			ok = c >= '0' && c <= '9'
		case '~':
			ok = c >= '0' && c <= '9' || c == ' '
		case '@':
			ok = c >= 'A' && c <= 'Z'
		case '$':
			ok = c >= 'a' && c <= 'z'
		default:
			ok = c == mask[i]
		}
		if !ok {
			return false
		}
	}
	return true
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// date reads the parts of a date at their places; a day at -1 has one digit.
func date(v []byte, day, month, year, clock int, short bool) (time.Time, bool) {
	d := int(v[0] - '0')
	if day >= 0 {
		d = pair(v[day:])
	}
	m := 0
	for m < 12 && string(v[month:month+3]) != months[3*m:3*m+3] {
		m++
	}
	y := pair(v[year:])
	switch {
	case !short:
		y = 100*y + pair(v[year+2:])
	case y < 70:
		y += 2000
	default:
		y += 1900
	}
	hour, minute, second := pair(v[clock:]), pair(v[clock+3:]), pair(v[clock+6:])
	if m == 12 || d < 1 || hour > 23 || minute > 59 || second > 61 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(m+1), d, hour, minute, second, 0, time.UTC)
	if t.Day() != d && second < 60 { // the month is shorter
		return time.Time{}, false
	}
	return t, true
}

// pair reads two digits, of which the first may be a blank.
func pair(v []byte) int {
	n := int(v[1] - '0')
	if v[0] != ' ' {
		n += 10 * int(v[0]-'0')
	}
	return n
}
