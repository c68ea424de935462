package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/logsink"
)

func TestFaultID(t *testing.T) {
	const id = "aXyBzKLmAAAAAgAB"
	for text, want := range map[string]string{
		id: id, " " + id + "\n": id, "": "", "short": "", "no id in these words, which are longer": "",
		"AH01114: x; answered 503; cause=backend-refused conn=new (GET /, www.test, ProxyPass / at /a.conf:1, id " + id + ")": id,
		"(GET /, www.test, id " + id + "), referer: http://x/, id bbbbbbbbbbbbbbbb)":                                          id,
		"(GET /, www.test, id " + id + "), referer: (x, id bbbbbbbbbbbbbbbb), referer: y":                                     id,
		`{"time":"2026-11-30T11:00:00.000000Z","id":"` + id + `","client":"192.0.2.1"}`:                                       id,
		`Proxy-Status: headgate; error=connection_refused; details="backend-refused, id ` + id + `"`:                          id,
		`headgate_http_failures_total{cause="x",mapping="ProxyPass /",vhost="main"} 1.0 # {cause_id="` + id + `"} 1.0 1.7e9`:  id,
		"<p>Reference: <code>" + id + "</code></p>":                                                                           id,
		"Reference: " + id: id, `192.0.2.1 - - "GET / HTTP/1.1" 502 - ` + id: id,
		"id " + strings.Repeat("x", 25): "",
	} {
		if got := faultID(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzFaultID: what is found is an id that was in the text, and an id at the end of a
// line of the error log is found whatever is in front of it and in the referer.
func FuzzFaultID(f *testing.F) {
	for _, s := range []string{"", "id aXyBzKLmAAAAAgAB", "x, id a), referer: ", `"id":"aXyBzKLmAAAAAgAB"`, "Reference: <code>", "a b c"} {
		f.Add(s, uint64(7), 3)
	}
	f.Fuzz(func(t *testing.T, text string, serial uint64, n int) {
		if got := faultID(text); got != "" && (!strings.Contains(text, got) || !wholeID.MatchString(got)) {
			t.Fatalf("%q: %q", text, got)
		}
		id := string(logsink.NewID(time.Unix(1796035100, 0), serial, n))
		line := "(GET /x, www.test, id " + id + "), referer: " + strings.ReplaceAll(text, "\n", " ")
		if got := faultID(line); got != id {
			t.Fatalf("%q: %q", line, got)
		}
	})
}
