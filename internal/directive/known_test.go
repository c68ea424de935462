package directive

import (
	"os"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
)

const reference = "../../../shared/reference/"

// eachRow calls f with the fields of each line of a reference table.
func eachRow(t *testing.T, file string, f func(fields []string)) {
	t.Helper()
	text, err := os.ReadFile(reference + file)
	if err != nil {
		testkit.Skip(t, "no ../shared/reference beside the repository")
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); fields[0] != "directive" {
			f(fields)
		}
	}
}

func TestKnownTableIsWellFormed(t *testing.T) {
	rows, err := parseKnown(knownTSV)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		if seen[r.key()] {
			t.Errorf("%s is there twice", r.Name)
		}
		seen[r.key()] = true
		prefix := strings.HasSuffix(r.Name, "*")
		if r.Where == 0 || r.Module == "" || !prefix && r.Usage == "" {
			t.Errorf("incomplete: %+v", *r)
		}
		if r.Tier != Honoured && r.Note == "" {
			t.Errorf("%s is %s without a reason", r.Name, r.Tier)
		}
	}
	for _, c := range conditions {
		for name := range strings.FieldsSeq(c.names) {
			if !seen[ascii.ToLower(name)] {
				t.Errorf("condition for the unknown %s", name)
			}
		}
	}
}

// TestKnownHasEveryCommand compares with the command tables of httpd's source:
// each name is known, the shape of the arguments is the same, and so are the
// contexts where the source states them plainly.
func TestKnownHasEveryCommand(t *testing.T) {
	places := map[string]Where{
		"RSRC_CONF": ServerConfig, "ACCESS_CONF": DirConfig, "OR_AUTHCFG": AuthConfig, "OR_FILEINFO": Overridable | AllowFileInfo,
		"OR_OPTIONS": Overridable | AllowOptions, "DIR_CMD_PERMS": Overridable | AllowIndexes, "OR_ALL": Anywhere, "OR_LIMIT": DirConfig | HTAccess | AllowLimit,
	}
	count := 0
	eachRow(t, "cmdtable.tsv", func(f []string) {
		switch f[0] {
		case "directive", "Foo", "NULL", "SSLname", "BEGIN_MACRO", "UNDEF_MACRO", "USE_MACRO", "MD_CMD_MD_SECTION",
			"MD_CMD_MD2_SECTION", "Lua_____ByteCodeHack":
			return // words of macros, not names
		}
		row := Known().Lookup(f[0])
		if row == nil || strings.HasSuffix(row.Name, "*") {
			t.Errorf("%s is not known", f[0])
			return
		}
		count++
		if !strings.HasPrefix(f[2], "SSL_CMD") && row.Args.String() != f[2] {
			t.Errorf("%s: %s, in the source %s", f[0], row.Args, f[2])
		}
		// The source names classes of contexts; a directive's function may
		// forbid some of them.
		if class, ok := places[f[4]]; ok && (row.Where&^class != 0 || row.Where&class == 0) {
			t.Errorf("%s: %s, in the source %s", f[0], row.Where.Letters(), f[4])
		}
	})
	if count < 700 {
		t.Errorf("only %d commands compared", count)
	}
}

// observed reads what a real server reports: contexts by lower-case name.
func observed(t *testing.T) map[string]Where {
	t.Helper()
	text, err := os.ReadFile("gen/observed.tsv")
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]Where{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 4 {
			w, ok := parseWhere(f[3])
			if !ok {
				t.Errorf("bad places in observed.tsv: %s", line)
			}
			places[ascii.ToLower(f[0])] = w
		}
	}
	return places
}

// TestKnownHasEveryManualEntry compares with the manual: each name is known, and
// the contexts are the manual's. For some 150 directives a real server differs
// from its manual; there the server is right, but the two must have a context in
// common.
func TestKnownHasEveryManualEntry(t *testing.T) {
	real := observed(t)
	for _, file := range []string{"directives.tsv", "directives-other-modules.tsv"} {
		eachRow(t, file, func(f []string) {
			row := Known().Lookup(f[0])
			if row == nil || strings.HasSuffix(row.Name, "*") {
				t.Errorf("%s is not known", f[0])
				return
			}
			if sourceDiffers[f[0]] {
				return
			}
			if strings.HasPrefix(f[1], "mod_") && !strings.Contains(row.Module, f[1]) {
				t.Errorf("%s: module %s, in the manual %s", f[0], row.Module, f[1])
			}
			want := contextsOf(f[2])
			if seen, ok := real[row.key()]; ok {
				if row.Where != seen || seen&want == 0 {
					t.Errorf("%s: %s, a real server has %s and the manual %s", f[0], row.Where, seen, want)
				}
				return
			}
			if got := manualContexts(row.Where); got != manualContexts(want) {
				t.Errorf("%s: %s, in the manual %s", f[0], row.Where, want)
			}
		})
	}
}

// sourceDiffers lists directives, most of them of other systems, whose source
// and manual disagree. The source is right.
var sourceDiffers = map[string]bool{
	"CGIMapExtension": true, "UNCList": true, "EnableExceptionHook": true, "StartThreads": true, "NWSSLTrustedCerts": true,
	"NWSSLUpgradeable": true, "SecureListen": true, "DTracePrivileges": true, "VHostCGIMode": true, "VHostCGIPrivs": true,
	"VHostGroup": true, "VHostPrivs": true, "VHostSecure": true, "VHostUser": true, "MaxThreads": true,
	"AuthDigestNcCheck": true, "DavLockDiscovery": true,
}

