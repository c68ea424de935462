package remoteip

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/syntax"
)

// read applies a configuration with this module's rows.
func read(t testing.TB, root, text string) (*directive.Scope, []directive.Diagnostic) {
	t.Helper()
	tree, _ := syntax.Parse("t.conf", text)
	return directive.Apply(tree, directive.Known().With(append(New().Rows, directive.Row{Name: "<VirtualHost>"})), directive.Options{ServerRoot: root})
}

// What httpd 2.4.71 says of arguments; "" where it takes them.
func TestArguments(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"list": "# c\n10.0.0.1 10.0.0.2 # x\n\n \"10.0.0.3\" \\\n 10.0.0.4\n", "bad": "10.0.0.1\n\nfoo/8 10.0.0.2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"RemoteIPHeader X-Forwarded-For":                              "",
		"RemoteIPProxiesHeader X-Forwarded-By":                        "",
		"RemoteIPInternalProxy 10.0.0.0/8 192.168.0.0/255.255.0.0 10": "",
		"RemoteIPInternalProxy 10.0.0.0/33":                           "RemoteIP: Error parsing IP 10.0.0.0/33 (The specified network mask is invalid. error) for RemoteIPInternalProxy",
		"RemoteIPTrustedProxy 10.0.0.300":                             "RemoteIP: Error parsing IP 10.0.0.300 (The specified IP address is invalid. error) for RemoteIPTrustedProxy",
		"RemoteIPInternalProxy foo/8":                                 "RemoteIP: Error parsing IP foo/8 the subnet /8 is invalid for RemoteIPInternalProxy",
		"RemoteIPInternalProxy ::ffff:1.2.3.4":                        "RemoteIP: Error parsing IP ::ffff:1.2.3.4 (The specified IP address is invalid. error) for RemoteIPInternalProxy",
		"RemoteIPTrustedProxyList list":                               "",
		"RemoteIPTrustedProxyList nofile":                             "RemoteIPTrustedProxyList: Could not open file " + dir + "/nofile: no such file or directory",
		"RemoteIPTrustedProxyList bad":                                "RemoteIP: Error parsing IP foo/8 the subnet /8 is invalid for RemoteIPTrustedProxyList at line 3 of " + dir + "/bad",
		"RemoteIPInternalProxyList .":                                 "RemoteIPInternalProxyList: Could not open file " + dir + ": it is no regular file",
		"RemoteIPProxyProtocol On":                                    "",
		"RemoteIPProxyProtocolExceptions":                             "RemoteIPProxyProtocolExceptions requires an argument",
		"RemoteIPProxyProtocolExceptions foo":                         "ip address 'foo' appears to be invalid",
		"RemoteIPProxyProtocolExceptions 10.0.0.0/33":                 "ip address '10.0.0.0' appears to be invalid: The specified network mask is invalid.",
		"RemoteIPProxyProtocolExceptions 10.0.0.0/8 ::1 10.":          "",
	} {
		_, found := read(t, dir, line+"\n")
		got := ""
		for _, d := range found {
			got += d.Text
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// A name stands for the addresses that it has while the configuration is read.
func TestNames(t *testing.T) {
	top, found := read(t, "", "RemoteIPInternalProxy localhost\n")
	c, _ := slot.Peek(top.Server)
	if directive.Blocking(found) || len(found) == 0 || found[0].Severity != directive.SeverityNote || !strings.Contains(found[0].Text, "localhost is 127.0.0.1 now") {
		t.Errorf("%v", found)
	}
	if len(c.proxies) != 1 || !c.proxies[0].internal {
		t.Errorf("%+v", c.proxies)
	}
}

// build builds the servers of a configuration and returns their sites, and what was
// warned of.
func build(t *testing.T, text string) (sites []*exchange.Site, warned string) {
	t.Helper()
	top, found := read(t, "", text)
	if directive.Blocking(found) {
		t.Fatal(found)
	}
	b := &module.Builder{Main: top, Hosts: top.Hosts(), Settings: new(snapshot.Settings), Part: new(snapshot.Part), Check: true}
	servers := []*module.Server{{Scope: top, Conf: top.Server, Own: top.Server, Site: new(exchange.Site)}}
	for i, h := range top.Hosts() {
		servers = append(servers, &module.Server{
			Scope: h, Own: h.Server, Conf: directive.MergeConfs(top.Server, h.Server), Site: new(exchange.Site),
			Addrs: []snapshot.Addr{{IP: netip.MustParseAddr("192.0.2.1"), Port: uint16(80 + i)}},
		})
	}
	for _, s := range servers {
		if err := server(b, s); err != nil {
			t.Fatal(err)
		}
		b.Part.Sites = append(b.Part.Sites, s.Site)
	}
	if err := finish(b); err != nil {
		t.Fatal(err)
	}
	for _, p := range b.Problems {
		warned += p.Pos.String() + ": " + p.Text + "\n"
	}
	return b.Part.Sites, warned
}

// Sites without a directive have no step and ask no connection.
func TestSites(t *testing.T) {
	sites, warned := build(t, "RemoteIPInternalProxy 10.0.0.1\n<VirtualHost a>\nRemoteIPHeader X\n</VirtualHost>\n<VirtualHost b>\nRemoteIPTrustedProxy 10.0.0.2\n</VirtualHost>\n")
	for i, want := range []int{0, 1, 0} {
		if got := len(sites[i].PostRead); got != want || sites[i].Early != (want > 0) || sites[i].Proxied != nil {
			t.Errorf("site %d has %d steps, %v", i, got, sites[i].Proxied)
		}
	}
	if want := "t.conf:5: RemoteIP proxy entries are configured in both the main server and this virtual host, they are merged\n"; warned != want {
		t.Errorf("warned %q", warned)
	}
}

// All sites know of all addresses; a setting that turns another around is warned of.
func TestProtocolSettings(t *testing.T) {
	for text, want := range map[string]string{
		"RemoteIPProxyProtocol Off\n":                                                                  "",
		"RemoteIPProxyProtocolExceptions 10\n":                                                         "",
		"RemoteIPProxyProtocol On\n":                                                                   "[0.0.0.0:0] []",
		"RemoteIPProxyProtocol On\nRemoteIPProxyProtocol On\n":                                         "[0.0.0.0:0] []",
		"RemoteIPProxyProtocol On\nRemoteIPProxyProtocol Off\n":                                        "t.conf:2: RemoteIPProxyProtocol: previous setting for 0.0.0.0:0 at t.conf:1 is being overridden; new setting is 'Off'\n",
		"<VirtualHost a>\nRemoteIPProxyProtocol On\n</VirtualHost>\nRemoteIPProxyProtocol Off\n":       "[192.0.2.1:80] [0.0.0.0:0]",
		"<VirtualHost a>\n</VirtualHost>\n<VirtualHost b>\nRemoteIPProxyProtocol On\n</VirtualHost>\n": "[192.0.2.1:81] []",
		"RemoteIPProxyProtocol On\n<VirtualHost a>\nRemoteIPProxyProtocol On\n</VirtualHost>\n":        "[0.0.0.0:0] []",
	} {
		sites, got := build(t, text)
		for _, s := range sites {
			if s.Proxied != sites[0].Proxied {
				t.Errorf("%q: sites differ", text)
			}
		}
		if p := sites[0].Proxied; p != nil {
			got += fmt.Sprint(p.On, " ", p.Off)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
