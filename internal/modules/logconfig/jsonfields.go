package logconfig

import (
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/exchange"
)

// jsonField is one field of a JSON log. Its value is null where there is none.
type jsonField struct {
	name     string
	original bool // of the original request, after an internal redirect
	late     bool // known only when all bytes have moved
	value    value
}

// jsonFields is the schema, in the order of "*". Fields are added at its end; what is here
// keeps its name, its type and its meaning. docs/logging.md has the table.
var jsonFields = [...]jsonField{
	{"time", false, false, jsonTime},
	{"id", false, false, text(func(x *exchange.Exchange) []byte { return x.LogID })},
	{"client", false, false, text(func(x *exchange.Exchange) []byte {
		if x.Client == nil {
			return nil
		}
		return x.ClientIP()
	})},
	{"host", false, false, text(func(x *exchange.Exchange) []byte { return x.Req.Host })},
	{"vhost", false, false, words(func(x *exchange.Exchange) string {
		if x.Site == nil {
			return ""
		}
		return x.Site.Name
	})},
	{"user", false, false, text(func(x *exchange.Exchange) []byte { return x.User })},
	{"method", true, false, text(func(x *exchange.Exchange) []byte { return x.Req.Method })},
	{"path", true, false, jsonPath},
	{"query", true, false, text(func(x *exchange.Exchange) []byte { return x.Args })},
	{"protocol", false, false, quoted(protocol)},
	{"status", false, false, jsonStatus},
	{"bytes_in", false, true, bytesIn},
	{"bytes_out", false, true, bytesOut},
	{"body_bytes", false, false, bodyBytes},
	{"duration_us", false, true, durationUS},
	{"first_byte_us", false, false, jsonFirstByte},
	{"connection", false, true, jsonConnection},
	{"referer", false, false, requestField("Referer")},
	{"user_agent", false, false, requestField("User-Agent")},
	{"handler", true, false, words(func(x *exchange.Exchange) string { return x.HandlerName })},
	{"mapping", false, false, jsonMapping},
	{"balancer", false, false, variable("BALANCER_NAME")},
	{"member", false, false, ofTry(func(dst []byte, t *exchange.Try) []byte { return appendJSONText(dst, t.Worker) })},
	{"backend", false, false, ofTry(func(dst []byte, t *exchange.Try) []byte { return appendJSONWords(dst, t.Addr) })},
	{"backend_status", false, false, ofTry(func(dst []byte, t *exchange.Try) []byte { return appendPositive(dst, int64(t.Status)) })},
	{"tries", false, false, func(dst []byte, x *exchange.Exchange) []byte {
		return strconv.AppendInt(dst, int64(x.Tries.Begun()), 10)
	}},
	{"reused", false, false, ofTry(func(dst []byte, t *exchange.Try) []byte { return strconv.AppendBool(dst, t.Reused) })},
	{"queue_us", false, false, tryTime(func(t *exchange.Try) time.Duration { return t.Queue })},
	{"resolve_us", false, false, tryTime(func(t *exchange.Try) time.Duration { return t.Resolve })},
	{"connect_us", false, false, tryTime(func(t *exchange.Try) time.Duration { return t.Connect })},
	{"handshake_us", false, false, tryTime(func(t *exchange.Try) time.Duration { return t.Handshake })},
	{"backend_first_byte_us", false, false, tryTime(func(t *exchange.Try) time.Duration { return t.FirstByte })},
	{"backend_us", false, false, tryTime(func(t *exchange.Try) time.Duration { return t.Took })},
	{"tls", false, false, quoted(tlsVar("SSL_PROTOCOL"))},
	{"cause", false, false, ofNote("HEADGATE_CAUSE")},
	{"error", false, false, words(func(x *exchange.Exchange) string {
		if x.Fault == nil {
			return ""
		}
		return x.Fault.Error()
	})},
	{"side", false, false, ofNote("HEADGATE_SIDE")},
	{"phase", false, false, ofNote("HEADGATE_PHASE")},
	{"limit", false, false, ofNote("HEADGATE_LIMIT")},
}

