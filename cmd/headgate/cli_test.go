package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

var update = flag.Bool("update", false, "write the goldens again")

func TestMain(m *testing.M) {
	flag.Parse()
	testkit.Main(m)
}

// result is the result of a run of the binary.
type result struct {
	code        int
	out, errOut string
}

// run runs the binary in testdata.
func run(t *testing.T, args ...string) result {
	t.Helper()
	return runEnv(t, nil, args...)
}

func runEnv(t *testing.T, env []string, args ...string) result {
	t.Helper()
	return runIn(t, "testdata", env, args...)
}

func runIn(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	cmd := exec.Command(testkit.Binary(t), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if bytes.Contains(errOut.Bytes(), []byte("strconv")) || bytes.Contains(out.Bytes(), []byte("strconv")) {
		t.Errorf("%q: an error of Go reaches a person:\n%s%s", args, &out, &errOut)
	}
	return result{cmd.ProcessState.ExitCode(), plain(t, out.String()), plain(t, errOut.String())}
}

var ours = regexp.MustCompile(`Headgate/[\w.-]+`)

// plain removes the text that differs between machines and builds.
func plain(t *testing.T, s string) string {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return ours.ReplaceAllString(strings.ReplaceAll(s, dir, "DIR"), "Headgate/X")
}

// TestGolden compares exit code and output with testdata/NAME.golden.
func TestGolden(t *testing.T) {
	for _, row := range []struct{ name, args string }{
		{"test-good", "-t -f good.conf"},
		{"test-bad", "-t -f bad.conf"},
		{"test-quiet", "-t -S -f bad.conf -e emerg"},
		{"test-no-file", "-t -f nowhere.conf"},
		{"vhosts", "-S -fgood.conf -DMORE"},
		{"vhosts-alone", "-t -D DUMP_VHOSTS -f good.conf"},
		{"vhosts-no-listen", "-S -f nolisten.conf"},
		{"includes", "-t -D DUMP_INCLUDES -f good.conf"},
		{"check-good", "check good.conf"},
		{"check-bad", "check bad.conf"},
		{"check-snippet", "check snippet.conf"},
		{"check-snippet-fragment", "check --fragment snippet.conf"},
		{"check-verbose", "check -v good.conf"},
		{"check-le-ssl", "check --fragment le-ssl.conf"},
		{"check-fragment", "check fragment.conf"},
		{"check-fragment-asked", "check --fragment fragment.conf"},
		{"check-builtin", "check builtin.conf"},
		{"check-machine", "check machine.conf"},
		{"check-two-files", "check good.conf bad.conf"},
		{"test-fragment", "-t -f fragment.conf"},
		{"test-module", "-t -f module.conf"},
		{"test-no-listen", "-t -f nolisten.conf"},
		{"test-machine", "-t -f machine.conf"},
		{"test-words", "-t -f words.conf"},
		{"test-no-root", "-t -d nowhere"},
		{"check-snippet-json", "check --json snippet.conf"},
		{"help", "help"},
		{"help-check", "help check"},
		{"help-proxy", "proxy --help"},
		{"help-demo", "demo --help"},
		{"help-cert", "cert --help"},
		{"cert-none", "cert"},
		{"help-run", "run --help"},
		{"help-httpd", "-h"},
		{"help-route", "route --help"},
		{"route-no-url", "route"},
		{"route-bad-url", "route -f good.conf ftp://x/"},
		{"route-bad-port", "route -f good.conf http://x:0/"},
		{"route-bad-header", "route -f good.conf -H nonsense /"},
		{"route-bad-from", "route -f good.conf --from nobody /"},
		{"route-bad-status", "route -f good.conf --status 99 /"},
		{"route-bad-color", "route -f good.conf --color red /"},
		{"route-bad-flag", "route -f good.conf --nosuch /"},
		{"route-bad-method", "route -f good.conf G=T /"},
		{"route-bad-conf", "route -f bad.conf /"},
		{"route-no-file", "route -f nowhere.conf /"},
		{"illegal", "-Z"},
		{"illegal-word", "-k jump"},
		{"unknown-command", "frobnicate"},
		{"proxy-no-to", "proxy --from :1"},
		{"proxy-bad-to", "proxy --to ftp://example"},
		{"proxy-bad-port", "proxy --to localhost:99999"},
		{"proxy-bad-from", "proxy --from 1:2:3 --to localhost:80"},
		{"demo-bad-port", "demo --port abc"},
		{"bad-bool", "check --json=maybe good.conf"},
		{"bad-flag", "check --nosuch good.conf"},
		{"bad-level", "-e loud"},
		{"no-argument", "-f"},
		{"stop-not-running", "-k stop -f good.conf"},
		{"near-command", "relaod good.conf"},
		{"help-nosuch", "help nosuch"},
		{"help-near", "help statsu"},
		{"help-reload", "help reload"},
		{"help-stop", "help stop"},
		{"help-status", "help status"},
		{"run-two-files", "run a b"},
		{"reload-none", "reload good.conf"},
		{"stop-none", "stop good.conf"},
		{"status-none", "status good.conf"},
		{"status-none-json", "status --json good.conf"},
		{"graceful-bad", "-k graceful -f bad.conf"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := run(t, strings.Fields(row.args)...)
			got := "$ headgate " + row.args + "\nexit " + string(rune('0'+r.code)) + "\n-- stdout --\n" + r.out + "-- stderr --\n" + r.errOut
			golden(t, row.name, got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestVersion(t *testing.T) {
	want := "Server version: Headgate/X (Apache/2.4.71 compatible)\nServer version: Apache/2.4.71 (Headgate)\nServer built:   "
	for _, args := range []string{"-v", "-V", "version"} {
		if r := run(t, args); r.code != 0 || !strings.HasPrefix(r.out, want) {
			t.Errorf("%s: exit %d\n%s", args, r.code, r.out)
		}
	}
	if r := run(t, "-V"); !strings.Contains(r.out, "\n -D SERVER_CONFIG_FILE=\"/") {
		t.Errorf("-V names no SERVER_CONFIG_FILE:\n%s", r.out)
	}
}

// TestLists: the output of these grows with the modules, so only its form is
// checked.
func TestLists(t *testing.T) {
	for _, row := range []struct{ args, line string }{
		{"-l", `^Compiled in modules:\n(  \w+\.c\n)+$`},
		{"-l", `\n  core\.c\n`},
		{"-l", `\n  mod_proxy\.c\n`},
		{"-M -f good.conf", `^Loaded Modules:\n( \w+_module \((static|shared)\)\n)+$`},
		{"-L", `(?m)^ProxyPass \(mod_proxy\)\n\t.*\n\tAllowed in: server config, .*\n\tHere: honoured`},
		{"-L", `(?m)^LuaHookAuthChecker \(mod_lua\)\n\t.*\n\tAllowed in: .*\n\tHere: refused`},
	} {
		r := run(t, strings.Fields(row.args)...)
		if r.code != 0 || !regexp.MustCompile(row.line).MatchString(r.out) {
			t.Errorf("%s: exit %d, no %s in\n%.2000s%s", row.args, r.code, row.line, r.out, r.errOut)
		}
	}
}

func TestCheckJSON(t *testing.T) {
	r := run(t, "check", "--json", "bad.conf")
	var report struct {
		OK          bool
		Counts      map[string]int
		Diagnostics []struct {
			File, Severity, Text string
			Line                 int
		}
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("%v\n%s", err, r.out)
	}
	if r.code != 1 || report.OK || report.Counts["error"] != 3 || report.Counts["refused"] != 1 || len(report.Diagnostics) == 0 {
		t.Errorf("exit %d, %+v", r.code, report)
	}
}

func TestNoEngine(t *testing.T) {
	r := runEnv(t, []string{"HEADGATE_ENGINE=steam"}, "-X", "-f", "good.conf")
	if r.code != 2 || !strings.Contains(r.errOut, "the steam engine is not available on this system") {
		t.Errorf("exit %d: %s", r.code, r.errOut)
	}
}

// TestErrorFile: -E receives all errors, from those of the command line on.
func TestErrorFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "errors")
	r := run(t, "-t", "-f", "bad.conf", "-E", file)
	b, err := os.ReadFile(file)
	if err != nil || r.code != 1 || r.errOut != "" || !strings.Contains(string(b), "AH00526: Syntax error on line 2") {
		t.Errorf("exit %d, stderr %q, file %q, %v", r.code, r.errOut, b, err)
	}
}
