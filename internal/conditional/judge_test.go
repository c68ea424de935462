package conditional

import (
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

func TestConditions(t *testing.T) {
	const monday, sunday = "Mon, 02 Jan 2006 15:04:05 GMT", "Sun, 01 Jan 2006 15:04:05 GMT"
	now, _ := ParseDate([]byte("Tue, 03 Jan 2006 15:04:05 GMT"))
	for _, c := range []struct {
		name, value string
		want        int
	}{
		{"If-Match", `"x"`, 200}, {"If-Match", `"y", "x"`, 200}, {"If-Match", `W/"x"`, 412}, {"If-Match", "*", 200}, {"If-Match", `"y"`, 412},
		{"If-None-Match", `"x"`, 304}, {"If-None-Match", `W/"x"`, 304}, {"If-None-Match", `"y,"`, 200}, {"If-None-Match", "*", 304},
		{"If-Modified-Since", monday, 304}, {"If-Modified-Since", sunday, 200}, {"If-Modified-Since", "nonsense", 200},
		{"If-Unmodified-Since", monday, 200}, {"If-Unmodified-Since", sunday, 412},
	} {
		x := new(exchange.Exchange)
		x.Times.Start, x.Req.Verb = now, message.GET
		x.Req.Header.Add([]byte(c.name), []byte(c.value))
		x.Resp.Header.AddID(message.ETag, []byte(`"x"`))
		x.Resp.Header.AddID(message.LastModified, []byte(monday))
		if got := Judge(x); got != c.want {
			t.Errorf("%s: %s: %d, want %d", c.name, c.value, got, c.want)
		}
	}
}

func TestParseDate(t *testing.T) {
	want := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, v := range []string{
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 6 Nov 1994 08:49:37 GMT", "x 06 Nov 1994 08:49:37 ",
	} {
		if got, ok := ParseDate([]byte(v)); !ok || !got.Equal(want) {
			t.Errorf("%q: %v %v", v, got, ok)
		}
	}
	for _, v := range []string{"", " ", "Sun,", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37"} {
		if got, ok := ParseDate([]byte(v)); ok {
			t.Errorf("%q: %v", v, got)
		}
	}
}

// FuzzDate: what is sent is read as the same moment.
func FuzzDate(f *testing.F) {
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT")
	f.Add("Sun Nov  6 08:49:37 1994")
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := ParseDate([]byte(s))
		if !ok {
			return
		}
		again, ok := ParseDate([]byte(at.Format(Fixdate)))
		if !ok || !again.Equal(at) {
			t.Errorf("%q: %v, then %v", s, at, again)
		}
	})
}
