package remoteip

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
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
