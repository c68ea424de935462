package config_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
)

// TestRefusedSchemes: backends by FTP, and processes that would be handed a client, are refused with the reason, wherever
// they are named.
func TestRefusedSchemes(t *testing.T) {
	dir := t.TempDir()
	for _, target := range []struct{ url, says string }{
		{"ftp://127.0.0.1/", "FTP is not supported"}, {"unix:/run/x|fdpass://x/", "mod_proxy_fdpass"},
		{"tcp://127.0.0.1:1", "HeadgatePassthrough"},
	} {
		for _, conf := range []string{
			"ProxyPass / URL", "ProxyPassMatch ^/(.*)$ URL$1", "<Location />\nProxyPass URL\n</Location>", "ProxyPass / balancer://b/\nBalancerMember balancer://b URL",
			"RewriteEngine On\nRewriteRule ^ URL [P]", "<VirtualHost *:81>\nProxyPass / URL\n</VirtualHost>", "<Location />\nSetHandler \"proxy:URL\"\n</Location>",
		} {
			l := config.Load(config.Options{
				File: filepath.Join(dir, "httpd.conf"), Text: strings.ReplaceAll(conf, "URL", target.url) + "\nListen 127.0.0.1:18080\nServerName x\n", ServerRoot: dir, Version: "test", Check: true,
			}, runtimeOf(t), modules.All())
			said := ""
			for _, f := range l.Found {
				if f.Blocks() {
					said += f.Text + "\n"
				}
			}
			if !strings.Contains(said, target.says) {
				t.Errorf("%s, %s: %q", conf, target.url, said)
			}
		}
	}
}

// TestPassMember: requests cannot be sent to members that are for connections passed on unread.
func TestPassMember(t *testing.T) {
	for _, rule := range []string{"ProxyPass / balancer://b/", "ProxyPassMatch ^/x balancer://b", "<Location /a>\nProxyPass balancer://b/\n</Location>"} {
		l := load(t, runtimeOf(t), "Listen 127.0.0.1:18080\nServerName x\nBalancerMember balancer://b tcp://127.0.0.1:1\n"+rule+"\n", true)
		if said := fmt.Sprint(l.Found); l.OK() || !strings.Contains(said, "tcp://127.0.0.1:1 is for connections that are passed on unread") {
			t.Errorf("%s: %s", rule, said)
		}
	}
}
