package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestVerdict: -t and check report everything that stops a start, in the same
// words and with the same advice.
func TestVerdict(t *testing.T) {
	listen := "Listen 127.0.0.1:" + strconv.Itoa(testkit.FreePort(t)) + "\n"
	for _, row := range []struct{ name, conf, says, advice string }{
		{"no Listen", "ServerName x\n", "AH00451: no listening sockets available", `add "Listen 8080"`},
		{"Listen twice", listen + listen, "Cannot define multiple Listeners on the same IP:port", ""},
		{"any and any", "Listen 8099\nListen [::]:8099\n", "Cannot define multiple Listeners on the same IP:port", ""},
		{"address of nobody", "Listen 192.0.2.77:8099\n", "AH00072: make_sock: could not bind to address 192.0.2.77:8099", "no interface of this machine has the address"},
		{"ErrorLog", listen + "ErrorLog nowhere/e\n", "AH02291: Cannot access directory '${dir}/nowhere/'", "mkdir -p ${dir}/nowhere"},
		{"ErrorLog is a folder", listen + "ErrorLog ${dir}\n", "(21)Is a directory: AH00091: could not open error log file ${dir}", ""},
		{"CustomLog", listen + "CustomLog nowhere/a common\n", "AH02297: Cannot access directory '${dir}/nowhere/'", "mkdir -p ${dir}/nowhere"},
		{"of a virtual host", listen + "<VirtualHost *:80>\nCustomLog nowhere/a common\n</VirtualHost>\n", "defined at ${dir}/httpd.conf:3", "mkdir -p ${dir}/nowhere"},
		{"program", listen + "CustomLog \"|/no/such/program\" common\n", "AH00104: unable to start piped log program '/no/such/program'", ""},
		{"User", listen + "User nosuchuser\n", "AH00543: bad user name nosuchuser", ""},
		{"Group", listen + "Group nosuchgroup\n", "AH00544: bad group name nosuchgroup", ""},
		{"User root", listen + "User root\n", "the server must not serve as root", ""},
		{"a section without its module", listen + "<IfModule mod_cache.c>\nCacheEnable disk /\n</IfModule>\n", "CacheEnable", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			here := func(s string) string { return strings.ReplaceAll(s, "${dir}", dir) }
			file := filepath.Join(dir, "httpd.conf")
			if err := os.WriteFile(file, []byte(here(row.conf)), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"-t", "-f", file}, {"check", file}, {"-X", "-f", file}, {"run", file}} {
				r := run(t, args...)
				text := r.out + r.errOut
				says := here(row.says)
				if args[0] == "check" { // prints the id in a separate field
					says = strings.TrimPrefix(says, "AH00451: ")
				}
				if r.code != 1 || strings.Count(text, says) != 1 || !strings.Contains(text, here(row.advice)) {
					t.Errorf("%s: exit %d, want 1 and once %q with %q:\n%s", args[0], r.code, says, here(row.advice), text)
				}
			}
		})
	}
}

