package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
)

// FuzzAccess: whatever is in a .htaccess file, the request below it has a combination of
// sections or a fault, and the folder beside it is not disturbed.
func FuzzAccess(f *testing.F) {
	for _, text := range []string{
		"Require all denied\n", "<Files x>\n<If \"true\">\nHeader set a b\n</If>\n</Files>\n", "RewriteEngine On\nRewriteRule ^(.*)$ /x?$1 [L,QSA]\n",
		"<IfModule mod_x.c>\nJunk\n</IfModule>\n", "<Macro m $a>\nSetEnv $a b\n</Macro>\nUse m x\n", "Options +Indexes\nErrorDocument 404 \"%{REQUEST_URI}\n",
		"AuthType Basic\nAuthName x\nAuthUserFile /u\n<RequireAny>\nRequire user a\n</RequireAny>\n", "SetHandler proxy:http://127.0.0.1:1/\n",
		"<IfVersion >= 2.4>\nRedirect 301 / http://x/\n</IfVersion>\nAddType text/x .x\nExpiresByType text/x A1\n", "\\\n\\\n</Files>\n<", "Header set X \"expr=%{file:/etc/passwd}\"\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		for _, name := range []string{"a/f", "b/f"} {
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "a/.htaccess"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l := load(t, runtimeOf(t), "ServerName x\nListen 127.0.0.1:1\nDocumentRoot "+dir+"\n<Directory "+dir+">\nAllowOverride All\n</Directory>\n", false)
		if l.Snapshot == nil {
			t.Fatal(l.Found)
		}
		defer func() { <-l.Snapshot.Retire().Done() }()
		for _, name := range []string{"/a/f", "/b/f"} {
			x := &exchange.Exchange{Site: l.Snapshot.Main, Path: []byte(name), Filename: []byte(dir + name)}
			x.Store()
			chain, err := l.Snapshot.Main.Sections.ForTarget(x)
			if chain == nil || err != nil && name == "/b/f" {
				t.Fatalf("%s: %v, %v", name, chain, err)
			}
		}
	})
}
