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
