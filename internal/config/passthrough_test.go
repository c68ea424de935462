package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/testkit"
)

// TestPassthrough: what can have no effect for connections that are passed on unread is refused by name.
func TestPassthrough(t *testing.T) {
	dir := t.TempDir()
	for name, text := range testkit.CertFiles() {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	host := func(lines string) string {
		return "<VirtualHost *:18080>\nServerName a.test\n" + lines + "\n</VirtualHost>\n"
	}
	const target = "HeadgatePassthrough tcp://127.0.0.1:1"
	const requests = ": it is about requests, which are not read"
	for _, c := range []struct{ conf, says string }{
		{host(target), ""},
		{host("HeadgatePassthrough tcp://[::1]:1/ timeout=5 proxyprotocol=v1"), ""},
		{host("HeadgatePassthrough unix:/run/x.sock|tcp://x"), ""},
		{host("HeadgatePassthrough balancer://b") + "BalancerMember balancer://b tcp://127.0.0.1:1\nBalancerMember balancer://b tcp://127.0.0.1:2 status=+H hcmethod=TCP", ""},
		{host(target + "\n<Location \"/\">\n<RequireAll>\nRequire ip 10.0.0.0/8\nRequire not ip 10.1.0.0/16\n</RequireAll>\n</Location>"), ""},
		{host(target + "\n<Proxy *>\nRequire local\n</Proxy>\nSSLEngine off\nCustomLog x.log common"), ""},
		{"<VirtualHost *:18080>\nServerName b.test\nSSLEngine on\nSSLCertificateFile certs/a.crt\nSSLCertificateKeyFile certs/a.key\n</VirtualHost>\n" + host(target), ""},
		{host(target) + "<VirtualHost *:18080>\nServerName b.test\n</VirtualHost>", ""},

		{"<VirtualHost *:18080>\nServerName b.test\n</VirtualHost>\n" + host(target), "httpd.conf:6: HeadgatePassthrough: the first virtual host of the address"},
		{target, "HeadgatePassthrough: not allowed here: it is for a <VirtualHost>"},
		{host("HeadgatePassthrough"), "HeadgatePassthrough"},
		{host("HeadgatePassthrough http://127.0.0.1:1"), "the target must be tcp://host:port or balancer://name"},
		{host("HeadgatePassthrough !"), "the target must be tcp://host:port or balancer://name"},
		{host("HeadgatePassthrough tcp://127.0.0.1:1/path"), "the target must be tcp://host:port or balancer://name"},
		{host("HeadgatePassthrough tcp://127.0.0.1"), "a target by tcp:// must have a port"},
		{host("HeadgatePassthrough tcp://127.0.0.1:1 nothing=1"), "unknown Worker"},
		{host(target + "\n" + target), "is the target already"},
		{host("HeadgatePassthrough balancer://b") + "BalancerMember balancer://b http://127.0.0.1:1", "the member http://127.0.0.1:1 of balancer://b must be one by tcp://"},
		{host("HeadgatePassthrough balancer://b") + "BalancerMember balancer://b tcp://127.0.0.1:1 hcmethod=GET", "cannot be checked by hcmethod=GET"},
		{"ProxyPass / tcp://127.0.0.1:1", "tcp:// is for connections that are passed on unread: HeadgatePassthrough"},
		{host(target + "\nHeader set A b"), "httpd.conf:4: Header" + requests},
		{host(target + "\nProxyPass / http://127.0.0.1:1/"), "httpd.conf:4: ProxyPass" + requests},
		{host("RewriteEngine on\n" + target), "httpd.conf:3: RewriteEngine" + requests},
		{host(target + "\nSSLEngine on\nSSLCertificateFile certs/a.crt\nSSLCertificateKeyFile certs/a.key"), "httpd.conf:4: SSLEngine: with HeadgatePassthrough the backends have the certificates"},
		{host(target + "\nDocumentRoot /tmp"), "httpd.conf:4: DocumentRoot" + requests},
		{host(target + "\n<Directory />\nRequire all denied\n</Directory>"), "httpd.conf:4: <Directory>" + requests},
		{host(target + "\n<If true>\nRequire all denied\n</If>"), "httpd.conf:4: <If>" + requests},
		{host(target + "\n<Location /admin>\nRequire all denied\n</Location>"), "httpd.conf:4: <Location>: only <Location \"/\"> can hold"},
		{host(target + "\n<Location />\nRequire valid-user\n</Location>"), "httpd.conf:5: Require: Require valid-user needs a request"},
		{host(target + "\n<Location />\n<RequireAny>\nRequire method GET\n</RequireAny>\n</Location>"), "httpd.conf:6: Require: Require method GET needs a request"},
		{host(target + "\n<Location />\n<RequireAll>\nRequire ip 10.0.0.1\nRequire not expr true\n</RequireAll>\n</Location>"), "httpd.conf:7: Require: Require expr true needs a request"},
		{host(target + "\n<Location />\nAuthType Basic\n</Location>"), "httpd.conf:5: AuthType" + requests},
		{host(target + "\n<Proxy *>\nOrder deny,allow\n</Proxy>"), "httpd.conf:5: Order" + requests},
		{host(target + "\n<IfModule proxy_module>\nHeader set A b\n</IfModule>"), "httpd.conf:5: Header" + requests},
	} {
		l := config.Load(config.Options{
			File: filepath.Join(dir, "httpd.conf"), Text: c.conf + "\nListen 127.0.0.1:18080\nServerName x\n", ServerRoot: dir, Version: "test", Check: true,
		}, runtimeOf(t), modules.All())
		var found []string
		for _, f := range l.Found {
			found = append(found, strings.ReplaceAll(f.String(), dir+"/httpd.conf", "httpd.conf"))
		}
		if l.OK() != (c.says == "") || c.says != "" && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.says) }) {
			t.Errorf("%s\nwant %q\nfound %q", c.conf, c.says, found)
		}
	}
}