// jsonTables are sources of a name each: "req.X-Tenant".
var jsonTables = [...]struct {
	name  string
	build func(name string) value
}{
	{"req", requestField},
	{"resp", func(name string) value { return quoted(headerOut(name)) }},
	{"env", variable},
	{"note", func(name string) value { return quoted(note(name)) }},
	{"cookie", func(name string) value { return quoted(cookie(name)) }},
}

// text makes the value of bytes that belong to the exchange.
func text(of func(*exchange.Exchange) []byte) value {
	return func(dst []byte, x *exchange.Exchange) []byte { return appendJSONOr(dst, of(x)) }
}

// words makes the value of a text of ours.
func words(of func(*exchange.Exchange) string) value {
	return func(dst []byte, x *exchange.Exchange) []byte { return appendJSONWords(dst, of(x)) }
}

func appendJSONWords(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, null...)
	}
	return appendJSONText(dst, s)
}

// appendPositive appends a number, null for 0.
func appendPositive(dst []byte, n int64) []byte {
	if n == 0 {
		return append(dst, null...)
	}
	return strconv.AppendInt(dst, n, 10)
}

// ofTry makes the value of the latest try, null without one.
func ofTry(of func([]byte, *exchange.Try) []byte) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		t := x.Tries.Last()
		if t == nil {
			return append(dst, null...)
		}
		return of(dst, t)
	}
}

// tryTime is ofTry for a time in microseconds; null: it did not get that far.
func tryTime(of func(*exchange.Try) time.Duration) value {
	return ofTry(func(dst []byte, t *exchange.Try) []byte {
		d := of(t)
		if d <= 0 {
			return append(dst, null...)
		}
		return appendMicros(dst, d)
	})
}

// requestField is the value of a header field of the request; further ones of
// the name are joined.
func requestField(name string) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		h := &x.Req.Header
		i := h.Next(0, name)
		if i < 0 {
			return append(dst, null...)
		}
		if h.Next(i+1, name) < 0 {
			return appendJSONText(dst, h.At(i).Value)
		}
		all, _ := exchange.AppendMerged(x.Arena.Alloc(256), h, name)
		return appendJSONText(dst, all)
	}
}

// variable is the value of an environment variable.
func variable(name string) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		v, ok := x.Env.Get(name)
		if !ok {
			return append(dst, null...)
		}
		return appendJSONText(dst, v)
	}
}

// jsonTime is when the request began, in UTC (RFC 3339).
func jsonTime(dst []byte, x *exchange.Exchange) []byte {
	return begin(x).UTC().AppendFormat(dst, `"2006-01-02T15:04:05.000000Z"`)
}

func jsonPath(dst []byte, x *exchange.Exchange) []byte {
	if len(x.Path) > 0 {
		return appendJSONOr(dst, x.Path)
	}
	return appendJSONOr(dst, x.Req.Path)
}

func jsonStatus(dst []byte, x *exchange.Exchange) []byte { return appendPositive(dst, int64(x.Status)) }

func jsonFirstByte(dst []byte, x *exchange.Exchange) []byte {
	if x.Times.FirstByte.IsZero() || x.Times.Start.IsZero() {
		return append(dst, null...)
	}
	return appendMicros(dst, x.Times.FirstByte.Sub(x.Times.Start))
}

// jsonConnection says what became of the connection, as %X does.
func jsonConnection(dst []byte, x *exchange.Exchange) []byte {
	var mark [1]byte
	switch connStatus(mark[:0], x)[0] {
	case 'X':
		return append(dst, `"aborted"`...)
	case '+':
		return append(dst, `"kept"`...)
	}
	return append(dst, `"closed"`...)
}

// jsonMapping is the rule that decided where the request went, with its place.
func jsonMapping(dst []byte, x *exchange.Exchange) []byte {
	if x.Mapping == nil {
		return append(dst, null...)
	}
	dst = appendJSONText(dst, x.Mapping.Rule)
	dst = append(dst[:len(dst)-1], " at "...)
	at := len(dst)
	dst = appendJSONText(dst, x.Mapping.Place)
	return append(dst[:at], dst[at+1:]...)
}

// ofNote is the value of a note about what went wrong; null: nothing did.
func ofNote(name string) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		v, _ := x.Notes.Get(name)
		return appendJSONOr(dst, v)
	}
}
