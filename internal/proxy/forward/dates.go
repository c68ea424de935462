package forward

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// fixdate is the only form of dates that is sent (RFC 9110 section 5.6.7).
const fixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

// obsolete are the date forms that a recipient must accept.
var obsolete = [...]string{"Monday, 02-Jan-06 15:04:05 GMT", "Mon Jan _2 15:04:05 2006"}

// dates are the fields that contain a date.
var dates = message.SetOf(message.Date, message.LastModified, message.Expires)

// modernDates rewrites the dates of a response that have an obsolete form. A
// value that is not a date (Expires: 0) is unchanged.
func modernDates(x *exchange.Exchange) {
	h := &x.Resp.Header
	for i := range h.Len() {
		f := h.At(i)
		switch f.ID {
		case message.Date, message.LastModified, message.Expires:
			if len(f.Value) != len(fixdate) {
				f.Value = modernDate(x, f.Value)
			}
		}
	}
}

func modernDate(x *exchange.Exchange, value []byte) []byte {
	if len(value) < 24 { // shorter than any date
		return value
	}
	for _, form := range obsolete {
		if t, err := time.Parse(form, string(value)); err == nil {
			return t.AppendFormat(x.Arena.Alloc(len(fixdate)), fixdate)
		}
	}
	return value
}
