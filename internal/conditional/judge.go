package conditional

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// asks are the fields with conditions.
var asks = message.SetOf(message.IfMatch, message.IfNoneMatch, message.IfModifiedSince, message.IfUnmodifiedSince)

// Judge returns what the conditions of a request make of a response with status 200,
// whose ETag and Last-Modified are in x.Resp: that, 304 or 412 (RFC 9110 section
// 13.2.2; httpd: ap_meets_conditions).
//
// httpd: every condition counts. One that says that the response has changed
// outweighs another that says it has not, even where a recipient must ignore one.
func Judge(x *exchange.Exchange) int {
	q := &x.Req.Header
	if !q.MayHave(asks) {
		return 200
	}
	get := x.Req.Verb == message.GET || x.Req.Verb == message.HEAD
	ranged := q.Has(message.Range)
	tag, _ := x.Resp.Header.Get(message.ETag)
	if v, ok := q.Get(message.IfMatch); ok && !listed(v, tag, true) {
		return 412
	}
	changed, unchanged := false, false
	since := modified(x)
	if v, ok := q.Get(message.IfUnmodifiedSince); ok {
		if date, ok := ParseDate(v); ok && since > date.Unix() && !(ranged && recent(x, since)) {
			return 412
		}
		changed = true
	}
	if v, ok := q.Get(message.IfNoneMatch); ok {
		switch same := listed(v, tag, !get || ranged); {
		case same && !get:
			return 412
		case same:
			unchanged = true
		default:
			changed = true
		}
	}
	if v, ok := q.Get(message.IfModifiedSince); ok {
		date := int64(0)
		if t, ok := ParseDate(v); ok {
			date = t.Unix()
		}
		same := date >= since && date <= x.Times.Start.Unix() && !(ranged && recent(x, since))
		if same && get {
			unchanged = true
		} else if !same {
			changed = true
		}
	}
	if q.Has(message.IfRange) && ranged || changed || !unchanged {
		return 200 // which part of it is sent is for others to say
	}
	return 304
}

// modified returns when the response was changed, in seconds. httpd: what has no
// date was changed just now.
func modified(x *exchange.Exchange) int64 {
	if v, ok := x.Resp.Header.Get(message.LastModified); ok {
		if t, ok := ParseDate(v); ok && t.Unix() != 0 {
			return t.Unix()
		}
	}
	return x.Times.Start.Unix()
}

// recent reports whether a change is so recent that another one may have the same date:
// then dates do not prove that parts belong together.
func recent(x *exchange.Exchange, since int64) bool {
	return x.Times.Start.Unix() < since+int64(time.Minute/time.Second)
}

// Whole reports whether If-Range says that the client's part belongs to another
// response than that in x.Resp, so that all of it must be sent (httpd:
// ap_condition_if_range).
func Whole(x *exchange.Exchange) bool {
	v, ok := x.Req.Header.Get(message.IfRange)
	if !ok || !x.Req.Header.Has(message.Range) {
		return false
	}
	if len(v) > 0 && v[0] == '"' {
		tag, _ := x.Resp.Header.Get(message.ETag)
		return string(tag) != string(v)
	}
	since, date := modified(x), int64(0)
	if t, ok := ParseDate(v); ok {
		date = t.Unix()
	}
	return date != since || recent(x, since)
}
