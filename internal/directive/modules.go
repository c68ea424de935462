package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// HasModule says whether a server with this configuration has a module. All of
// httpd's ways to name it are accepted: proxy, mod_proxy, mod_proxy.c,
// proxy_module.
func (c *Call) HasModule(name string) bool {
	name = ascii.ToLower(name)
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(name, ".c"), "mod_"), "_module")
	if name == "" {
		return false
	}
	for _, b := range builtIn {
		if name == b {
			return true
		}
	}
	if c.walk.opts.Strict {
		return c.walk.opts.Loaded[name+"_module"]
	}
	return c.walk.table.hasModule("mod_" + name)
}

// builtIn are the modules that no LoadModule line needs to name.
var builtIn = strings.Fields("core http so unixd log_config logio version watchdog mpm_event mpm_worker mpm_prefork event worker prefork")

// withoutRows are httpd's modules that have no directives, so that no row names
// them.
var withoutRows = strings.Fields(`mod_proxy_http mod_proxy_connect mod_proxy_ajp mod_proxy_uwsgi mod_proxy_fdpass
	mod_proxy_http2 mod_proxy_scgi mod_lbmethod_byrequests mod_lbmethod_bytraffic mod_lbmethod_bybusyness mod_lbmethod_heartbeat
	mod_slotmem_shm mod_slotmem_plain mod_socache_shmcb mod_socache_dbm mod_socache_dc mod_asis mod_unique_id mod_authz_host
	mod_authz_user mod_authz_owner mod_authz_groupfile mod_authz_dbm mod_authz_dbd mod_authn_anon mod_authn_dbd mod_data
	mod_allowmethods mod_authnz_fcgi mod_vhost_alias mod_session_crypto mod_reflector mod_http2 mod_proxy_balancer
	mod_ratelimit mod_status mod_bucketeer`)

func (t *Table) hasModule(name string) bool {
	for _, m := range withoutRows {
		if m == name {
			return true
		}
	}
	for _, row := range t.rows {
		for m := range strings.SplitSeq(row.Module, ",") {
			if strings.TrimSpace(m) == name {
				return true
			}
		}
	}
	return false
}
