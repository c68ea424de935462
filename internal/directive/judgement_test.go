package directive_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite the goldens; httpd's part needs a local httpd")

const judgement = "testdata/judgement.txtar"

// judgementCase is one configuration with the expected messages: name.conf,
// name.headgate (our diagnostics) and name.httpd (the real server's verdict).
type judgementCase struct {
	name, conf, ours, httpd string
}

// marker is the line before each file of a txtar archive.
var marker = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

func readJudgement(t *testing.T) (comment string, cases []judgementCase) {
	t.Helper()
	data, err := os.ReadFile(judgement)
	if err != nil {
		t.Fatal(err)
	}
	text, files := string(data), map[string]string{}
	marks := marker.FindAllStringSubmatchIndex(text, -1)
	for i, m := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		files[text[m[2]:m[3]]] = text[m[1]:end]
	}
	for _, m := range marks {
		if name, ok := strings.CutSuffix(text[m[2]:m[3]], ".conf"); ok {
			cases = append(cases, judgementCase{name, files[name+".conf"], files[name+".headgate"], files[name+".httpd"]})
		}
	}
	return text[:marks[0][0]], cases
}

func writeJudgement(t *testing.T, comment string, cases []judgementCase) {
	t.Helper()
	var b strings.Builder
	b.WriteString(comment)
	for _, c := range cases {
		fmt.Fprintf(&b, "-- %s.conf --\n%s-- %[1]s.httpd --\n%[3]s-- %[1]s.headgate --\n%[4]s", c.name, c.conf, c.httpd, c.ours)
	}
	write(t, judgement, b.String())
}

// judge applies conf by the known table and returns the diagnostics, without
// those that are only pending or noted.
func judge(conf string) (faults []directive.Diagnostic) {
	root, bad := syntax.Parse("x.conf", conf)
	for _, d := range bad {
		faults = append(faults, directive.Diagnostic{Diagnostic: d})
	}
	_, found := directive.Apply(root, directive.Known(), directive.Options{ServerRoot: "/etc/httpd"})
	for _, d := range found {
		if d.Severity == directive.SeverityError || d.Severity == directive.SeverityWarning {
			faults = append(faults, d)
		}
	}
	return faults
}

// printed is one diagnostic per line, warnings marked.
func printed(found []directive.Diagnostic) string {
	var b strings.Builder
	for _, d := range found {
		if d.Severity != directive.SeverityError {
			fmt.Fprintf(&b, "%s: ", d.Severity)
		}
		fmt.Fprintln(&b, d)
	}
	return b.String()
}

func TestJudgement(t *testing.T) {
	comment, cases := readJudgement(t)
	for i := range cases {
		c := &cases[i]
		t.Run(c.name, func(t *testing.T) {
			found := judge(c.conf)
			if *update {
				c.ours = printed(found)
			}
			if got := printed(found); got != c.ours {
				t.Errorf("diagnostics:\n%swant:\n%s", got, c.ours)
			}
			agree(t, found, c.httpd)
		})
	}
	if *update {
		writeJudgement(t, comment, cases)
	}
}

// agree compares our first error with httpd's recorded verdict. httpd ends some
// messages with its own help text, which we replace by ours.
func agree(t *testing.T, found []directive.Diagnostic, httpd string) {
	t.Helper()
	i := slices.IndexFunc(found, func(d directive.Diagnostic) bool { return d.Severity == directive.SeverityError })
	if i < 0 {
		if httpd != "Syntax OK\n" {
			t.Errorf("nothing wrong with it, but httpd says: %s", httpd)
		}
		return
	}
	where, text, _ := strings.Cut(strings.TrimSuffix(httpd, "\n"), "\n")
	if want := fmt.Sprintf("AH00526: Syntax error on line %d of x.conf:", found[i].Pos.Line); where != want {
		t.Errorf("httpd: %s\nwant: %s", where, want)
	}
	if rest, ok := strings.CutPrefix(text, found[i].Text); !ok || rest != "" && !strings.HasPrefix(rest, ", ") {
		t.Errorf("we say: %s\nhttpd:  %s", found[i].Text, text)
	}
	if !strings.HasPrefix(found[i].Httpd(), where+"\n"+found[i].Text) {
		t.Errorf("Httpd() = %q", found[i].Httpd())
	}
}

// TestJudgementOfRealHttpd asks a local httpd again for its verdicts.
func TestJudgementOfRealHttpd(t *testing.T) {
	h, ok := findHttpd()
	if !ok {
		testkit.SkipPeer(t, "no httpd with loadable modules on this machine (scripts/install-peers installs one)")
	}
	comment, cases := readJudgement(t)
	for i := range cases {
		c := &cases[i]
		t.Run(c.name, func(t *testing.T) {
			got := h.verdict(t, c.conf)
			if *update {
				c.httpd = got
			}
			if got != c.httpd {
				t.Errorf("httpd says:\n%srecorded:\n%s", got, c.httpd)
			}
		})
	}
	if *update {
		writeJudgement(t, comment, cases)
	}
}

// realHttpd is an httpd that is asked to check configurations.
type realHttpd struct{ program, modules string }

func findHttpd() (h realHttpd, ok bool) {
	for _, name := range []string{"apache2", "httpd"} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		for _, dir := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/local/apache2/modules"} {
			if _, err := os.Stat(filepath.Join(dir, "mod_proxy.so")); err == nil {
				return realHttpd{program, dir}, true
			}
		}
	}
	return h, false
}

var tempFile = regexp.MustCompile(`of \S*/x\.conf:`)

// verdict runs the configuration check with the modules conf needs and returns
// what it prints, less the remarks about names and addresses.
func (h realHttpd) verdict(t *testing.T, conf string) string {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	fmt.Fprintf(&b, "ServerRoot %q\nErrorLog error.log\nServerName x\n", dir)
	for _, m := range append([]string{"mod_mpm_event", "mod_authz_core"}, modulesOf(conf)...) {
		if so := filepath.Join(h.modules, m+".so"); fileExists(so) {
			fmt.Fprintf(&b, "<IfModule !%s>\nLoadModule %s %q\n</IfModule>\n", directive.Identifier(m), directive.Identifier(m), so)
		}
	}
	fmt.Fprintf(&b, "Include %q\n", filepath.Join(dir, "x.conf"))
	write(t, filepath.Join(dir, "x.conf"), conf)
	write(t, filepath.Join(dir, "main.conf"), b.String())
	out, _ := exec.Command(h.program, "-t", "-f", filepath.Join(dir, "main.conf")).CombinedOutput()
	return tempFile.ReplaceAllString(string(out), "of x.conf:")
}

// modulesOf lists the modules of the directives in conf.
func modulesOf(conf string) (modules []string) {
	root, _ := syntax.Parse("x.conf", conf)
	for _, n := range root.All() {
		name := n.Name
		if n.Section {
			name = "<" + name
		}
		if row := directive.Known().Lookup(name); row != nil {
			modules = append(modules, strings.Split(row.Module, ",")...)
		}
	}
	return modules
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
