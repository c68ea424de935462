package config_test

import (
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
	} {
		for _, conf := range []string{
			"ProxyPass / URL", "ProxyPassMatch ^/(.*)$ URL$1", "<Location />\nProxyPass URL\n</Location>", "ProxyPass / balancer://b/\nBalancerMember balancer://b URL",
			"RewriteEngine On\nRewriteRule ^ URL [P]", "<VirtualHost *:81>\nProxyPass / URL\n</VirtualHost>", "<Location />\nSetHandler \"proxy:URL\"\n</Location>",
		} {
			if strings.Contains(conf, "Rewrite") && target.says != "FTP is not supported" {
				continue // httpd: the module does not take fdpass:// for the beginning of a URL
			}
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
