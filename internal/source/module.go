package source

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/syntax"
)

// moduleSources are the modules whose source file is not mod_NAME.c.
var moduleSources = map[string]string{
	"core_module":        "core.c",
	"http_module":        "http_core.c",
	"ldap_module":        "util_ldap.c",
	"mpm_event_module":   "event.c",
	"mpm_itk_module":     "mpm_itk.c",
	"mpm_motorz_module":  "motorz.c",
	"mpm_netware_module": "mpm_netware.c",
	"mpm_prefork_module": "prefork.c",
	"mpm_simple_module":  "simple_api.c",
	"mpm_winnt_module":   "mpm_winnt.c",
	"mpm_worker_module":  "worker.c",
	"mpmt_os2_module":    "mpmt_os2.c",
	"mod_shib":           "mod_shib.cpp",
	"pagespeed_module":   "mod_instaweb.cc",
	"rpaf_module":        "mod_rpaf-2.0.c",
}

// ModuleSource returns the source file name of a module, which <IfModule>
// accepts as well as its identifier: ssl_module is mod_ssl.c.
func ModuleSource(identifier string) string {
	if s, ok := moduleSources[identifier]; ok {
		return s
	}
	if name, ok := strings.CutSuffix(identifier, "_module"); ok {
		return "mod_" + name + ".c"
	}
	return identifier
}

// ModuleIdentifier is the inverse of ModuleSource; other names are returned
// unchanged.
func ModuleIdentifier(source string) string {
	for id, s := range moduleSources {
		if s == source {
			return id
		}
	}
	if name, ok := strings.CutPrefix(source, "mod_"); ok {
		if name, ok = strings.CutSuffix(name, ".c"); ok {
			return name + "_module"
		}
	}
	return source
}

func (r *reader) addModule(identifier string) {
	r.modules[identifier] = true
	r.modules[ModuleSource(identifier)] = true
}

// loadModule records the name and ignores the file. A module that is static
// here may be loaded all the same, because it is not static in every httpd.
func loadModule(f *file, l syntax.Line, _ string, w []string) string {
	if f.loaded[w[0]] {
		f.warn(l.Site(), "AH01574", "LoadModule", "module "+w[0]+" is already loaded, skipping", "")
		return ""
	}
	f.loaded[w[0]] = true
	f.addModule(w[0])
	f.res.Loaded = append(f.res.Loaded, Module{Name: w[0], File: w[1], Pos: l.Pos})
	return ""
}

func loadFile(f *file, l syntax.Line, _ string, w []string) string {
	for _, name := range w {
		f.res.Libraries = append(f.res.Libraries, Module{File: name, Pos: l.Pos})
	}
	return ""
}

// sorted sorts in place and returns s.
func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
