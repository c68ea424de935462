package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Guests are read behind the files, and can use nothing of the machine.
func TestGuests(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "httpd.conf")
	if err := os.WriteFile(file, []byte("Define secret word\n<Macro m>\nServerAdmin a\n</Macro>\nServerName main\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, fault string }{
		{"<VirtualHost *:80>\n<IfModule mod_proxy.c>\nServerName a\n</IfModule>\n</VirtualHost>\n", ""},
		{"RewriteRule ^ ${map:x}\n", ""},
		{"ServerName ${secret}\n", "discovered:x:1: ${secret} is not allowed"},
		{"Include " + file + "\n", "Include is not allowed"},
		{"IncludeOptional " + file + "\n", "IncludeOptional is not allowed"},
		{"Define a b\n", "Define is not allowed"},
		{"Use m\n", "Use is not allowed"},
		{"LoadModule a b\n", "LoadModule is not allowed"},
		{"ServerRoot /\n", "ServerRoot is not allowed"},
		{"<Macro n>\n</Macro>\n", "Macro is not allowed"},
		{"<IfDefine secret>\nServerName a\n</IfDefine>\n", "IfDefine is not allowed"},
		{"<IfFile /etc/passwd>\nServerName a\n</IfFile>\n", "IfFile is not allowed"},
		{"<VirtualHost *:80>\n", "<VirtualHost> was not closed"},
		{"</VirtualHost>\n", "</VirtualHost> without matching <VirtualHost> section"},
	} {
		files := Read(Options{File: file, ServerRoot: dir})
		text := ""
		for _, e := range files.ReadGuest(Text{Name: "discovered:x", Text: tt.text}).Errors {
			text += e.Pos.String() + ": " + e.Text + "\n"
		}
		r := files.ReadGuest(Text{Name: "discovered:y", Text: "ServerName last\n"})
		if tt.fault == "" != (text == "") || !strings.Contains(text, tt.fault) {
			t.Errorf("%q: %q", tt.text, text)
		}
		if last := r.Root.Children[len(r.Root.Children)-1]; last.Args != "last" || last.Pos.String() != "discovered:y:1" {
			t.Errorf("%q changes the next one: %+v", tt.text, last)
		}
	}
}

func TestKept(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("httpd.conf", "ServerName a\nIncludeOptional more/*.conf\n<IfFile flag>\nServerName b\n</IfFile>\n")
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	put("more/a.conf", "ServerAdmin x\n")
	k := NewKept(nil)
	read := func() (text string) {
		for _, n := range Read(Options{File: "httpd.conf", ServerRoot: dir, FS: k}).Root.Children {
			text += n.Name + " " + n.Args + ";"
		}
		return text
	}
	was := read()
	k.Again()
	if was != "ServerName a;ServerAdmin x;" || k.Changed() != "" || k.Size() == 0 {
		t.Errorf("%q, %q changed", was, k.Changed())
	}
	for _, change := range []struct{ name, text string }{{"flag", ""}, {"more/b.conf", "ServerAdmin y\n"}, {"more/a.conf", "ServerAdmin z\n"}, {"httpd.conf", "Nonsense"}} {
		old, err := os.ReadFile(filepath.Join(dir, change.name))
		put(change.name, change.text)
		if k.Changed() == "" || read() != was {
			t.Errorf("%s: %q changed, now %q", change.name, k.Changed(), read())
		}
		if err == nil {
			put(change.name, string(old))
		} else if os.Remove(filepath.Join(dir, change.name)) != nil {
			t.Error("it is gone")
		}
		if k.Changed() != "" {
			t.Errorf("%s was changed back, and %q changed", change.name, k.Changed())
		}
	}
}
