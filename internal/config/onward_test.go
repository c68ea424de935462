package config_test

import (
	"fmt"
	"strings"
	"testing"
)

// A forward proxy starts only where not everybody may use it.
func TestOpenProxy(t *testing.T) {
	for _, c := range []struct {
		name, conf string
		open       bool
	}{
		{"no section", "", true},
		{"no rule", "<Proxy *>\nHeader set A b\n</Proxy>", true},
		{"granted", "<Proxy *>\nRequire all granted\n</Proxy>", true},
		{"granted in a container", "<Proxy *>\n<RequireAny>\nRequire ip 10.0.0.0/8\nRequire all granted\n</RequireAny>\n</Proxy>", true},
		{"all of it granted", "<Proxy *>\n<RequireAll>\nRequire all granted\n</RequireAll>\n</Proxy>", true},
		{"granted and more", "<Proxy *>\n<RequireAll>\nRequire all granted\nRequire ip 10.0.0.0/8\n</RequireAll>\n</Proxy>", false},
		{"by address", "<Proxy *>\nRequire ip 10.0.0.0/8\n</Proxy>", false},
		{"denied", "<Proxy *>\nRequire all denied\n</Proxy>", false},
		{"for one method", "<Proxy *>\n<Limit GET>\nRequire ip 10.0.0.0/8\n</Limit>\n</Proxy>", true},
		{"allow from all", "<Proxy *>\nOrder deny,allow\nAllow from all\n</Proxy>", true},
		{"allow from some", "<Proxy *>\nOrder deny,allow\nDeny from all\nAllow from 10.0.0.0/8\n</Proxy>", false},
		{"one server is closed", "<Proxy http://a.test/>\nRequire ip 10.0.0.0/8\n</Proxy>", true},
		{"http is closed, CONNECT is not", "<Proxy http://*>\nRequire ip 10.0.0.0/8\n</Proxy>", true},
		{"allow from some, and no deny", "<Proxy *>\nOrder deny,allow\nAllow from 10.0.0.0/8\n</Proxy>", true},
		{"an order only", "<Proxy *>\nOrder deny,allow\n</Proxy>", true},
		{"the other order only", "<Proxy *>\nOrder allow,deny\n</Proxy>", false},
		{"allow some by the other order", "<Proxy *>\nOrder allow,deny\nAllow from 10.0.0.0/8\n</Proxy>", false},
		{"deny all, allow all", "<Proxy *>\nOrder deny,allow\nDeny from all\nAllow from all\n</Proxy>", true},
		{"allow all, require all", "<Proxy *>\nOrder deny,allow\nAllow from all\nRequire all granted\n</Proxy>", true},
		{"allow all, require some", "<Proxy *>\nAllow from all\nRequire ip 10.0.0.0/8\n</Proxy>", false},
		{"allow for one method", "<Proxy *>\nOrder allow,deny\n<Limit CONNECT>\nAllow from all\n</Limit>\n</Proxy>", true},
		{"satisfy any, allow all", "<Proxy *>\nAllow from all\nRequire ip 10.0.0.0/8\nSatisfy Any\n</Proxy>", true},
		{"satisfy any, nothing denied", "<Proxy *>\nRequire ip 10.0.0.0/8\nSatisfy Any\n</Proxy>", true},
		{"satisfy any, allow some", "<Proxy *>\nOrder allow,deny\nAllow from 10.0.0.1\nRequire ip 10.0.0.0/8\nSatisfy Any\n</Proxy>", false},
		{"satisfy any, require all", "<Proxy *>\nOrder allow,deny\nAllow from 10.0.0.1\nRequire all granted\nSatisfy Any\n</Proxy>", true},
		{"no authentication and no rule", "<Proxy *>\nAuthType None\n</Proxy>", true},
		{"a location opens it", "<Proxy *>\nRequire ip 10.0.0.0/8\n</Proxy>\n<LocationMatch .>\nRequire all granted\n</LocationMatch>", true},
		{"a location that is no URL", "<Proxy *>\nRequire ip 10.0.0.0/8\n</Proxy>\n<Location />\nRequire all granted\n</Location>", false},
		{"the web is closed, programs are not", "<ProxyMatch ^(https?://|[^/]*$)>\nRequire ip 10.0.0.0/8\n</ProxyMatch>", true},
		{"meant", "HeadgateOpenProxy On", false},
		{"not meant", "HeadgateOpenProxy Off", true},
	} {
		found := fmt.Sprint(load(t, runtimeOf(t), "ServerName a.test\nListen 127.0.0.1:8080\nProxyRequests On\n"+c.conf+"\n", true).Found)
		if got := strings.Contains(found, "everybody could use this server as a proxy"); got != c.open {
			t.Errorf("%s: open %v, want %v: %s", c.name, got, c.open, found)
		}
		if c.open && !strings.Contains(found, "httpd.conf:3:") {
			t.Errorf("%s: no place: %s", c.name, found)
		}
	}
}
