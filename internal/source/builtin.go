package source

import (
	"strings"

	"github.com/headgate/headgate/internal/syntax"
)

// httpdModules are the modules of httpd 2.4 by identifier, without "_module". A
// configuration that loads no module at all counts as one of a server with all
// of them built in. The MPM of such a server is event.
const httpdModules = `core http so mpm_event
access_compat actions alias allowmethods asis auth_basic auth_digest auth_form authn_anon authn_core authn_dbd authn_dbm
authn_file authn_socache authnz_fcgi authnz_ldap authz_core authz_dbd authz_dbm authz_groupfile authz_host authz_owner
authz_user autoindex brotli buffer cache cache_disk cache_socache cern_meta cgi cgid charset_lite data dav dav_fs dav_lock
dbd deflate dialup dir dumpio echo env expires ext_filter file_cache filter headers heartbeat heartmonitor http2 ident
imagemap include info lbmethod_bybusyness lbmethod_byrequests lbmethod_bytraffic lbmethod_heartbeat ldap log_config
log_debug log_forensic logio lua macro md mime mime_magic negotiation proxy proxy_ajp proxy_balancer proxy_connect
proxy_express proxy_fcgi proxy_fdpass proxy_ftp proxy_hcheck proxy_html proxy_http proxy_http2 proxy_scgi proxy_uwsgi
proxy_wstunnel ratelimit reflector remoteip reqtimeout request rewrite sed session session_cookie session_crypto
session_dbd setenvif slotmem_plain slotmem_shm socache_dbm socache_dc socache_memcache socache_redis socache_shmcb
speling ssl status substitute suexec systemd unique_id unixd userdir usertrack version vhost_alias watchdog xml2enc`

// otherMPMs are httpd's too, but a server has only one.
const otherMPMs = `mpm_prefork mpm_worker mpm_winnt mpm_netware mpmt_os2`

// HttpdModules lists the identifiers of httpd's own modules, sorted.
func HttpdModules() []string {
	var ids []string
	for name := range strings.FieldsSeq(httpdModules) {
		ids = append(ids, name+"_module")
	}
	return sorted(ids)
}

// Skipped is one <IfModule> section that was left out because httpd has no
// module of that name, where all of httpd's modules count as built in.
type Skipped struct {
	Site   syntax.Site
	Module string // as written: mod_security2.c
	Hint   string // what was probably meant, "" if nothing is close
}

// builtIn decides <IfModule> by httpd's own modules.
type builtIn struct {
	counts bool            // all of them count as loaded
	names  map[string]bool // both names of each; false: another MPM's
	asked  bool            // <IfModule> would have been true for one of them if they counted
}

func newBuiltIn(counts bool) *builtIn {
	b := &builtIn{counts: counts, names: map[string]bool{}}
	add := func(list string, there bool) {
		for name := range strings.FieldsSeq(list) {
			b.names[name+"_module"], b.names[ModuleSource(name+"_module")] = there, there
		}
	}
	add(otherMPMs, false)
	add(httpdModules, true)
	return b
}

// hasModule evaluates <IfModule name>.
func (r *reader) hasModule(name string) bool {
	if r.modules[name] {
		return true
	}
	if !r.builtIn.names[name] {
		return false
	}
	r.builtIn.asked = true
	return r.builtIn.counts
}

// ofProxy are the modules that cannot be loaded into a server without mod_proxy.
const ofProxy = `proxy_ajp proxy_balancer proxy_connect proxy_express proxy_fcgi proxy_fdpass proxy_ftp proxy_hcheck proxy_http
proxy_http2 proxy_scgi proxy_uwsgi proxy_wstunnel`

// lacking reports that a module is loaded which needs mod_proxy, and mod_proxy is
// not: it must be built into that server.
func (r *reader) lacking() bool {
	if r.modules["proxy_module"] {
		return false
	}
	for name := range strings.FieldsSeq(ofProxy) {
		if r.modules[name+"_module"] {
			return true
		}
	}
	return false
}

// skipped records a section that is left out because httpd has no such module.
func (f *file) skipped(args string, l syntax.Line) {
	arg, _ := syntax.CutBracket(args)
	name, _ := syntax.Word(strings.TrimPrefix(arg, "!"))
	if _, known := f.builtIn.names[name]; known || f.modules[name] {
		return
	}
	s := Skipped{Site: l.Site(), Module: name}
	// Names of modules are very similar: mod_wsgi.c is not a mistyped
	// mod_cgi.c.
	if meant := syntax.Suggest(name, f.builtIn.list()); len(meant) == len(name) || meant == name+".c" {
		s.Hint = syntax.DidYouMean(name, []string{meant})
	}
	f.res.Skipped = append(f.res.Skipped, s)
}

// list returns the names of the modules that count as loaded, sorted.
func (b *builtIn) list() []string {
	var names []string
	for n, there := range b.names {
		if there {
			names = append(names, n)
		}
	}
	return sorted(names)
}
