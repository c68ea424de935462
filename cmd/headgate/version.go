package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/processors"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/source"
)

// The linker sets version and built (make build): the version, and the commit
// time of the source, which makes builds repeatable.
var version, built string

// product returns our name with our version, as the Server field has it.
func product() string {
	v := version
	if v == "" || v == "unknown" {
		v = "dev"
		if rev := buildSetting("vcs.revision"); len(rev) >= 7 {
			v = rev[:7]
		}
	}
	return "Headgate/" + strings.TrimPrefix(v, "v")
}

func buildSetting(key string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// made says when the source of this program was committed.
func made() string { return cmp.Or(built, buildSetting("vcs.time"), "unknown") }

// printVersion prints -v. The second line is for tools that look for an Apache
// version number.
func (p process) printVersion() {
	fmt.Fprintf(p.stdout, "Server version: %s (Apache/%s compatible)\n", product(), source.DefaultVersion)
	fmt.Fprintf(p.stdout, "Server version: Apache/%s (Headgate)\n", source.DefaultVersion)
	fmt.Fprintf(p.stdout, "Server built:   %s\n", made())
}

// printSettings prints -V.
func (p process) printSettings() {
	p.printVersion()
	engine, err := server.NewEngine("", reactor.Hooks{}, processors.Supply{})
	name := "none"
	if err == nil {
		name = engine.Name()
	}
	file, root := p.defaultFile()
	if file == "" {
		file, root = defaultFiles[0].file, defaultFiles[0].root
	}
	fmt.Fprintf(p.stdout, `Compiled using: %s
Architecture:   %s/%s
Server MPM:     event
  threaded:     yes (one process, %s engine)
    forked:     no
Server compiled with....
 -D APR_HAVE_IPV6 (IPv4-mapped addresses enabled)
 -D AP_HAVE_RELIABLE_PIPED_LOGS
 -D HTTPD_ROOT=%q
 -D DEFAULT_PIDLOG="logs/httpd.pid"
 -D DEFAULT_ERRORLOG="logs/error_log"
 -D SERVER_CONFIG_FILE=%q
`, runtime.Version(), runtime.GOOS, runtime.GOARCH, name, root, file)
}

// printModules prints -l.
func (p process) printModules() {
	fmt.Fprintln(p.stdout, "Compiled in modules:")
	for _, name := range config.StaticModules(modules.All()) {
		fmt.Fprintf(p.stdout, "  %s\n", name)
	}
}

// printDirectives prints -L: each directive with its module, its grammar, the
// contexts it is allowed in and how it is treated.
func (p process) printDirectives() {
	for _, row := range config.Table(modules.All()).Rows() {
		fmt.Fprintf(p.stdout, "%s (%s)\n\t%s\n\tAllowed in: %s\n\tHere: %s", row.Name, row.Module, cmp.Or(row.Usage, row.Name), row.Where, row.Tier)
		if row.When != nil {
			fmt.Fprint(p.stdout, ", by its arguments")
		}
		if row.Note != "" {
			fmt.Fprintf(p.stdout, ": %s", row.Note)
		}
		fmt.Fprintln(p.stdout)
	}
}
