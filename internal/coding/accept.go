package coding

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
)

// full is the quality of a coding for which a client names none.
const full = 1000

// Quality returns the quality, in thousandths, with which Accept-Encoding names a
// coding; 0: it does not, or refuses it.
//
// httpd: the first mention decides; an asterisk stands for nothing, an empty
// element ends the list, and only the first parameter can be a quality.
func Quality(h *message.Header, name string) int {
	rows := h.Rows()
	for i := range rows {
		if f := &rows[i]; f.ID == message.AcceptEncoding && f.Flags&message.Dropped == 0 {
			q, found, ended := qualityIn(f.Value, name)
			switch {
			case found:
				return q
			case ended:
				return 0
			}
		}
	}
	return 0
}

// qualityIn looks at one field. ended: nothing after it counts.
func qualityIn(list []byte, name string) (q int, found, ended bool) {
	for {
		var token []byte
		token, list = word(list)
		if len(token) == 0 {
			return 0, false, true
		}
		q = full
		for first := true; len(list) > 0 && list[0] == ';'; first = false {
			end := 1 + span(list[1:], false)
			if first {
				q = value(bytes.TrimSpace(list[1:end]))
			}
			list = list[end:]
		}
		if ascii.EqualFoldBytes(token, []byte(name)) {
			return q, true, false
		}
		list = bytes.TrimPrefix(list, []byte{','})
		if len(list) == 0 {
			return 0, false, false
		}
	}
}

// word cuts the next token off a list, with the blanks around it (httpd:
// ap_get_token).
func word(list []byte) (token, rest []byte) {
	list = bytes.TrimLeft(list, " \t")
	end := span(list, true)
	return list[:end], bytes.TrimLeft(list[end:], " \t")
}

// span returns the length of a token or parameter; blanks end it or do not.
func span(list []byte, blanks bool) int {
	end := 0
	for end < len(list) && list[end] != ',' && list[end] != ';' && !(blanks && (list[end] == ' ' || list[end] == '\t')) {
		if list[end] == '"' {
			i := bytes.IndexByte(list[end+1:], '"')
			if i < 0 {
				return len(list)
			}
			end += i + 1
		}
		end++
	}
	return end
}

// value reads a parameter q=0.5 in thousandths. What is no number counts as full, as
// in httpd; a number other than 0 counts as one thousandth at least.
func value(p []byte) int {
	if len(p) < 3 || p[0] != 'q' || p[1] != '=' {
		return full
	}
	whole, fraction, _ := bytes.Cut(p[2:], []byte{'.'})
	switch {
	case string(whole) == "1":
		return full
	case string(whole) != "0":
		return full
	}
	q, some := 0, false
	for i := range max(3, len(fraction)) {
		digit := 0
		if i < len(fraction) {
			if digit = int(fraction[i]) - '0'; digit < 0 || digit > 9 {
				return full
			}
		}
		some = some || digit > 0
		if i < 3 {
			q = q*10 + digit
		}
	}
	if some {
		q = max(q, 1)
	}
	return q
}
