package source

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
)

// readFiles reads /srv/httpd.conf from a map of names below /srv.
func readFiles(files map[string]string, change ...func(*Options)) *Result {
	c := testCase{files: files}
	o := c.options()
	o.Pre = nil
	for _, f := range change {
		f(&o)
	}
	return Read(o)
}

func texts(ds []Diagnostic) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.String())
	}
	return out
}

func TestAllErrorsComeInOneGo(t *testing.T) {
	res := readFiles(map[string]string{
		"httpd.conf": `Include missing.conf
<VirtualHost *:80>
Include a.conf
<Location />
</Locaton>
<IfModule nope>
</VirtualHost>
<Macro bad $a $a>
</VirtualHost>
</Macro>
Use bad 1
Use worse
<IfVersion ??>
  Include inside-a-skipped-body
</IfVersion>
ServerRoot nowhere
Error "stop"
<IfModule core.c>
ServerAdmin x
</IfModule> # closes it all the same
Include missing2.conf
<Directory /x>
`,
		"a.conf": "</Foo>\nInclude b-*.conf\n<Files x>\n",
	})
	want := []string{
		"/srv/httpd.conf:1: Include: Could not open configuration file /srv/missing.conf: No such file or directory",
		"/srv/a.conf:1: Foo: </Foo> without matching <Foo> section",
		"/srv/a.conf:2: Include/IncludeOptional: No matches for the wildcard 'b-*.conf' in '/srv', failing",
		"/srv/a.conf:3: <Files> was not closed.",
		"/srv/httpd.conf:5: Locaton: Expected </Location> but saw </Locaton>",
		"/srv/httpd.conf:6: IfModule: Expected </IfModule> but saw </VirtualHost> (seen at /srv/httpd.conf:7)",
		"/srv/httpd.conf:8: Macro: argument name conflict in macro 'bad' (defined on line 8 of \"/srv/httpd.conf\"): argument '$a': #1 and #2, change argument names!",
		"/srv/httpd.conf:12: Use: macro 'worse' undefined",
		"/srv/httpd.conf:13: IfVersion: Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers.",
		"/srv/httpd.conf:16: ServerRoot must be a valid directory",
		"/srv/httpd.conf:17: Error: stop",
		"/srv/httpd.conf:20: IfModule: </IfModule> without matching <IfModule> section",
		"/srv/httpd.conf:21: Include: Could not open configuration file /srv/missing2.conf: No such file or directory",
		"/srv/httpd.conf:22: <Directory> was not closed.",
	}
	if got := texts(res.Errors); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestResult(t *testing.T) {
	res := readFiles(map[string]string{
		"httpd.conf": "LoadModule ssl_module modules/mod_ssl.so\nLoadFile a.so b.so\nServerRoot /srv/sub\n" +
			"<IfModule mod_ssl.c>\nInclude x.conf\n</IfModule>\nDefine one two\nDefine three\n",
		"sub/x.conf": "Listen ${port}\n",
	}, func(o *Options) {
		o.Defines = []string{"SSL"}
		o.Pre, o.Post = []string{`Define port 80\`}, []string{"ServerAdmin z"}
	})
	if len(res.Errors) != 0 {
		t.Fatal(res.Errors)
	}
	if got, want := syntax.Format(res.Root), "Listen 80\\ \nServerAdmin z\n"; got != want {
		t.Errorf("tree %q, want %q", got, want)
	}
	if got := fmt.Sprint(res.Loaded, res.Libraries, res.Defines, res.ServerRoot, res.Files); got !=
		"[{ssl_module modules/mod_ssl.so /srv/httpd.conf:1}] [{ a.so /srv/httpd.conf:2} { b.so /srv/httpd.conf:2}] "+
			`map[SSL: one:two port:80\ three:]/srv/sub[/srv/httpd.conf /srv/sub/x.conf]` {
		t.Error(got)
	}
	if got := fmt.Sprint(res.Included); got != "[{/srv/httpd.conf - 0} {/srv/sub/x.conf /srv/httpd.conf:5 1}]" {
		t.Error(got)
	}
	if !res.HasModule("ssl_module") || !res.HasModule("mod_ssl.c") || res.HasModule("ssl") || !res.IsDefined("SSL") || res.IsDefined("ssl") {
		t.Error("HasModule or IsDefined is wrong")
	}
	n := res.Root.Children[0]
	if n.Pos.String() != "/srv/sub/x.conf:1" || n.Macro != nil {
		t.Error(n.Pos)
	}
}

func TestMacroPlaces(t *testing.T) {
	res := readFiles(map[string]string{
		"httpd.conf": "<Macro in $x>\n# gone\nListen $x\n</Macro>\n<Macro out>\nUse in 80\n</Macro>\n\nUse out\nListen 81\n",
	})
	if len(res.Errors) != 0 || len(res.Root.Children) != 2 {
		t.Fatal(res.Errors, len(res.Root.Children))
	}
	n := res.Root.Children[0]
	if got := fmt.Sprint(n.Site().Chain()); got != "[/srv/httpd.conf:3 /srv/httpd.conf:6 /srv/httpd.conf:9]" {
		t.Error(got)
	}
	const where = `line 1 of macro 'in' (defined on line 1 of "/srv/httpd.conf") used on line 1 of "macro 'out' (defined on line 5 of "/srv/httpd.conf") used on line 9 of "/srv/httpd.conf""`
	if got := n.Site().Where(); got != where {
		t.Error(got)
	}
	if n := res.Root.Children[1]; n.Macro != nil || n.Pos.Line != 10 {
		t.Error("the line after the macro", n.Pos, n.Macro)
	}
}

func TestRunawaysAreStopped(t *testing.T) {
	double := "<Macro m0>\nListen 80\n</Macro>\n"
	for i := range 40 {
		double += fmt.Sprintf("<Macro m%d>\nUse m%d\nUse m%d\n</Macro>\n", i+1, i, i)
	}
	grow := "Define v0 0123456789\n"
	for i := range 40 {
		grow += fmt.Sprintf("Define v%d ${v%d}${v%d}\n", i+1, i, i)
	}
	deep := "<Macro m0>\nListen 80\n</Macro>\n"
	for i := range 300 {
		deep += fmt.Sprintf("<Macro m%d>\nUse m%d\n</Macro>\n", i+1, i)
	}
	rows := []struct{ name, text, want string }{
		{"macros", double + "Use m40\n", "expands to more than 100000 lines"},
		{"variables", grow + "Listen ${v40}\n", "Line too long"},
		{"includes", "Include httpd.conf\nInclude httpd.conf\n", "Exceeded maximum include depth of 128"},
		{"nesting", deep + "Use m300\n", "more than 200 times"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			res := readFiles(map[string]string{"httpd.conf": r.text}, func(o *Options) { o.maxLines = 100_000 })
			if len(res.Errors) == 0 || len(res.Errors) > 40 || !strings.Contains(res.Errors[0].Text, r.want) {
				t.Errorf("%d errors, first %v", len(res.Errors), res.Errors)
			}
		})
	}
}

func TestForeignBodies(t *testing.T) {
	res := readFiles(map[string]string{
		"httpd.conf": "<LuaHookFixups name>\nif x < y then\n</b>\nend\n</LuaHookFixups>\nListen 80\n",
	})
	if len(res.Errors) != 0 || len(res.Root.Children) != 2 || res.Root.Children[0].Raw != "if x < y then\n</b>\nend\n" {
		t.Error(res.Errors, syntax.Format(res.Root))
	}
}

func TestNULIsReported(t *testing.T) {
	res := readFiles(map[string]string{"httpd.conf": "Listen 80\x00 evil\nListen 81\n"})
	if got := syntax.Format(res.Root); got != "Listen 80\nListen 81\n" || len(res.Warnings) != 1 {
		t.Error(got, res.Warnings)
	}
}

func TestOsFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"available", "enabled"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write("available/a.conf", "Listen 80\n")
	write("available/sites", "Listen 81\n")
	if err := os.Symlink("../available/a.conf", filepath.Join(dir, "enabled/a.conf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../available", filepath.Join(dir, "enabled/link")); err != nil {
		t.Fatal(err)
	}
	write("httpd.conf", "IncludeOptional enabled/*.conf\nInclude e*/l*/s*\nInclude /dev/null\nInclude /dev/zero\n")
	res := Read(Options{File: "httpd.conf", ServerRoot: dir})
	if got := syntax.Format(res.Root); got != "Listen 80\nListen 81\n" {
		t.Error(got)
	}
	if len(res.Errors) != 1 || res.Errors[0].Text != "Could not open configuration file /dev/zero: Bad file descriptor" {
		t.Error(res.Errors)
	}
	res = Read(Options{File: "none.conf", ServerRoot: dir})
	want := "Could not open configuration file " + filepath.Join(dir, "none.conf") + ": No such file or directory"
	if len(res.Errors) != 1 || res.Errors[0].Httpd() != want {
		t.Error(res.Errors)
	}
}

func TestModuleNames(t *testing.T) {
	for id, src := range map[string]string{
		"ssl_module": "mod_ssl.c", "http_module": "http_core.c", "core_module": "core.c", "mpm_event_module": "event.c",
		"php7_module": "mod_php7.c", "ldap_module": "util_ldap.c", "security2_module": "mod_security2.c", "so_module": "mod_so.c",
		"unixd_module": "mod_unixd.c", "mod_shib": "mod_shib.cpp", "odd": "odd",
	} {
		if ModuleSource(id) != src || ModuleIdentifier(src) != id {
			t.Errorf("%s <-> %s: %s, %s", id, src, ModuleSource(id), ModuleIdentifier(src))
		}
	}
}

func TestCorpusIsRead(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/corpus/*.conf")
	if len(files) == 0 {
		testkit.Skip(t, "../shared/corpus is not here")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		res := readFiles(map[string]string{"httpd.conf": string(text)})
		printed := syntax.Format(res.Root)
		again, faults := syntax.Parse("f", printed)
		if len(faults) != 0 || syntax.Format(again) != printed {
			t.Errorf("%s: what was read does not print stably: %v", filepath.Base(name), faults)
		}
	}
}

func FuzzSource(f *testing.F) {
	for _, s := range []string{
		"Include a.conf\nInclude *\n", "<IfModule x>\n</IfModule>\n", "Define a b\nListen ${a}${c}\n",
		"<Macro m $a @b>\n<Location $a>\nUse n @b\n</Macro>\nUse m 1 \"2\"\n</Location>\n",
		"<IfVersion >= 2.4>\n<IfDefine !x>\nError \"y\"\n", "LoadModule a b\nUndefMacro x\nServerRoot /\n", "<Perl>\n</Perl>\n",
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, main, other string) {
		files := fstest.MapFS{"srv/httpd.conf": {Data: []byte(main)}, "srv/a.conf": {Data: []byte(other)}}
		res := Read(Options{File: "httpd.conf", ServerRoot: root, FS: mapFS{files}, maxLines: 2000})
		for _, d := range res.Errors {
			if d.Text == "" || d.Httpd() == "" {
				t.Fatalf("an error without words: %+v", d)
			}
		}
		if len(res.Root.Children) == 0 {
			return
		}
		for _, n := range res.Root.All() {
			if n.Raw != "" {
				return // not configuration, need not parse
			}
		}
		printed := syntax.Format(res.Root)
		again, faults := syntax.Parse("f", printed)
		if len(faults) != 0 || syntax.Format(again) != printed {
			t.Fatalf("%v\n%q\n%q", faults, printed, syntax.Format(again))
		}
	})
}
