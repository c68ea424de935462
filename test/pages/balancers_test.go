package pages

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// balanced has balancers of the main server and of virtual hosts, with members in
// every state that a configuration can name.
const balanced = `
ProxyStatus On
<Location /server-status>
SetHandler server-status
</Location>
<Proxy balancer://zz stickysession=SID|sid timeout=7>
  BalancerMember http://127.0.0.1:${o1} route=a
  BalancerMember http://127.0.0.1:${o2}/x route=b loadfactor=2.5
  BalancerMember http://127.0.0.1:${o1}/h status=+H
  BalancerMember http://127.0.0.1:${o2}/y status=+D
  BalancerMember http://127.0.0.1:${o2}/z status=+N
  BalancerMember http://127.0.0.1:${o2}/w status=+S
  BalancerMember http://127.0.0.1:${o2}/v status=+R
  BalancerMember http://127.0.0.1:${o2}/u status=+I lbset=3
  BalancerMember http://127.0.0.1:${o2}/t status=+E retry=600
  BalancerMember http://127.0.0.1:${o2}/s status=+D+H+N
</Proxy>
<Proxy balancer://aa>
  BalancerMember http://127.0.0.1:1 lbset=0
  BalancerMember http://127.0.0.1:${o1}/a redirect=zz lbset=2
  ProxySet lbmethod=bytraffic
</Proxy>
ProxyPass /zz balancer://zz
ProxyPass /aa balancer://aa
<VirtualHost *:${port}>
ServerName main.test
</VirtualHost>
<VirtualHost *:${port}>
ServerName own.test
<Proxy balancer://mm>
  BalancerMember http://127.0.0.1:${o1}/m
  BalancerMember http://127.0.0.1:${o2}/m
</Proxy>
<Proxy balancer://bb stickysession=ROUTE>
  BalancerMember http://127.0.0.1:${o2}/b
  ProxySet lbmethod=bybusyness
</Proxy>
ProxyPass /mm balancer://mm
ProxyPass /bb balancer://bb
</VirtualHost>
<VirtualHost *:${port}>
ServerName full.test
ProxyStatus Full
</VirtualHost>
<VirtualHost *:${port}>
ServerName off.test
ProxyStatus Off
</VirtualHost>
<VirtualHost *:${port}>
ServerName alone.test
BalancerInherit Off
ProxyPassInherit Off
</VirtualHost>
`

// askHost sends a request to a virtual host and returns the body of its response.
func askHost(t *testing.T, s *testkit.Server, method, host, path string, body io.Reader) string {
	t.Helper()
	q, err := http.NewRequest(method, "http://"+s.Addr()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	q.Host = host
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return string(b)
}

// balancerLines are the lines of ?auto that tell of balancers.
func balancerLines(page string) (out []string) {
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "ProxyBalancer[") {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}

var (
	heading = regexp.MustCompile(`<h[12]>(Proxy LoadBalancer[^<]*)</h[12]>`)
	table   = regexp.MustCompile(`(?s)<table.*?</table>`)
	cell    = regexp.MustCompile(`(?s)<(?:th|td)[^>]*>(.*?)</(?:th|td)>`)
	tag     = regexp.MustCompile(`<[^>]*>`)
)

// balancerCells are the headings of balancers, and the cells of the two tables of
// each. The numbers of bytes are left out: the pages word them differently.
func balancerCells(page string) (out []string) {
	for _, at := range heading.FindAllStringSubmatchIndex(page, -1) {
		out = append(out, page[at[2]:at[3]])
		for _, text := range table.FindAllString(page[at[1]:], 2) {
			for _, row := range strings.Split(text, "<tr")[1:] {
				var cells []string
				for _, m := range cell.FindAllStringSubmatch(row, -1) {
					cells = append(cells, strings.TrimSpace(tag.ReplaceAllString(m[1], "")))
				}
				if len(cells) == 11 {
					cells = cells[:9]
				}
				out = append(out, strings.Join(cells, " / "))
			}
		}
	}
	return out
}

// TestBalancers: server-status shows the balancers of each virtual host as httpd's
// does, for programs and for people.
func TestBalancers(t *testing.T) {
	testkit.NeedHttpd(t)
	o1, o2 := testkit.NewOrigin(t), testkit.NewOrigin(t)
	long, err := testkit.ParseAnswer([]string{"respond", "200", "-size", "70000"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o1.Default(long)
	site := testkit.Site{Conf: balanced, Vars: map[string]string{"o1": o1.Port(), "o2": o2.Port()}}
	theirs, ours := testkit.StartHttpd(t, site), testkit.StartHeadgate(t, "", site)
	for _, s := range []*testkit.Server{theirs, ours} {
		for range 7 {
			askHost(t, s, "GET", "main.test", "/zz/a", nil)
			askHost(t, s, "POST", "main.test", "/zz/b", strings.NewReader(strings.Repeat("x", 30000)))
			askHost(t, s, "GET", "main.test", "/aa/c", nil)
			askHost(t, s, "GET", "own.test", "/mm/d", nil)
			askHost(t, s, "GET", "own.test", "/bb/e", nil)
		}
	}
	for _, host := range []string{"main.test", "own.test", "full.test", "off.test", "alone.test"} {
		want := balancerLines(askHost(t, theirs, "GET", host, "/server-status?auto", nil))
		got := balancerLines(askHost(t, ours, "GET", host, "/server-status?auto", nil))
		if !slices.Equal(got, want) {
			t.Errorf("%s:\nhttpd:\n%s\nours:\n%s", host, strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
		want = balancerCells(askHost(t, theirs, "GET", host, "/server-status", nil))
		got = balancerCells(askHost(t, ours, "GET", host, "/server-status", nil))
		if !slices.Equal(got, want) {
			t.Errorf("%s:\nhttpd: %q\nours:  %q", host, want, got)
		}
	}
}
