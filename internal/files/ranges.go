package files

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
)

// span is a part of a body: its first byte and its length.
type span struct{ at, size int64 }

// ranges is what a Range field means for a body.
type ranges struct {
	spans     []span // those that follow each other or overlap are one; none: all of it is sent
	none      bool   // there is no such part: 416
	overlaps  int
	reversals int // ranges that begin before what precedes them, and touch it
}

// parseRanges reads the value of a Range field for a body of size bytes; the spans are
// appended to those of r. httpd: ap_set_byterange. A value with one faulty range
// means nothing at all.
func (r *ranges) parse(v []byte, size int64) {
	const unit = "bytes="
	if len(v) < len(unit) || !ascii.EqualFoldBytes(v[:len(unit)], unit) {
		return
	}
	kept, sum := r.spans[:0], int64(0)
	var cur span // being merged
	beyond := false
	for v = v[len(unit):]; len(v) > 0; {
		var one []byte
		if one, v = cutRange(v); len(one) == 0 {
			break
		}
		s, ok := parseRange(one, size)
		if !ok {
			r.spans = kept[:0]
			return
		}
		if s == (span{0, size}) && one[len(one)-1] == '-' { // httpd: "0-" is all, whatever else there is
			kept, sum, cur = kept[:0], 0, s
			break
		}
		if s.size <= 0 {
			beyond = true
			continue
		}
		if cur.size == 0 {
			cur = s
			continue
		}
		if r.merge(&cur, s) {
			continue
		}
		kept, sum, cur = append(kept, cur), sum+cur.size, s
	}
	if cur.size > 0 {
		kept, sum = append(kept, cur), sum+cur.size
	}
	r.none = len(kept) == 0 && beyond
	if sum > size { // it would be more than the body
		kept = kept[:0]
	}
	r.spans = kept
}

// merge makes s a part of cur, if the two overlap or follow each other.
func (r *ranges) merge(cur *span, s span) bool {
	first, last := cur.at, cur.at+cur.size-1
	end := s.at + s.size - 1
	touches := s.at >= first && end <= last
	if s.at < first && end >= first-1 {
		cur.at = s.at
		r.reversals++
		touches = true
	}
	if end >= last && s.at <= last+1 {
		last = end
		touches = true
	}
	if touches {
		cur.size = last - cur.at + 1
		r.overlaps++
	}
	return touches
}

// cutRange cuts the first range off a list. httpd: several commas are one.
func cutRange(v []byte) (one, rest []byte) {
	i := 0
	for i < len(v) && v[i] != ',' {
		i++
	}
	one = v[:i]
	for i < len(v) && v[i] == ',' {
		i++
	}
	return one, v[i:]
}

// parseRange reads one range of a body. Its size is 0 if it is beyond the end.
func parseRange(v []byte, size int64) (s span, ok bool) {
	dash := 0
	for dash < len(v) && v[dash] != '-' {
		dash++
	}
	switch dash {
	case len(v):
		return s, false
	case 0: // the last bytes
		n, ok := number(v[1:])
		if !ok || n < 1 {
			return s, false
		}
		n = min(n, size)
		return span{size - n, n}, true
	}
	at, ok := number(v[:dash])
	end := size - 1
	if ok && dash+1 < len(v) {
		end, ok = number(v[dash+1:])
		ok = ok && at <= end
	}
	if !ok {
		return s, false
	}
	return span{at, max(min(end, size-1)-at+1, 0)}, true
}

// number reads a number: digits and nothing else, not even blanks.
func number(v []byte) (n int64, ok bool) {
	for _, c := range v {
		if c < '0' || c > '9' || n > (1<<63-1-int64(c-'0'))/10 {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, len(v) > 0
}

// allowed reports whether the rules permit such ranges.
func (r *ranges) allowed(rules *exchange.FileRules) bool {
	within := func(n, limit int) bool { return limit < 0 || n <= limit }
	return within(len(r.spans), rules.Ranges) && within(r.overlaps, rules.Overlaps) && within(r.reversals, rules.Reversals)
}