// contextsOf reads the manual's contexts.
func contextsOf(text string) (w Where) {
	for word := range strings.SplitSeq(text, ",") {
		switch strings.TrimSpace(word) {
		case "server config":
			w |= Main
		case "virtual host":
			w |= VHost
		case "directory":
			w |= DirConfig
		case ".htaccess":
			w |= HTAccess
		case "proxy section":
			w |= Proxy
		}
	}
	return w
}

// manualContexts summarises contexts as the manual does.
func manualContexts(w Where) string {
	out := ""
	for i, bits := range []Where{Main, VHost, DirConfig, HTAccess} {
		if w&bits != 0 {
			out += string("SVDH"[i])
		}
	}
	return out
}

func TestPrefixesNeverHideHttpdsOwn(t *testing.T) {
	for _, row := range Known().Rows() {
		if got := Known().Lookup(row.Name); got.Name != row.Name {
			t.Errorf("%s is found as %s", row.Name, got.Name)
		}
	}
	for name, want := range map[string]string{
		"OIDCClientID": "OIDC*", "oidcclientid": "OIDC*", "SecureListen": "SecureListen", "SecRule": "Sec*",
		"SecRuleEngine": "SecRuleEngine", "php_value": "php_*", "<Perl>": "<Perl*", "<location": "<Location>",
		"WSGIScriptAlias": "WSGI*", "CaseFilter": "CaseFilter", "allow": "Allow", "QS_ClientEntries": "QS_*",
	} {
		if row := Known().Lookup(name); row == nil || row.Name != want {
			t.Errorf("%s: %+v, want %s", name, row, want)
		}
	}
	if row := Known().Lookup("Location"); row != nil {
		t.Errorf("a section is found as a directive: %+v", row)
	}
}

func TestWhen(t *testing.T) {
	for _, c := range []struct {
		line string
		want Tier
	}{
		{"ProxyRequests Off", Noted}, {"ProxyRequests On", Refused},
		{"SSLEngine off", Noted}, {"SSLEngine on", Pending},
		{"SecRuleEngine Off", Noted}, {"SecRuleEngine DetectionOnly", Noted}, {"SecRuleEngine On", Refused}, {"SecRule x y", Refused},
		{"AddOutputFilterByType DEFLATE text/html text/css", Noted}, {"AddOutputFilterByType SUBSTITUTE text/html", Pending},
		{"SetOutputFilter deflate", Noted},
		{"SetOutputFilter INFLATE;DEFLATE", Pending},
		{"SetHandler server-status", Noted}, {"SetHandler balancer-manager", Pending}, {"SetHandler cgi-script", Refused},
		{`SetHandler "proxy:unix:/run/x.sock|fcgi://localhost"`, Pending}, {"AddHandler type-map var", Noted},
		{"AddHandler cgi-script .cgi", Noted}, {"AddHandler application/x-httpd-php .php", Refused},
		{"AddType application/x-httpd-php .php", Noted}, {"AddType text/html .html", Noted},
		{"Alias /icons/ /usr/share/icons/", Noted}, {"Alias /static /srv/static", Pending}, {"Alias /iconsx /srv", Pending},
		{`AliasMatch ^/manual(?:/(?:de|en))?(/.*)?$ /m$1`, Noted},
		{"ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/", Noted}, {"ScriptAlias /viewvc /usr/lib/viewvc.cgi", Refused},
		{`BrowserMatch bot is_bot`, Pending}, {`SetEnvIf Request_URI \.png$ no-gzip dont-vary`, Pending}, {`SetEnvIf Host x Y=1`, Pending},
		{"HttpProtocolOptions Strict LenientMethods Allow0.9", Noted}, {"HttpProtocolOptions RegisteredMethods", Pending},
		{"SSLPassPhraseDialog exec:/bin/x", Noted}, {"SSLPassPhraseDialog builtin", Noted}, {"SSLPassPhraseDialog |/bin/x", Noted}, {"SSLPassPhraseDialog x", Pending},
		{"ChrootDir /x", Refused}, {"StartServers 5", Noted}, {"SSLLog x", Refused}, {"Include x", Honoured},
		{"SessionMaxAge 5", Refused}, {"Session Off", Noted}, {"UserDir disabled", Noted}, {"H2Push on", Noted},
	} {
		root, _ := syntax.Parse("x", c.line+"\n")
		var got []Use
		Apply(root, Known(), Options{Use: func(u Use) { got = append(got, u) }})
		if len(got) != 1 || got[0].Tier != c.want {
			t.Errorf("%s: %+v, want %s", c.line, got, c.want)
		}
	}
	for line, want := range map[string]Tier{
		"AuthType Basic": Pending, "AuthDBMUserFile x": Refused, "SSLOptions +StdEnvVars": Noted, "SSLOptions +StdEnvVars +FakeBasicAuth": Pending,
		"Satisfy Any": Pending, "Satisfy all": Noted, "Dav On": Refused, "Dav Off": Noted,
	} {
		root, _ := syntax.Parse("x", "<Location /x>\n"+line+"\n</Location>\n")
		var got Use
		Apply(root, Known(), Options{Use: func(u Use) { got = u }})
		if got.Tier != want || !strings.HasPrefix(line, got.Node.Name) {
			t.Errorf("%s: %+v, want %s", line, got, want)
		}
	}
}
