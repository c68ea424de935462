package pages

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// described has directives of many modules in every kind of section, an included
// file, a macro and conditions.
const described = `
AddModuleInfo mod_headers.c "See the <b>notes</b> of %{HOST}"
AddModuleInfo mod_proxy.c 'ours & theirs'
ProxyStatus Full
Timeout 47
KeepAliveTimeout 3
<Location /server-info>
SetHandler server-info
</Location>
<Proxy balancer://b1 stickysession=SID>
  BalancerMember http://127.0.0.1:9001 route=a
  BalancerMember "http://127.0.0.1:9002/x" route=b \
     loadfactor=2 status=+H
</Proxy>
ProxyPass /b1 balancer://b1
Header set X-A "a & <b> 'c' \"d\""
SetEnvIf Remote_Addr "^127\." local=1 !remote
RewriteEngine On
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteRule "^/old/(.*)" /new/$1 [R=301,L]
<Macro host $name>
<VirtualHost *:${port}>
ServerName $name.test
Header set X-Host $name
<Location /in-$name>
Require all denied
</Location>
</VirtualHost>
</Macro>
Use host one
Use host two
Include more.conf
<IfModule mod_headers.c>
<IfModule !mod_nothing.c>
Header set X-B b
</IfModule>
</IfModule>
<IfDefine NOTHING>
Header set Z z
</IfDefine>
<Directory />
  AllowOverride None
  <Files "*.html">
    Header set X-F f
    <If "%{REQUEST_URI} =~ m#/x#">
      Header set X-C c
    </If>
    <Else>
      Header unset X-C
    </Else>
  </Files>
</Directory>
<LocationMatch ^/m(.)>
  <Limit GET POST>
    Require local
  </Limit>
  <RequireAny>
    Require ip 10.0.0.0/8
    <RequireAll>
      Require env local
      Require not ip 192.168.1.1
    </RequireAll>
  </RequireAny>
</LocationMatch>
`

const more = `# a comment
ErrorDocument 404 "not & found"
<VirtualHost *:${port}>
ServerName vhost.test
AddModuleInfo mod_headers.c "the virtual host's <i>own</i>"
  <Location /deep>
	ProxyPass   http://127.0.0.1:9003/   retry=5
  </Location>
</VirtualHost>
`

var (
	numbered = regexp.MustCompile(`^\d*:\s*(.*)$`)
	named    = regexp.MustCompile(`<a name="([^"]*)"`)
	spaces   = regexp.MustCompile(`\s+`)
)

// added are the directives that the tests add to a configuration.
var added = strings.Fields("ServerLimit StartServers ThreadsPerChild ThreadLimit MinSpareThreads MaxSpareThreads MaxRequestWorkers Mutex " +
	"DefaultRuntimeDir User Group PidFile TypesConfig ErrorLog DocumentRoot Listen")

// configured are the lines of configuration in a page of server-info, without
// their numbers: where a line is continued or comes out of a macro, httpd counts
// otherwise.
func configured(page string) (out []string) {
	_, page, _ = strings.Cut(page, "<body")
	page = strings.NewReplacer("&nbsp;", " ", "</dd>", "\n", "</code>", "\n").Replace(page)
	for text := range strings.Lines(page) {
		text = html.UnescapeString(tag.ReplaceAllString(text, ""))
		text = strings.TrimSpace(spaces.ReplaceAllString(text, " "))
		if m := numbered.FindStringSubmatch(text); m != nil {
			text = m[1]
		} else if !strings.HasPrefix(text, "</") {
			continue
		}
		if name, _, _ := strings.Cut(text, " "); !slices.Contains(added, name) {
			out = append(out, strings.ReplaceAll(text, " >", ">"))
		}
	}
	return out
}

// TestInfo: server-info has the anchors of httpd's page in their order, the same
// modules, and the same lines of configuration, as a whole and for each module.
func TestInfo(t *testing.T) {
	h := testkit.NeedHttpd(t)
	site := testkit.Site{Conf: described, Files: map[string]string{"more.conf": more}}
	theirs := testkit.StartHttpd(t, site)
	port := theirs.Port
	site.Conf = h.LoadModules() + described
	ours := testkit.StartHeadgate(t, "", site)
	page := func(s *testkit.Server, query string) string {
		return askHost(t, s, "GET", "www.test", "/server-info"+query, nil)
	}
	anchors := func(s *testkit.Server) (out []string) {
		for _, m := range named.FindAllStringSubmatch(page(s, ""), -1) {
			if !strings.HasPrefix(m[1], "mod_headgate_") { // ours
				out = append(out, m[1])
			}
		}
		return out
	}
	want, got := anchors(theirs), anchors(ours)
	if !slices.Equal(got, want) || len(want) < 40 {
		t.Errorf("anchors\nhttpd: %v\nours:  %v", want, got)
	}
	for _, query := range append([]string{"config", "CONFIG", "hooks", "list", "nosuch"}, want...) {
		a, b := configured(page(theirs, "?"+query)), configured(strings.ReplaceAll(page(ours, "?"+query), ours.Port, port))
		if !slices.Equal(a, b) {
			t.Errorf("?%s\nhttpd: %s\nours:  %s", query, strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
	}
}
