package corpus

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/testkit"
)

// TestErrorsAreHttpds: a file that is refused because it has an
// error, not because a protection is missing here, is one that httpd does not
// accept either.
func TestErrorsAreHttpds(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(home, "*.conf"))
	if len(files) == 0 {
		testkit.Skip(t, "the collection of real configurations is not present")
	}
	httpd := testkit.NeedHttpd(t)
	preamble := everyModule(t, httpd.Modules)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		first := firstError(t, string(text))
		if first == nil {
			continue
		}
		if out, ok := accepts(t, httpd.Program, preamble, string(text)); ok {
			t.Errorf("%s: httpd accepts it, here: %s\n%s", filepath.Base(f), first, out)
		}
	}
}

// firstError returns the first error of a file that httpd should report too.
func firstError(t *testing.T, text string) *directive.Diagnostic {
	l := config.Load(config.Options{
		File: "/etc/httpd/x.conf", ServerRoot: "/etc/httpd", Text: text + "\n", Version: "Headgate/test", Check: true, Fragment: true,
	}, runtime(t), modules.All())
	for i, d := range l.Found {
		if d.Severity == directive.SeverityError {
			return &l.Found[i]
		}
	}
	return nil
}

var loadModule = regexp.MustCompile(`(?mi)^\s*LoadModule\s`)

// everyModule returns LoadModule lines for all installed modules, with one MPM
// and without modules that need more than themselves.
func everyModule(t *testing.T, dir string) string {
	list, err := filepath.Glob(filepath.Join(dir, "mod_*.so"))
	if err != nil || len(list) == 0 {
		t.Fatal("httpd has no modules")
	}
	var b strings.Builder
	for _, m := range list {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(m), "mod_"), ".so")
		if strings.HasPrefix(name, "mpm_") || name == "cgid" || name == "suexec" || name == "lua" || name == "md" {
			continue
		}
		fmt.Fprintf(&b, "LoadModule %s_module %s\n", name, m)
	}
	return "LoadModule mpm_event_module " + dir + "/mod_mpm_event.so\n" + b.String()
}

// accepts runs httpd's syntax check on a file.
func accepts(t *testing.T, httpd, preamble, text string) (string, bool) {
	root := t.TempDir()
	if loadModule.MatchString(text) {
		// Its own LoadModule lines name paths that do not exist here.
		text = loadModule.ReplaceAllString(text, "#")
	}
	file := filepath.Join(root, "httpd.conf")
	if err := os.WriteFile(file, []byte(preamble+"ServerName localhost\n"+text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(httpd, "-d", root, "-f", file, "-t").CombinedOutput()
	return string(out), err == nil
}
