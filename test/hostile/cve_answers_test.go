package hostile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// splitting are heads that a backend must not be able to send to a client. %s stands for the framing of a valid response.
var splitting = []struct{ name, head string }{
	{"nul in value", "HTTP/1.1 200 OK\r\nX: leak\x00\r\n%s"},
	{"bare cr in value", "HTTP/1.1 200 OK\r\nX: leak\rSet-Cookie: leak\r\n%s"},
	{"bare cr before lf", "HTTP/1.1 200 OK\r\nX: leak\r\r\n%s"},
	{"control in value", "HTTP/1.1 200 OK\r\nX: leak\x01\r\n%s"},
	{"esc in value", "HTTP/1.1 200 OK\r\nX: \x1b[0mleak\r\n%s"},
	{"del in value", "HTTP/1.1 200 OK\r\nX: leak\x7f\r\n%s"},
	{"empty name", "HTTP/1.1 200 OK\r\n: leak\r\n%s"},
	{"space in name", "HTTP/1.1 200 OK\r\nX leak: leak\r\n%s"},
	{"space before colon", "HTTP/1.1 200 OK\r\nX : leak\r\n%s"},
	{"nul in name", "HTTP/1.1 200 OK\r\nX\x00: leak\r\n%s"},
	{"cr in name", "HTTP/1.1 200 OK\r\nX\rY: leak\r\n%s"},
	{"high name", "HTTP/1.1 200 OK\r\nX\xe9: leak\r\n%s"},
	{"no colon", "HTTP/1.1 200 OK\r\nleak\r\n%s"},
	{"fold first", "HTTP/1.1 200 OK\r\n X: leak\r\n%s"},
	{"nul in fold", "HTTP/1.1 200 OK\r\nX: a\r\n leak\x00\r\n%s"},
	{"reason with cr", "HTTP/1.1 200 O\rSet-Cookie: leak\r\n%s"},
	{"reason with nul", "HTTP/1.1 200 leak\x00\r\n%s"},
	{"reason with tab", "HTTP/1.1 200 leak\tK\r\n%s"},
	{"reason with esc", "HTTP/1.1 200 \x1b[0mleak\r\n%s"},
	{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n%s"},
	{"length list", "HTTP/1.1 200 OK\r\nContent-Length: 4, 5\r\n\r\nleak"},
	{"bad length and coding", "HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nleak\r\n0\r\n\r\n"},
	{"coding gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\nleak\r\n0\r\n\r\n"},
	{"coding unknown", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nleak"},
	{"coding twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nleak\r\n0\r\n\r\n"},
	{"interim with nul", "HTTP/1.1 103 Early\r\nLink: leak\x00\r\n\r\nHTTP/1.1 200 OK\r\n%s"},
	{"interim with cr", "HTTP/1.1 103 Early\r\nLink: leak\rX: y\r\n\r\nHTTP/1.1 200 OK\r\n%s"},
	{"interim with empty name", "HTTP/1.1 103 Early\r\n: leak\r\n\r\nHTTP/1.1 200 OK\r\n%s"},
	{"interim with reason", "HTTP/1.1 103 leak\x00\r\n\r\nHTTP/1.1 200 OK\r\n%s"},
	{"interim with length", "HTTP/1.1 103 Early\r\nContent-Length: 4\r\n\r\nleakHTTP/1.1 200 OK\r\n%s"},
	{"interim with coding", "HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nleak\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n%s"},
	{"version 2", "HTTP/2.0 200 OK\r\n%s"},
	{"no status", "HTTP/1.1 leak\r\n%s"},
	{"four digits", "HTTP/1.1 2000 leak\r\n%s"},
}

// answerOf returns the answer of an origin that writes text, in one piece or byte by byte.
func answerOf(t *testing.T, text string, oneByOne bool, then ...string) testkit.Answer {
	t.Helper()
	words := []string{"write", text}
	if oneByOne {
		words = words[:0]
		for i := range len(text) {
			words = append(words, "write", text[i:i+1], ";")
		}
	}
	for _, s := range then {
		words = append(words, ";", s)
	}
	a, err := testkit.ParseAnswer(words, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestA06ResponseSplitting is CVE-2022-37436, CVE-2023-38709 and relatives: a response that two readers may read in two
// ways is replaced by a 502, no byte of it is passed on, and its connection is not used again.
func TestA06ResponseSplitting(t *testing.T) {
	segmented(t, func(t *testing.T, oneByOne bool) {
		s, o := start(t, "")
		for _, row := range splitting {
			text := row.head
			if strings.Contains(text, "%s") {
				text = fmt.Sprintf(text, "Content-Length: 4\r\n\r\nleak")
			}
			o.Next(answerOf(t, text, oneByOne))
			o.Forget()
			c := testkit.Dial(t, s.Addr())
			c.Send(get("/a") + get("/b"))
			r, err := c.Read("GET")
			if err != nil || r.Status != 502 || len(r.Interim) > 0 || leaks(r) {
				t.Errorf("%s: %+v, %v", row.name, r, err)
			} else if r, err = c.Read("GET"); err != nil || r.Status != 200 || string(r.Body) != "ok" {
				t.Errorf("%s: the next request: %+v, %v", row.name, r, err)
			}
			c.Close()
			if got := o.Requests(); len(got) != 2 || got[0].Conn == got[1].Conn {
				t.Errorf("%s: the backend got%s", row.name, lines(got))
			}
		}
	})
}

// leaks reports whether r has any part of a bad response.
func leaks(r *testkit.Response) bool {
	return strings.Contains(strings.ToLower(fmt.Sprint(r.Reason, r.Fields, string(r.Body))), "leak")
}

// TestA14ErrorPages is CVE-2019-10092: our own pages show no part of a request or a response unescaped.
func TestA14ErrorPages(t *testing.T) {
	t.Parallel()
	s, o := start(t, `
ServerSignature EMail
ServerAdmin "<script>@www.test"
UseCanonicalName Off
ProxyPass /404 !
<Location /403>
	Require all denied
</Location>
ErrorDocument 502 default
`)
	o.At("/502", testkit.MustAnswer("write 'HTTP/1.1 200 <script>\x01\r\n\r\n'"))
	const xss = "<script>alert(1)</script>"
	for text, want := range map[string]int{
		get("/404/" + xss): 404, get("/403/" + xss): 403, get("/404?" + xss): 404, get("/502"): 502, get("/" + xss + "#"): 400,
		"GET " + xss + " HTTP/1.1\r\nHost: h\r\n\r\n":                      400,
		"GET /404 HTTP/1.1\r\nHost: " + xss + "\r\n\r\n":                   400,
		"GET /404 HTTP/1.1\r\nHost: h\r\n" + xss + ": x\r\n\r\n":           400,
		"GET /404 HTTP/1.1\r\nHost: h\r\nX: \x00" + xss + "\r\n\r\n":       400,
		"POST /404 HTTP/1.1\r\nHost: h\r\nExpect: " + xss + "\r\n\r\n":     417,
		xss + " /404 HTTP/1.1\r\nHost: h\r\n\r\n":                          400,
		"GET /404 " + xss + "\r\nHost: h\r\n\r\n":                          400,
		"GET /404 HTTP/1.1\r\nHost: h\r\nReferer: " + xss + "\r\n\r\n":     404,
		"BREW /403 HTTP/1.1\r\nHost: h\r\nUser-Agent: " + xss + "\r\n\r\n": 403,
	} {
		r := ask(t, s, text)
		if status(r) != want || r != nil && strings.Contains(strings.ToLower(string(r.Body)), "<script") {
			t.Errorf("%q: %+v, want %d", text, r, want)
		}
	}
}

// TestTraceSecrets: TRACE shows no credentials.
func TestTraceSecrets(t *testing.T) {
	t.Parallel()
	for _, conf := range []string{"TraceEnable Off", "TraceEnable On", "TraceEnable extended"} {
		s, _ := start(t, conf)
		for _, more := range []string{"", "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"} {
			r := ask(t, s, "TRACE / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\nCookie: hidden\r\nAuthorization: hidden\r\nProxy-Authorization: hidden\r\n"+more+"\r\n")
			if status(r) == 0 || strings.Contains(string(r.Body), "hidden") || conf == "TraceEnable Off" && r.Status != 405 {
				t.Errorf("%s, %q: %+v", conf, more, r)
			}
		}
	}
}

// TestG10Logs: log lines have no raw bytes of a peer, and no request has two lines.
func TestG10Logs(t *testing.T) {
	t.Parallel()
	s, o := start(t, `
LogLevel info
LogFormat "%r|%U|%q|%u|%{User-Agent}i|%{Referer}i|%{Cookie}i|%{X}o|%{Host}i|%V|%m|%>s" all
CustomLog ${dir}/access.log all
ProxyPass /404 !
<Location /403>
	Require all denied
</Location>
`)
	asked := 0
	send := func(text string) {
		asked++
		if r := ask(t, s, text); r == nil {
			t.Errorf("%q: no response", text)
		}
	}
	for _, junk := range []string{
		"\x1b[31mred", "a\nb", "a\rb", "\xff\xfe", "\x7f", "\t", `"|\`, "\u2028\u202e", "%0a%1b", "\x00", "\x9b31m", "\n[Sat Nov 22 00:00:00.0 2025] [core:error] forged",
	} {
		for _, target := range []string{"/", "/404", "/403"} {
			send(get(target + junk))
			send(get(target + "?" + junk))
			send(get(target, "User-Agent: "+junk, "Referer: "+junk, "Cookie: "+junk))
			send("GET " + target + " HTTP/1.1\r\nHost: h" + junk + "\r\n\r\n")
			send("GET" + junk + " " + target + " HTTP/1.1\r\nHost: h\r\n\r\n")
			send("GET " + target + " HTTP/1.1" + junk + "\r\nHost: h\r\n\r\n")
			send("POST " + target + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5" + junk + "\r\n")
			send("GET " + target + " HTTP/1.1\r\nHost: h\r\nReferer: " + junk + "\r\nExpect: " + strings.Trim(junk, "\r\n\x00\x1b\x7f") + "x\r\n\r\n")
		}
		o.Next(answerOf(t, "HTTP/1.1 200 "+junk+"\r\nX: "+junk+"\r\nContent-Length: 2\r\n\r\nok", false, "close"))
		send(get("/" + fmt.Sprint(len(junk))))
		o.Next(answerOf(t, "HTTP/1.1 200 OK\r\n"+junk+"\r\nContent-Length: 2\r\n\r\nok", false, "close"))
		send(get("/bad"))
		o.Next(answerOf(t, junk, false, "close"))
		send(get("/worse"))
	}
	testkit.Eventually(t, "a line for each request", func() bool { return strings.Count(s.File("access.log"), "\n") >= asked })
	if n := strings.Count(s.File("access.log"), "\n"); n != asked {
		t.Errorf("%d access lines for %d requests", n, asked)
	}
	for _, file := range []string{"access.log", "error.log", "stderr.log"} {
		text := s.File(file)
		for i := range len(text) {
			if c := text[i]; c < ' ' && c != '\n' || c >= 0x7f {
				from := max(0, i-100)
				t.Errorf("%s holds a raw %#x: %q", file, c, text[from:i+1])
				break
			}
		}
	}
	for _, line := range strings.Split(s.File("error.log"), "\n") {
		if line != "" && !strings.Contains(line, "[pid ") {
			t.Errorf("a line of the error log that we did not begin: %q", line)
		}
	}
}
