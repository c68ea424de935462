package soak

import (
	"fmt"
	"strings"
)

// common is the part that all configurations of the load share. A request of a row of the load
// has the same result in all of them.
const common = `Listen 127.0.0.1:${port}
Listen 127.0.0.1:${idle}
ErrorLog "${dir}/error.log"
ServerName soak.test
Timeout 10
KeepAliveTimeout 10
MaxKeepAliveRequests 0
ErrorDocument 404 /page
ErrorDocument 503 /page
ProxyPass /nothing !
ProxyPass /dead/ http://127.0.0.1:${dead}/
ProxyPass /mortal/ http://127.0.0.1:${mortal}/
ProxyPass /restless/ http://127.0.0.1:${restless}/
ProxyPass /silent/ http://127.0.0.1:${steady}/silent/ timeout=1
ProxyPass /crowd/ http://127.0.0.1:${steady}/crowd/ max=1 acquire=10
<LocationMatch /page$>
ProxyErrorOverride On
</LocationMatch>
`

// sites are the virtual hosts of every configuration: the first of their port,
// so that those after them get no requests. The port for idle connections
// has short timeouts.
const sites = `<VirtualHost *:${port} *:${third}>
ServerName soak.test
</VirtualHost>
<VirtualHost *:${idle}>
ServerName idle.test
Timeout 1
KeepAliveTimeout 300ms
ProxyPass / http://127.0.0.1:${steady}/
</VirtualHost>
`

// broken are the ends of configurations that must be refused.
var broken = []string{"Foo bar\n", "<Location /x>\n", "Include nowhere.conf\n", "KeepAliveTimeout never\n"}

// conf is the configuration of a round: workers, limits, logs, virtual hosts
// and a listener come and go, and every fifth is broken. Round 0 is the one for
// the idle moments.
func conf(round int) (text string, good bool) {
	var b strings.Builder
	b.WriteString(common + sites)
	fmt.Fprintf(&b, "CustomLog \"${dir}/access.%d.log\" \"%%h %%>s %%B %%X\"\n", round%3)
	for i := range round % 4 {
		fmt.Fprintf(&b, "ProxyPass /other%d/ http://127.0.0.1:${steady}/other%d/ timeout=%d\n", i, i, 10+round%5)
	}
	// Its state survives eight rounds, so that a slot that is not released is
	// noticed.
	fmt.Fprintf(&b, "ProxyPass /pool/ http://127.0.0.1:${steady}/pool/ max=%d keepalive=%s\n", 4-round%3, []string{"Off", "On"}[round/8%2])
	if round%2 == 0 {
		b.WriteString("ProxyPass / http://127.0.0.1:${steady}/\n")
	} else {
		b.WriteString("Listen 127.0.0.1:${third}\nErrorDocument 502 /mortal/page\n")
		b.WriteString("ProxyPass / http://127.0.0.1:${steady}/ max=200 timeout=11\n")
	}
	if round%3 == 1 {
		fmt.Fprintf(&b, "<VirtualHost *:${port}>\nServerName v%d.test\nProxyPass / http://127.0.0.1:${steady}/v/\n</VirtualHost>\n", round)
	}
	if round%5 == 4 {
		b.WriteString(broken[round/5%len(broken)])
		return b.String(), false
	}
	return b.String(), true
}
