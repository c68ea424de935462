package main

import (
	"path"
	"strings"
)

// table collects the data of all sources, by lower-case name with a leading < for
// sections. The first source that names something decides.
type table struct {
	rows map[string]*directive
}

func key(name string) string { return strings.ToLower(strings.TrimSuffix(name, ">")) }

func (t *table) row(name string) *directive {
	d := t.rows[key(name)]
	if d == nil {
		d = &directive{name: name, tier: "P"}
		t.rows[key(name)] = d
	}
	return d
}

// first sets *s unless it is set.
func first(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// observed adds a line of observed.tsv.
func (t *table) observed(f []string) {
	d := t.row(f[0])
	first(&d.module, f[1])
	first(&d.args, f[2])
	first(&d.where, f[3])
	d.observed = true
}

// notDirectives are words of the C sources that look like the name of a
// directive.
var notDirectives = map[string]bool{
	"directive": true, "foo": true, "null": true, "sslname": true, "begin_macro": true, "undef_macro": true,
	"use_macro": true, "md_cmd_md_section": true, "md_cmd_md2_section": true, "lua_____bytecodehack": true,
}

// overrides translates httpd's req_override to contexts.
var overrides = map[string]string{
	"RSRC_CONF": "SV", "ACCESS_CONF": "DLFPIM", "OR_ALL": "SVDLFPIMAHlofui", "OR_AUTHCFG": "DLFPIMAHu", "OR_LIMIT": "DLFPIMHl",
	"OR_FILEINFO": "SVDLFPIMHf", "OR_OPTIONS": "SVDLFPIMHo", "OR_INDEXES": "SVDLFPIMHi", "DIR_CMD_PERMS": "SVDLFPIMHi",
}

// source adds a line of cmdtable.tsv: directive, file, shape, handler, override.
func (t *table) source(f []string) {
	if notDirectives[strings.ToLower(f[0])] {
		return
	}
	d := t.row(f[0])
	first(&d.module, moduleOf(f[1]))
	if f[2] == "NO_ARGS" {
		d.args = f[2] // the real server shows RAW_ARGS: httpd does not check these
	}
	if !strings.HasPrefix(f[2], "SSL_CMD") {
		first(&d.args, f[2])
	}
	where := ""
	for word := range strings.FieldsFuncSeq(f[4], func(r rune) bool { return strings.ContainsRune(" |()\\", r) }) {
		where += overrides[word]
	}
	first(&d.where, letters(where))
}

// moduleOf names the module a C file belongs to.
func moduleOf(file string) string {
	switch base := strings.TrimSuffix(path.Base(file), ".c"); {
	case strings.HasPrefix(base, "mod_"):
		return base
	case base == "mpm_netware":
		return base
	case strings.Contains(file, "/mpm/") || strings.HasSuffix(file, ".h"):
		return "mpm"
	case base == "util_ldap":
		return "mod_ldap"
	case strings.HasPrefix(base, "h2_"):
		return "mod_http2"
	default:
		return "core"
	}
}

// contexts translates the manual's contexts to ours.
var contexts = map[string]string{
	"server config": "SV", "virtual host": "V", "directory": "DLFPIM", ".htaccess": "H", "proxy section": "P",
}

// classes translates the manual's words for what AllowOverride must allow.
var classes = map[string]string{
	"All": "lofui", "AuthConfig": "u", "FileInfo": "f", "Indexes": "i", "Limit": "l", "Options": "o", "": "lofui",
}

// manual adds a line of the directive lists: name, module, contexts, syntax,
// default, override, branch.
func (t *table) manual(f []string) {
	d := t.row(f[0])
	first(&d.module, manualModule(f[1]))
	where := ""
	for word := range strings.SplitSeq(f[2], ",") {
		where += contexts[strings.TrimSpace(word)]
	}
	if f[2] == "server config" {
		where = "S"
	}
	if strings.Contains(where, "H") {
		where += classes[f[5]]
	}
	first(&d.where, letters(where))
	if d.args == "" && strings.EqualFold(strings.TrimPrefix(f[3], f[0]+" "), "on|off") {
		d.args = "FLAG"
	}
	first(&d.usage, grammar(f[3]))
	if !strings.HasPrefix(d.name, "<") && d.name == strings.ToLower(d.name) || strings.HasPrefix(f[0], "<") {
		d.name = f[0]
	}
	if f[6] == "trunk-only" && !d.observed {
		d.tier, d.note = "R", "it exists in httpd's development branch only"
	}
}

func manualModule(name string) string {
	switch name {
	case "mpm_common", "event", "prefork", "worker":
		return "mpm"
	}
	return name
}

// letters puts places in order and drops repetitions.
func letters(where string) string {
	var b strings.Builder
	for _, c := range "SVDLFPIMAHlofui" {
		if strings.ContainsRune(where, c) {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// policy applies a line of policy.tsv to all directives it matches. A note that
// begins with a module is about a third party; its prefixes never cover httpd's
// own directives.
func (t *table) policy(f []string) {
	pattern, tier, note := strings.ToLower(f[0]), f[1], f[2]
	if module, reason, ok := strings.Cut(note, ": "); ok && !strings.Contains(module, " ") {
		t.rows[pattern] = &directive{
			name: f[0], module: module, where: "SVDLFPIMAHlofui", args: "RAW_ARGS", tier: tier,
			note: module + " is not part of Headgate: " + reason,
		}
		return
	}
	for name, d := range t.rows {
		if matches(pattern, name, d) {
			d.tier, d.note = tier, note
		}
	}
}

// matches reports whether a policy pattern covers a directive.
func matches(pattern, name string, d *directive) bool {
	if module, ok := strings.CutPrefix(pattern, "@"); ok {
		for m := range strings.SplitSeq(d.module, ",") {
			if hit, _ := path.Match(module, m); hit {
				return true
			}
		}
		return false
	}
	hit, _ := path.Match(key(pattern), name)
	return hit
}
