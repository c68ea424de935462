package recipes

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// unavailable has a balancer for each line of "Why 503?".
const unavailable = `
LogLevel info
<Proxy balancer://app>
    BalancerMember http://127.0.0.1:${dead}
    BalancerMember http://127.0.0.1:${dead2}
    ProxySet forcerecovery=Off
</Proxy>
<Proxy balancer://session>
    BalancerMember http://127.0.0.1:${o} route=one
    BalancerMember http://127.0.0.1:${dead} route=two status=+D
    ProxySet stickysession=SID nofailover=On
</Proxy>
<Proxy balancer://status>
    BalancerMember http://127.0.0.1:${o}
    ProxySet failonstatus=503
</Proxy>
ProxyPass /app balancer://app
ProxyPass /none balancer://empty
ProxyPass /session balancer://session
ProxyPass /status balancer://status
RewriteEngine On
RewriteRule ^/pattern/(.*) balancer://$1/ [P]
`

// logged is a line of the log in the page.
var logged = regexp.MustCompile("`(AH[^`]*)`")

// TestWhy503 has every line that the page lists under "Why 503?" in the error log, as
// the page has it.
func TestWhy503(t *testing.T) {
	text, err := os.ReadFile("../../docs/recipes/load-balancing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "\n## Why 503?\n")
	if !ok {
		t.Fatal("the page has no such part")
	}
	var lines []string
	for _, m := range logged.FindAllStringSubmatch(part, -1) {
		lines = append(lines, m[1])
	}
	if len(lines) < 7 {
		t.Fatalf("the page has %d lines", len(lines))
	}
	origin := testkit.NewOrigin(t)
	origin.Default(testkit.MustAnswer("respond 503 starting"))
	for _, engine := range []string{"epoll", "goroutine"} {
		s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: unavailable, Vars: map[string]string{
			"o": origin.Port(), "dead": fmt.Sprint(testkit.FreePort(t)), "dead2": fmt.Sprint(testkit.FreePort(t)),
		}})
		for target, want := range map[string]int{"/none": 503, "/session": 503, "/status": 503, "/pattern/nowhere": 500} {
			ask(t, s, target, want)
		}
		ask(t, s, "/app", 503)
		ask(t, s, "/app", 503)
		for _, line := range lines {
			// The page calls every balancer app.
			pattern := strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, ".*")
			re := regexp.MustCompile(strings.ReplaceAll(pattern, "balancer://app", `balancer://\w+`))
			testkit.Eventually(t, "the line "+line, func() bool { return re.MatchString(s.Logs()) })
		}
	}
}

// ask sends a request with the session of the disabled member.
func ask(t *testing.T, s *testkit.Server, target string, want int) {
	t.Helper()
	c := testkit.Dial(t, s.Addr())
	defer c.Close()
	c.Send("GET " + target + " HTTP/1.1\r\nHost: www.test\r\nCookie: SID=x.two\r\n\r\n")
	if resp, err := c.Read("GET"); err != nil || resp.Status != want {
		t.Errorf("%s: %v, %v, want %d", target, resp, err, want)
	}
}
