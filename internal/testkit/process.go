package testkit

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Site is the configuration and the files that a server of either kind is started with.
type Site struct {
	// Conf is the configuration; ${dir}, ${port} and the names in Vars are replaced in it.
	Conf string
	// Files are written below ${dir} before the start, with the same replacements; htdocs/ is the DocumentRoot. The lines
	// of the file setup are done then: see setUp.
	Files map[string]string
	Vars  map[string]string
	// Env is added to the environment of the process.
	Env []string
}

// Server is a running server process.
type Server struct {
	Dir  string // its ServerRoot
	Port string // the port of ${port}

	t    testing.TB
	name string
	vars map[string]string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; read it after done
	top  string        // lines put before the configuration
	kill bool          // stop by killing the whole process group; the exit code does not matter
}

// prepare makes the ServerRoot of a server. The folder is open to all, because httpd's children are not root.
func prepare(t testing.TB, name string, site Site) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "headgate-"+name+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{Dir: dir, Port: fmt.Sprint(FreePort(t)), t: t, name: name, done: make(chan struct{})}
	s.vars = map[string]string{"dir": dir, "port": s.Port}
	for k, v := range site.Vars {
		s.vars[k] = v
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "htdocs"), 0o755)); err != nil {
		t.Fatal(err)
	}
	s.write("mime.types", "text/html html\ntext/plain txt\n")
	if usesTLS(site.Conf) {
		for file, text := range CertFiles() {
			s.write(file, text)
		}
	}
	if UsesBackTLS(site.Conf) {
		for file, text := range BackFiles() {
			s.write(file, text)
		}
	}
	if UsesClientCerts(site.Conf) {
		for file, text := range ClientFiles() {
			s.write(file, text)
		}
	}
	for file, text := range site.Files {
		s.write(file, Expand(text, s.vars))
	}
	s.ageFolders()
	s.setUp(Expand(site.Files["setup"], s.vars))
	return s
}

// longAgo is the modification time of all files, so that ETag and Last-Modified of a local file are the same in every run.
var longAgo = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *Server) write(file, text string) {
	s.t.Helper()
	path := filepath.Join(s.Dir, file)
	err := errors.Join(
		os.MkdirAll(filepath.Dir(path), 0o755),
		os.WriteFile(path, []byte(text), modeOf(text)),
		os.Chtimes(path, longAgo, longAgo),
	)
	if err != nil {
		s.t.Fatal(err)
	}
}

// ageFolders sets the modification time of the folders below DocumentRoot to that of the files.
func (s *Server) ageFolders() {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.Dir, "htdocs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chtimes(path, longAgo, longAgo)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// preamble is the part of the configuration that both servers share, so that tests need not repeat it.
func (s *Server) preamble(conf string) string {
	top := "ServerRoot \"" + s.Dir + "\"\nPidFile \"" + s.Dir + "/httpd.pid\"\n"
	if all := s.top + conf; !strings.Contains(all, "LoadModule") || strings.Contains(all, "mime_module") {
		top += "TypesConfig \"" + s.Dir + "/mime.types\"\n"
	}
	for _, line := range [][2]string{
		{"ErrorLog", `"` + s.Dir + `/error.log"`},
		{"DocumentRoot", `"` + s.Dir + `/htdocs"`},
		{"ServerName", "www.test"},
		{"Listen", "127.0.0.1:" + s.Port},
	} {
		if !regexp.MustCompile(`(?mi)^` + line[0] + `\s`).MatchString(conf) {
			top += line[0] + " " + line[1] + "\n"
		}
	}
	return top
}

// Configure writes conf, expanded and with the preamble. The next start or reload reads it.
func (s *Server) Configure(conf string) {
	s.t.Helper()
	conf = Expand(conf, s.vars)
	s.write("httpd.conf", s.top+s.preamble(conf)+conf)
}

// run starts the process and waits until its port accepts connections.
func (s *Server) run(cmd *exec.Cmd) error {
	out, err := os.Create(filepath.Join(s.Dir, "stderr.log"))
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr, s.cmd = out, out, cmd
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	_ = out.Close()
	if err != nil {
		close(s.done)
		return err
	}
	go func() {
		s.err = cmd.Wait()
		close(s.done)
	}()
	s.t.Cleanup(s.Stop)
	up := Poll(Patience, func() bool { return s.Exited() || s.accepts() })
	if !up || s.Exited() {
		return fmt.Errorf("%s did not start:\n%s", s.name, s.Logs())
	}
	return nil
}

func (s *Server) accepts() bool {
	c, err := net.Dial("tcp", s.Addr())
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// Addr returns the address of ${port}.
func (s *Server) Addr() string { return "127.0.0.1:" + s.Port }

// Exited reports whether the process has ended.
func (s *Server) Exited() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// ExitCode waits for the process to end and returns its code; -1 after a signal, -2 when it did not end.
func (s *Server) ExitCode() int {
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(Patience):
		return -2
	}
}

// Pid is the number of the process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Signal sends sig to the process.
func (s *Server) Signal(sig syscall.Signal) {
	if !s.Exited() {
		_ = s.cmd.Process.Signal(sig)
	}
}

// reloaded and refused match the error log's lines at a reload's end: httpd's AH00489 and AH00163 lines end with
// these words, and ours do too; after a refused reload the log says that the running configuration is kept.
var (
	reloaded = regexp.MustCompile(`resuming normal operations`)
	refused  = regexp.MustCompile(`(?i)(keep|kept|keeping|still|old|running|previous|unchanged).*configuration|reload (failed|refused)`)
)

// Reload sends SIGUSR1 and waits for the outcome in the log. It reports whether the new configuration is in effect.
func (s *Server) Reload() bool {
	s.t.Helper()
	// The port accepts before the line about the start is written, which must not be mistaken for the reload's.
	Eventually(s.t, "the log shows the end of the start", func() bool { return reloaded.MatchString(s.Logs()) || s.Exited() })
	before := s.Logs()
	good, bad := len(reloaded.FindAllString(before, -1)), len(refused.FindAllString(before, -1))
	s.Signal(syscall.SIGUSR1)
	var ok bool
	Eventually(s.t, "the log shows the end of the reload", func() bool {
		now := s.Logs()
		ok = len(reloaded.FindAllString(now, -1)) > good
		return ok || len(refused.FindAllString(now, -1)) > bad || s.Exited()
	})
	return ok
}

// Stop ends the process, by force if SIGTERM does not.
func (s *Server) Stop() {
	if s.kill && !s.Exited() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	}
	s.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(Patience):
		_ = s.cmd.Process.Kill()
		<-s.done
		s.t.Errorf("%s did not stop on SIGTERM:\n%s", s.name, s.Logs())
	}
	if s.t.Failed() {
		s.t.Logf("%s said:\n%s", s.name, tail(s.Logs(), 40))
	}
}

// File returns the contents of the named file below the ServerRoot, "" when it is absent.
func (s *Server) File(name string) string {
	b, _ := os.ReadFile(filepath.Join(s.Dir, name))
	return string(b)
}

// Logs returns standard error and the error log.
func (s *Server) Logs() string { return s.File("stderr.log") + s.File("error.log") }

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// modeOf returns the mode of a file: scripts can be run.
func modeOf(text string) os.FileMode {
	if strings.HasPrefix(text, "#!") {
		return 0o755
	}
	return 0o644
}
