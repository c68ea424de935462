package tomcat

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

const compared = `ProxyPass /t ajp://127.0.0.1:${t1}/t secret=` + secret + `
ProxyPass /examples ajp://127.0.0.1:${t1}/examples secret=` + secret + ` ping=5
ProxyPass /wrong ajp://127.0.0.1:${t1}/t/ secret=another
ProxyPass /outer/ ajp://127.0.0.1:${t1}/t/
ProxyPassReverse /outer/ ajp://127.0.0.1:${t1}/t/
ProxyPassReverse /outer/ http://www.test/t/
ProxyIOBufferSize ${packet}
<Proxy ajp://127.0.0.1:${t1}/t>
    ProxySet secret=` + secret + `
</Proxy>
<Location /t/user/>
    ProxyPass ajp://127.0.0.1:${t1}/t/
    AuthType Basic
    AuthName a
    AuthBasicProvider anon
    Anonymous bob
    Require valid-user
    SetEnv AJP_one "some value"
</Location>
`

var targets = []string{
	"/t/dump.jsp", "/t/dump.jsp?a=1&b=%20", "/t/dump.jsp;x=y?q", "/t/user/dump.jsp", "/t/x/../dump.jsp", "/t//dump.jsp", "/t/none.jsp", "/t/", "/t",
	"/t/respond.jsp?how=404", "/t/respond.jsp?how=500", "/t/respond.jsp?how=403", "/outer/respond.jsp?how=redirect", "/t/respond.jsp?how=empty",
	"/t/respond.jsp?how=nothing", "/t/respond.jsp?how=unchanged", "/t/respond.jsp?how=flush", "/t/respond.jsp?how=large", "/t/respond.jsp?how=fields",
	"/t/respond.jsp?how=unread", "/t/file.hgt", "/wrong/dump.jsp", "/examples/", "/examples/servlets/", "/examples/servlets/servlet/RequestParamExample?a=b",
	"/examples/servlets/servlet/HelloWorldExample", "/examples/jsp/jsp2/el/basic-arithmetic.jsp", "/examples/none",
}

var heads = []string{
	"GET %s HTTP/1.1\r\nHost: www.test\r\nX-A: 1\r\n\r\n",
	"GET %s HTTP/1.1\r\nHost: Other.test:8080\r\nAccept-Language: de\r\nCookie: a=b; c=d\r\nAuthorization: Basic Ym9iOng=\r\nIf-None-Match: \"x\"\r\nRange: bytes=0-3\r\n\r\n",
	"HEAD %s HTTP/1.1\r\nHost: www.test\r\n\r\n",
	"OPTIONS %s HTTP/1.1\r\nHost: www.test\r\n\r\n",
	"PATCH %s HTTP/1.1\r\nHost: www.test\r\nContent-Length: 2\r\n\r\nxy",
	"POST %s HTTP/1.1\r\nHost: www.test\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
	"POST %s HTTP/1.1\r\nHost: www.test\r\nContent-Length: 0\r\n\r\n",
	"POST %s HTTP/1.1\r\nHost: www.test\r\nContent-Length: 100000\r\n\r\n" + "@",
	"POST %s HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + "@" + "\r\n0\r\n\r\n",
	"POST %s HTTP/1.1\r\nHost: www.test\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
}

// TestResponses compares every request of the lists above, with packets of the usual and of another size.
func TestResponses(t *testing.T) {
	testkit.NeedHttpd(t)
	c := start(t, "tomcat1")[0]
	for packet, port := range map[string]string{"8192": c.port, "20480": c.large} {
		t.Run(packet, func(t *testing.T) {
			play := func(s *testkit.Server) (out []string) {
				for _, head := range heads {
					for _, target := range targets {
						out = append(out, ask(t, s, strings.Replace(fmt.Sprintf(head, target), "@", testkit.Pattern(100000), 1)))
					}
				}
				return out
			}
			site := testkit.Site{Conf: compared, Vars: map[string]string{"t1": port, "packet": packet}}
			_ = play(testkit.StartHeadgate(t, "", site)) // Tomcat compiles its pages
			want := play(testkit.StartHttpd(t, site))
			got := play(testkit.StartHeadgate(t, "", site))
			for i := range want {
				if want[i] != got[i] {
					t.Errorf("%.40q %s\nhttpd:\n%s\nheadgate:\n%s", heads[i/len(targets)], targets[i%len(targets)], want[i], got[i])
				}
			}
			t.Logf("%d requests compared", len(want))
		})
	}
}

// ask sends one request and prints its response, without how it is delimited and what depends on the moment.
func ask(t *testing.T, s *testkit.Server, text string) string {
	c := testkit.Dial(t, "127.0.0.1:"+s.Port)
	defer c.Close()
	c.Send(text)
	method, _, _ := strings.Cut(text, " ")
	r, err := c.ReadHead(method)
	for err == nil && r.Status < 200 {
		r, err = c.ReadHead(method)
	}
	if err == nil {
		err = c.ReadBody(r)
	}
	if err != nil {
		return err.Error()
	}
	lines := []string{fmt.Sprint(r.Status, " ", r.Reason)}
	for _, f := range r.Fields {
		if !slices.Contains([]string{"Date", "Server", "Connection", "Keep-Alive", "Retry-After", "Transfer-Encoding", "Content-Length"}, f.Name) {
			lines = append(lines, f.String())
		}
	}
	slices.Sort(lines)
	body := testkit.Digest(r.Body)
	if r.Status == 401 { // the server's own page
		body = ""
	}
	return sessions.ReplaceAllString(strings.ReplaceAll(strings.Join(lines, "\n")+"\n\n"+body, ":"+s.Port, ":<port>"), "<session>")
}

var sessions = regexp.MustCompile(`\b[0-9A-F]{32}\b`)
