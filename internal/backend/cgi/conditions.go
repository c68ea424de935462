package cgi

import (
	"bytes"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// asks are the fields with conditions.
var asks = message.SetOf(message.IfMatch, message.IfNoneMatch, message.IfModifiedSince, message.IfUnmodifiedSince)

// conditions returns what the conditions of a GET or HEAD make of a response with
// status 200: that, 304 or 412 (RFC 9110 section 13.2.2; httpd: ap_meets_conditions).
func conditions(x *exchange.Exchange) int {
	q := &x.Req.Header
	if !q.MayHave(asks) {
		return 200
	}
	tag, _ := x.Resp.Header.Get(message.ETag)
	since := x.Times.Start // httpd: what has no date was changed just now
	if v, ok := x.Resp.Header.Get(message.LastModified); ok {
		since, _ = parseDate(v)
	}
	if v, ok := q.Get(message.IfMatch); ok {
		if !listed(v, tag, true) {
			return 412
		}
	} else if date, ok := dateOf(q, message.IfUnmodifiedSince); ok && since.After(date) {
		return 412
	}
	if v, ok := q.Get(message.IfNoneMatch); ok {
		if listed(v, tag, false) {
			return 304
		}
		return 200
	}
	if date, ok := dateOf(q, message.IfModifiedSince); ok && !since.After(date) && !date.After(x.Times.Start) {
		return 304
	}
	return 200
}

func dateOf(h *message.Header, id message.NameID) (time.Time, bool) {
	v, ok := h.Get(id)
	if !ok {
		return time.Time{}, false
	}
	return parseDate(v)
}

// listed reports whether a list of entity tags has tag, or is "*". Weak tags are
// equal to nothing if the comparison is strong.
func listed(list, tag []byte, strong bool) bool {
	if len(list) > 0 && list[0] == '*' {
		return true
	}
	weak := bytes.HasPrefix(tag, weakTag)
	if len(tag) == 0 || strong && weak {
		return false
	}
	tag = bytes.TrimPrefix(tag, weakTag)
	for len(list) > 0 {
		var one []byte
		one, list = cutTag(list)
		if bytes.HasPrefix(one, weakTag) {
			if strong {
				continue
			}
			one = one[len(weakTag):]
		}
		if bytes.Equal(one, tag) {
			return true
		}
	}
	return false
}

var weakTag = []byte("W/")

// cutTag cuts the first tag off a list. A comma within quotes is part of it.
func cutTag(list []byte) (one, rest []byte) {
	quoted := false
	for i, c := range list {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return bytes.TrimSpace(list[:i]), list[i+1:]
		}
	}
	return bytes.TrimSpace(list), nil
}
