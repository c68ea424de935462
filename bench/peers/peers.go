//go:build linux

package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/bench/conf"
)

// Peer is one kind of server.
type Peer struct {
	Name string
	// Program is the path of the program; "" when it is not installed.
	Program string

	programs []string // names it may be installed under
	template string
	file     string // the name of the configuration file; other files keep their names
	extra    []string
	args     func(dir, file string) []string
	version  []string
	env      []string
	toStdout bool // it writes its access log to standard output
	httpd    bool // it loads modules
}

// Self is the name of Headgate's row.
const Self = "headgate"

// rows are the servers, in the order in which they are printed.
func rows() []*Peer {
	return []*Peer{
		{
			Name: Self, template: "httpd.conf", file: "httpd.conf", httpd: true, version: []string{"version"},
			args: func(_, file string) []string { return []string{"-f", file, "-X"} },
		},
		{
			Name: "nginx", programs: []string{"nginx"}, template: "nginx.conf", file: "nginx.conf", version: []string{"-v"},
			args: func(dir, file string) []string { return []string{"-p", dir, "-e", dir + "/error.log", "-c", file} },
		},
		{
			Name: "haproxy", programs: []string{"haproxy"}, template: "haproxy.cfg", file: "haproxy.cfg", version: []string{"-v"},
			extra: []string{"haproxy.map"}, toStdout: true,
			args: func(_, file string) []string { return []string{"-db", "-f", file} },
		},
		{
			Name: "apache", programs: []string{"apache2", "httpd"}, template: "httpd.conf", file: "httpd.conf", httpd: true,
			version: []string{"-v"},
			args:    func(dir, file string) []string { return []string{"-d", dir, "-f", file, "-DFOREGROUND"} },
		},
		{
			Name: "caddy", programs: []string{"caddy"}, template: "Caddyfile", file: "Caddyfile", version: []string{"version"},
			args: func(_, file string) []string { return []string{"run", "--config", file, "--adapter", "caddyfile"} },
		},
	}
}

// Find returns all peers; one that is not installed has no Program. self is the program of Headgate, engine the engine to
// run it on ("": its default).
func Find(self, engine string) []*Peer {
	all := rows()
	for _, p := range all {
		if p.Name == Self {
			p.Program = self
			if engine != "" {
				p.env = append(p.env, "HEADGATE_ENGINE="+engine)
			}
		}
		for _, name := range p.programs {
			for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
				if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && p.Program == "" {
					p.Program = path
				}
			}
		}
	}
	return all
}

// version extracts the number from a program's version text. Headgate prints httpd's too, after its own.
var version = regexp.MustCompile(`(?:Headgate/\S+|v?\d+\.\d+[^\s()]*)`)

// Version asks the program for its version.
func (p *Peer) Version() string {
	out, err := exec.Command(p.Program, p.version...).CombinedOutput()
	if v := version.FindString(string(out)); err == nil && v != "" {
		return strings.TrimPrefix(v, "Headgate/")
	}
	return "unknown"
}

// modules are the modules that the real httpd loads: Debian's usual set is larger, and each has a small cost.
var modules = []string{"mpm_event", "authz_core", "log_config", "proxy", "proxy_http", "unixd"}

// balancerModules are the further modules that the test "balancer" needs.
var balancerModules = []string{"slotmem_shm", "proxy_balancer", "lbmethod_byrequests"}

// tlsModules are the further modules that TLS needs.
var tlsModules = []string{"socache_shmcb", "ssl"}

// ruleModules are the further modules that the test "rules" needs.
var ruleModules = []string{"authz_host", "headers", "rewrite"}

// moduleDirs are the folders where httpd's modules may be.
var moduleDirs = []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/local/apache2/modules"}

// fit fills in the values that depend on the peer and the machine.
func (p *Peer) fit(site conf.Site) conf.Site {
	site.Root = os.Getuid() == 0
	if !p.httpd {
		return site
	}
	for _, dir := range moduleDirs {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		site.ModuleDir = dir
		load := modules
		if site.Rules {
			load = slices.Concat(modules, ruleModules)
		}
		if site.TLS != "" {
			load = slices.Concat(load, tlsModules)
		}
		if site.FCGI {
			load = slices.Concat(load, []string{"proxy_fcgi"})
		}
		switch site.Encode {
		case "gzip":
			load = slices.Concat(load, []string{"filter", "deflate"})
		case "br":
			load = slices.Concat(load, []string{"filter", "brotli"})
		}
		if len(site.Members) > 0 {
			load = slices.Concat(load, balancerModules)
		}
		for _, m := range load {
			if _, err := os.Stat(filepath.Join(dir, "mod_"+m+".so")); err == nil { // others are compiled in
				site.Modules = append(site.Modules, m)
			}
		}
		break
	}
	return site
}

// configure writes the configuration into site.Dir and returns its path.
func (p *Peer) configure(site conf.Site) (string, error) {
	main := filepath.Join(site.Dir, p.file)
	for name, path := range p.files(main) {
		text, err := conf.Render(name, site)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return "", fmt.Errorf("configure %s: %w", p.Name, err)
		}
	}
	return main, nil
}

func (p *Peer) files(main string) map[string]string {
	all := map[string]string{p.template: main}
	for _, name := range p.extra {
		all[name] = filepath.Join(filepath.Dir(main), name)
	}
	return all
}

// Names returns the names of peers, for messages.
func Names(all []*Peer) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return strings.Join(names, ",")
}
