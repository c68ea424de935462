package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// httpdModules are loaded into every httpd, in this order. Modules that are compiled in or absent are left out.
var httpdModules = []string{
	"mpm_event", "authz_core", "authz_host", "authn_core", "authn_file", "authz_user", "auth_basic", "access_compat",
	"alias", "dir", "mime", "autoindex", "negotiation", "env", "setenvif", "headers", "rewrite", "filter", "expires", "deflate", "brotli", "substitute",
	"remoteip", "status", "macro", "slotmem_shm", "socache_shmcb", "proxy", "proxy_http", "proxy_balancer",
	"lbmethod_byrequests", "lbmethod_bybusyness", "lbmethod_bytraffic", "proxy_hcheck", "proxy_connect",
	"proxy_fcgi", "proxy_scgi", "proxy_uwsgi", "proxy_ajp", "watchdog", "asis", "actions", "info", "usertrack", "reqtimeout",
	"authn_anon", "authz_groupfile", "authz_owner", "auth_digest", "heartbeat", "heartmonitor", "lbmethod_heartbeat", "proxy_wstunnel",
	"xml2enc", "proxy_html", "buffer", "request", "data", "reflector",
}

// Httpd is where the real httpd is. The environment may name it: HTTPD the program, HTTPD_MODULES the folder.
type Httpd struct{ Program, Modules string }

// FindHttpd looks for an installed httpd.
func FindHttpd() (Httpd, bool) {
	h := Httpd{os.Getenv("HTTPD"), os.Getenv("HTTPD_MODULES")}
	for _, name := range []string{"apache2", "httpd", "/usr/sbin/apache2", "/usr/sbin/httpd"} {
		if path, err := exec.LookPath(name); err == nil && h.Program == "" {
			h.Program = path
		}
	}
	for _, dir := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/local/apache2/modules"} {
		if _, err := os.Stat(dir); err == nil && h.Modules == "" {
			h.Modules = dir
		}
	}
	return h, h.Program != "" && h.Modules != ""
}

// NeedHttpd returns the installed httpd. Without one the test is skipped, or fails when PEERS=required.
func NeedHttpd(t testing.TB) Httpd {
	t.Helper()
	h, ok := FindHttpd()
	if !ok {
		SkipPeer(t, "no httpd installed (scripts/install-peers installs one)")
	}
	return h
}

// modulesOf are modules that are loaded only for configurations with a directive.
var modulesOf = map[string]string{"LogMessage": "log_debug", "ForensicLog": "log_forensic", "AddOutputFilter INCLUDES": "include"}

// StartHttpd runs the real httpd with one active child process, so that it has one set of pools and counters; a reload
// may start the next one while the old one ends.
func StartHttpd(t testing.TB, site Site) *Server {
	t.Helper()
	h := NeedHttpd(t)
	s := prepare(t, "httpd", site)
	if err := os.Symlink(h.Modules, filepath.Join(s.Dir, "modules")); err != nil {
		t.Fatal(err)
	}
	s.kill = true // its own stop waits seconds for idle keep-alive connections
	var more []string
	if usesTLS(site.Conf) || UsesBackTLS(site.Conf) {
		more = []string{"ssl"}
	}
	for directive, module := range modulesOf {
		if strings.Contains(site.Conf, directive+" ") {
			more = append(more, module)
		}
	}
	s.top = h.LoadModules(more...) + `ServerLimit 4
StartServers 1
ThreadsPerChild 16
ThreadLimit 16
MinSpareThreads 1
MaxSpareThreads 64
MaxRequestWorkers 64
DefaultRuntimeDir "` + s.Dir + `"
Mutex pthread
`
	if os.Getuid() == 0 {
		s.top += "User #65534\nGroup #65534\n"
	}
	s.Configure(site.Conf)
	cmd := exec.Command(h.Program, "-d", s.Dir, "-f", filepath.Join(s.Dir, "httpd.conf"), "-DFOREGROUND")
	cmd.Env = append(os.Environ(), site.Env...)
	if err := s.run(cmd); err != nil {
		t.Fatal(err)
	}
	return s
}

// LoadModules returns the lines that load the usual modules and more, as far as they are installed.
func (h Httpd) LoadModules(more ...string) string {
	var b strings.Builder
	for _, m := range slices.Concat(httpdModules, more) {
		path := filepath.Join(h.Modules, "mod_"+m+".so")
		if _, err := os.Stat(path); err == nil {
			b.WriteString("LoadModule " + m + "_module " + path + "\n")
		}
	}
	return b.String()
}