// TestRoot: -d names an installation, whose configuration and variables are
// read, and those of no other.
func TestRoot(t *testing.T) {
	port := strconv.Itoa(testkit.FreePort(t))
	for _, row := range []struct {
		name, file string
		envvars    string
		args       []string
		pidFile    string // what -S says, below the folder
	}{
		{"debian", "apache2.conf", "export MARK=its.pid\n", nil, "its.pid"},
		{"httpd", "conf/httpd.conf", "", nil, "${MARK}"},
		{"named", "other.conf", "export MARK=its.pid\n", []string{"-f", "other.conf"}, "its.pid"},
		{"confdir", "apache2.conf", "export MARK=${APACHE_CONFDIR##*/}.pid\n", nil, "root.pid"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			root := filepath.Join(dir, "root")
			write(t, filepath.Join(root, row.file), "Listen 127.0.0.1:"+port+"\nPidFile ${MARK}\n")
			if row.envvars != "" {
				write(t, filepath.Join(root, "envvars"), row.envvars)
			}
			args := append([]string{"-d", root}, row.args...)
			r := runEnv(t, []string{"APACHE_CONFDIR=/etc/apache2"}, append(args, "-S")...)
			if want := "PidFile: \"" + filepath.Join(root, row.pidFile) + "\""; r.code != 0 || !strings.Contains(r.out, want) {
				t.Errorf("exit %d, no %s in\n%s%s", r.code, want, r.out, r.errOut)
			}
			if r := run(t, append(args, "-k", "stop")...); r.code != 0 || !strings.Contains(r.out, "not running") {
				t.Errorf("-k stop: exit %d, %s%s", r.code, r.out, r.errOut)
			}
		})
	}
	if r := run(t, "-d", t.TempDir(), "-k", "stop"); r.code != 2 || !strings.Contains(r.errOut, "no configuration below") {
		t.Errorf("an empty -d: exit %d, %s%s", r.code, r.out, r.errOut)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReadme: the README's example starts if its log folder exists, and reports
// a missing one.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```apache\n")
	conf, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no example")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "httpd.conf")
	write(t, file, conf)
	if r := run(t, "-t", "-f", file); r.code != 1 || !strings.Contains(r.errOut, "mkdir -p "+filepath.Join(dir, "logs")) {
		t.Errorf("without logs: exit %d, %s", r.code, r.errOut)
	}
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "-t", "-f", file); r.code != 0 || !strings.HasSuffix(r.errOut, "Syntax OK\n") {
		t.Errorf("exit %d, %s", r.code, r.errOut)
	}
}

// TestRootOnly: what only root may do is a warning for another user; the
// verdict is that of root's start.
func TestRootOnly(t *testing.T) {
	dir, err := os.MkdirTemp("", "headgate-root-only")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, err := os.ReadFile(testkit.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	file, binary, logs := filepath.Join(dir, "httpd.conf"), filepath.Join(dir, "headgate"), filepath.Join(dir, "logs")
	write(t, file, "Listen 127.0.0.1:"+strconv.Itoa(testkit.FreePort(t))+"\nErrorLog logs/error.log\n")
	err = errors.Join(os.WriteFile(binary, program, 0o755), os.Mkdir(logs, 0o755), os.Chmod(logs, 0o555), os.Chmod(dir, 0o755), os.Chmod(file, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "check", file)
	cmd.Dir = dir
	if os.Geteuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"can be started, by root only", "(13)Permission denied: AH00091", "a start needs root for it"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v, no %q in\n%s", err, want, out)
		}
	}
}

// TestTwoInstallations: -k with -d reaches the server of that folder, whatever
// runs elsewhere.
func TestTwoInstallations(t *testing.T) {
	type installation struct {
		dir  string
		port int
	}
	var both []installation
	for _, name := range []string{"one", "two"} {
		i := installation{filepath.Join(t.TempDir(), name), testkit.FreePort(t)}
		write(t, filepath.Join(i.dir, "apache2.conf"), "ServerName x\nListen 127.0.0.1:${PORT}\nPidFile ${APACHE_PID_FILE}\nErrorLog error.log\n")
		write(t, filepath.Join(i.dir, "envvars"), "export PORT="+strconv.Itoa(i.port)+"\nexport APACHE_PID_FILE=$APACHE_CONFDIR/run.pid\n")
		both = append(both, i)
		t.Cleanup(func() {
			if pid := pidOf(t, filepath.Join(i.dir, "apache2.conf")); pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL) // only if the test failed
			}
		})
	}
	k := func(i installation, word string) {
		t.Helper()
		if r := run(t, "-d", i.dir, "-k", word); r.code != 0 {
			t.Fatalf("-d %s -k %s: exit %d\n%s%s", i.dir, word, r.code, r.out, r.errOut)
		}
	}
	one, two := both[0], both[1]
	k(one, "start")
	k(two, "start")
	k(two, "stop")
	if !answers(one.port) || answers(two.port) {
		t.Errorf("after the stop of the second: the first %v, the second %v", answers(one.port), answers(two.port))
	}
	k(one, "stop")
	if answers(one.port) {
		t.Error("the first goes on after its stop")
	}
}
