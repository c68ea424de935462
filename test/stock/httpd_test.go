package stock

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// loaded are the modules that a build of httpd from its sources loads.
const loaded = `
LoadModule authn_file_module modules/mod_authn_file.so
LoadModule authn_core_module modules/mod_authn_core.so
LoadModule authz_host_module modules/mod_authz_host.so
LoadModule authz_groupfile_module modules/mod_authz_groupfile.so
LoadModule authz_user_module modules/mod_authz_user.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule access_compat_module modules/mod_access_compat.so
LoadModule auth_basic_module modules/mod_auth_basic.so
LoadModule reqtimeout_module modules/mod_reqtimeout.so
LoadModule filter_module modules/mod_filter.so
LoadModule mime_module modules/mod_mime.so
LoadModule log_config_module modules/mod_log_config.so
LoadModule env_module modules/mod_env.so
LoadModule setenvif_module modules/mod_setenvif.so
LoadModule version_module modules/mod_version.so
LoadModule unixd_module modules/mod_unixd.so
LoadModule status_module modules/mod_status.so
LoadModule autoindex_module modules/mod_autoindex.so
LoadModule dir_module modules/mod_dir.so
LoadModule alias_module modules/mod_alias.so
`

// variables are the names that a build of httpd replaces by values.
var variables = regexp.MustCompile(`@@?[A-Za-z_]+@@?`)

// TestHttpd starts the tree of httpd's source distribution: its main file with
// the values that a build fills in.
func TestHttpd(t *testing.T) {
	text, err := os.ReadFile("../../../shared/corpus/813.conf")
	if err != nil {
		testkit.Skip(t, "the collection of real configurations is not present")
	}
	s := testkit.StartTree(t, func(dir, port string) string {
		values := map[string]string{
			"@@ServerRoot@@": dir, "@@Port@@": "127.0.0.1:" + port, "@@LoadModule@@": loaded,
			"@rel_sysconfdir@": "conf", "@rel_logfiledir@": "logs", "@rel_runtimedir@": "logs",
			"@exp_htdocsdir@": dir + "/htdocs", "@exp_cgidir@": dir + "/cgi-bin",
		}
		conf := variables.ReplaceAllStringFunc(string(text), func(v string) string {
			if w, ok := values[v]; ok {
				return w
			}
			return v
		})
		conf = strings.NewReplacer("\nUser daemon", "\nUser "+testkit.UserName(), "\nGroup daemon", "\nGroup "+testkit.GroupName()).Replace(conf)
		for _, d := range []string{"conf", "logs"} {
			if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "conf", "mime.types"), []byte("text/html html\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "conf", "httpd.conf")
		if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	})
	c := testkit.Dial(t, s.Addr())
	defer c.Close()
	c.Send("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n")
	r, err := c.Read("GET")
	if err != nil || r.Status != 404 {
		t.Fatalf("got %+v, %v; want 404", r, err)
	}
	if !testkit.Poll(testkit.Patience, func() bool { return strings.Contains(s.File("logs/access_log"), "GET /none HTTP/1.1\" 404") }) {
		t.Errorf("the access log has %q", s.File("logs/access_log"))
	}
}
