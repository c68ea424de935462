package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBuiltIn: without any LoadModule all of httpd's modules count as loaded;
// with a LoadModule anywhere, only the loaded ones do.
func TestBuiltIn(t *testing.T) {
	for _, tt := range []struct {
		name, conf string
		force      bool
		want       string // marks that are read, then names of sections that are skipped
	}{
		{"ours", "<IfModule mod_ssl.c>\na\n</IfModule>\n<IfModule ssl_module>\nb\n</IfModule>", false, "a b |"},
		{"negated", "<IfModule !mod_ssl.c>\na\n</IfModule>\n<IfModule !mod_php.c>\nb\n</IfModule>", false, "b |"},
		{"third party", "<IfModule mod_security2.c>\na\n</IfModule>\nb", false, "b | mod_security2.c"},
		{"misspelled", "<IfModule mod_ssl>\na\n</IfModule>", false, "| mod_ssl (did you mean mod_ssl.c?)"},
		{"a slip", "<IfModule mod_poxy.c>\na\n</IfModule>\n<IfModule mod_porxy.c>\na\n</IfModule>", false, "| mod_poxy.c mod_porxy.c (did you mean mod_proxy.c?)"},
		{"the MPM is event", "<IfModule mpm_event_module>\na\n</IfModule>\n<IfModule mpm_prefork_module>\nb\n</IfModule>\n<IfModule worker.c>\nc\n</IfModule>", false, "a |"},
		{"nested", "<IfModule mod_proxy.c>\n<IfModule mod_ssl.c>\na\n</IfModule>\n<IfModule mod_wsgi.c>\nb\n</IfModule>\n</IfModule>", false, "a | mod_wsgi.c"},
		{"one is loaded", "LoadModule proxy_module x\n<IfModule mod_ssl.c>\na\n</IfModule>\n<IfModule mod_proxy.c>\nb\n</IfModule>", false, "b |"},
		{"one is loaded later", "<IfModule mod_ssl.c>\na\n</IfModule>\nLoadModule proxy_module x", false, "|"},
		{"mod_proxy must be there", "LoadModule proxy_wstunnel_module x\n<IfModule mod_proxy.c>\na\n</IfModule>\n<IfModule mod_ssl.c>\nb\n</IfModule>", false, "a b |"},
		{"mod_proxy is there", "LoadModule proxy_wstunnel_module x\nLoadModule proxy_module x\n<IfModule mod_ssl.c>\nb\n</IfModule>", false, "|"},
		{"mod_proxy_html needs no mod_proxy", "LoadModule proxy_html_module x\n<IfModule mod_proxy.c>\na\n</IfModule>", false, "|"},
		{"loaded when missing", "<IfModule !mod_ssl.c>\nLoadModule ssl_module x\n</IfModule>\n<IfModule mod_proxy.c>\na\n</IfModule>", false, "|"},
		{"a fragment", "LoadModule proxy_module x\n<IfModule mod_ssl.c>\na\n</IfModule>\n<IfModule mod_wsgi.c>\nb\n</IfModule>", true, "a | mod_wsgi.c"},
		{"third party loaded", "LoadModule wsgi_module x\n<IfModule mod_wsgi.c>\na\n</IfModule>", true, "a |"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "httpd.conf")
			if err := os.WriteFile(file, []byte(tt.conf+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			res := Read(Options{File: file, BuiltIn: tt.force, StaticModules: []string{"mpm_event_module"}})
			var got strings.Builder
			for _, n := range res.Root.Children {
				got.WriteString(n.Name + " ")
			}
			got.WriteString("|")
			for _, s := range res.Skipped {
				fmt.Fprintf(&got, " %s", s.Module)
				if s.Hint != "" {
					fmt.Fprintf(&got, " (%s)", s.Hint)
				}
			}
			if got.String() != tt.want || len(res.Errors) > 0 {
				t.Errorf("got %q %v, want %q", &got, res.Errors, tt.want)
			}
			if want := tt.force || len(res.Loaded) == 0 || tt.name == "mod_proxy must be there"; res.BuiltIn != want {
				t.Errorf("BuiltIn %v", res.BuiltIn)
			}
		})
	}
}
