package authzcore_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
)

// errorTests are configurations of a section with the first error message of httpd
// 2.4.71; "" for none. For syntax errors in expressions httpd's message is longer.
var errorTests = []struct{ conf, want string }{
	{"Require foo", "Unknown Authz provider: foo"},
	{"Require", "Unknown Authz provider: "},
	{"Require not", "Unknown Authz provider: "},
	{"Require ALL granted", "Unknown Authz provider: ALL"},
	{"Require not all denied", "negative Require directive has no effect in <RequireAny> directive"},
	{"Require NOT all denied", "negative Require directive has no effect in <RequireAny> directive"},
	{"<RequireAny>\nRequire not ip 1.2.3.4\n</RequireAny>", "negative Require directive has no effect in <RequireAny> directive"},
	{"<RequireNone>\nRequire not ip 1.2.3.4\n</RequireNone>", "negative Require directive has no effect in <RequireNone> directive"},
	{"<RequireAll>\n</RequireAll>", "<RequireAll> directive contains no authorization directives"},
	{"<RequireAll>\nRequire all granted\n<RequireNone>\n</RequireNone>\n</RequireAll>", "<RequireNone> directive contains no authorization directives"},
	{"<RequireAll>\nRequire not ip 1.2.3.4\n</RequireAll>", "<RequireAll> directive contains only negative authorization directives"},
	{"<RequireAll>\n<RequireNone>\nRequire ip 1.2.3.4\n</RequireNone>\n</RequireAll>", "<RequireAll> directive contains only negative authorization directives"},
	{"<RequireNone>\nRequire ip 1.2.3.4\n</RequireNone>", "<RequireNone> directive has no effect in <RequireAny> directive"},
	{"<RequireAny>\n<RequireNone>\nRequire ip 1.2.3.4\n</RequireNone>\n</RequireAny>", "<RequireNone> directive has no effect in <RequireAny> directive"},
	{"<RequireAll foo>\nRequire ip 1.2.3.4\n</RequireAll>", "<RequireAll> directive doesn't take additional arguments"},
	{"Require all", "Argument for 'Require all' must be 'granted' or 'denied'"},
	{"Require all \"granted\"", "Argument for 'Require all' must be 'granted' or 'denied'"},
	{"Require all granted # x", "Argument for 'Require all' must be 'granted' or 'denied'"},
	{"Require all GRANTED", ""},
	{"Require ip", "'require ip' requires an argument"},
	{"Require ip \"\" 10.1.2.4", "'require ip' requires an argument"},
	{"Require ip foo", "ip address 'foo' appears to be invalid"},
	{"Require ip 10.0.0.1 # office", "ip address '#' appears to be invalid"},
	{"Require ip 10.0.0.1,10.0.0.2", "ip address '10.0.0.1,10.0.0.2' appears to be invalid"},
	{"Require ip 10.0.0.0/33", "ip address '10.0.0.0/33' appears to be invalid: The specified network mask is invalid."},
	{"Require ip 10.0.0.0/", "ip address '10.0.0.0/' appears to be invalid: The specified network mask is invalid."},
	{"Require ip 10.0.0.0/0", "ip address '10.0.0.0/0' appears to be invalid: The specified network mask is invalid."},
	{"Require ip 10.0.0.0/255.0.0", "ip address '10.0.0.0/255.0.0' appears to be invalid: The specified network mask is invalid."},
	{"Require ip 10.1/16", "ip address '10.1/16' appears to be invalid: The specified IP address is invalid."},
	{"Require ip ::ffff:1.2.3.4/104", "ip address '::ffff:1.2.3.4/104' appears to be invalid: The specified IP address is invalid."},
	{"Require ip ::ffff:127.0.0.1", "ip address '::ffff:127.0.0.1' appears to be invalid: The specified IP address is invalid."},
	{"Require ip fe80::1%lo", "ip address 'fe80::1%lo' appears to be invalid: The specified IP address is invalid."},
	{"Require ip 1.2.3 10.1.2.3. 010.1.2.3 ::1/128 10.0.0.0/255.0.255.0", ""},
	{"Require host %{foo}", "Cannot parse expression in require line: Variable 'foo' does not exist"},
	{"Require forward-dns\nRequire local foo\nRequire env\nRequire method\nRequire host", ""},
	{"Require method FOO", "Invalid Method 'FOO'"},
	{"Require method BREW", "Invalid Method 'BREW'"},
	{"<Limit FOO>\nRequire method FOO\n</Limit>", ""},
	{"<Limit FOO>\nRequire local\n</Limit>\nRequire method FOO", ""},
	{"Require expr", "Cannot parse expression in require line: syntax error, unexpected $end"},
	{"Require expr foo", "Cannot parse expression in require line: syntax error, unexpected $end"},
	{"Require expr 'true'", "Cannot parse expression in require line: syntax error, unexpected $end"},
	{"Require expr \"true\" && false", "Cannot parse expression in require line: syntax error, unexpected T_OP_AND"},
	{"Require expr \"%{REQUEST_URI} == '/x'\"", ""},
	{"AuthMerging foo", "AuthMerging must be one of: Off | And | Or"},
	{"<Limit>\nRequire all granted\n</Limit>", "<Limit> directive requires additional arguments"},
	{"<Limit TRACE>\nRequire all granted\n</Limit>", "TRACE cannot be controlled by <Limit>, see TraceEnable"},
	{"<LimitExcept TRACE>\nRequire all granted\n</LimitExcept>", ""},
	{"<Limit GET>\n<LimitExcept GET>\nRequire all granted\n</LimitExcept>\n</Limit>", "<LimitExcept> directive excludes all methods"},
	{"<Limit GET>\n<Limit POST>\nRequire all granted\n</Limit>\n</Limit>", "<Limit> directive excludes all methods"},
	{"<RequireAll>\n<Limit GET>\nAuthMerging And\nSatisfy Any\nRequire all granted\n</Limit>\n</RequireAll>", ""},
	{"Order foo", "unknown order"},
	{"Allow to all", "allow and deny must be followed by 'from'"},
	{"Deny from all # bad guys", "No comments are allowed here"},
	{"Deny from #foo", "No comments are allowed here"},
	{"Deny from 300.1.2.3", "The specified IP address is invalid."},
	{"Deny from 10.0.0.0/40", "The specified network mask is invalid."},
	{"Deny from foo/8", "An IP address was expected"},
	{"Deny from 10.1/16", "The specified IP address is invalid."},
	{"Deny from [::1]", "The specified IP address is invalid."},
	{"Deny from foo.com 10 10. 10.1 10.0.0.0/255.0.255.0 ::1 fe80::/10 env env= env=!X \"a b\" 1.2.3.4,5.6.7.8", ""},
	{"Satisfy foo", "Satisfy either 'any' or 'all'."},
	{"SetEnvIf", "Missing header-field name for SetEnvIf"},
	{"SetEnvIf Foo", "Missing regular expression for SetEnvIf"},
	{"SetEnvIf Foo \"\" X", "Missing regular expression for SetEnvIf"},
	{"SetEnvIf Foo bar", "Missing envariable expression for SetEnvIf"},
	{"SetEnvIf Foo \"(bar\" X", "SetEnvIf regex could not be compiled."},
	{"SetEnvIf \"Foo(\" bar X", "SetEnvIfHeader name regex could not be compiled."},
	{"BrowserMatch", "Missing regular expression for BrowserMatch"},
	{"BrowserMatch foo", "Missing envariable expression for BrowserMatch"},
	{"BrowserMatchNoCase \"(foo\" X", "BrowserMatchNoCase regex could not be compiled."},
	{"SetEnvIfExpr", "Missing expression for SetEnvIfExpr"},
	{"SetEnvIfExpr \"true\"", "Missing envariable expression for SetEnvIfExpr"},
	{"SetEnvIfExpr \"foo\" X", "Could not parse expression \"foo\": syntax error, unexpected $end"},
	{"SetEnv a=b c\nPassEnv NO_SUCH_VARIABLE\nUnsetEnv a b\nSetEnv c", ""},
}

func TestErrors(t *testing.T) {
	for _, tt := range errorTests {
		_, found := apply("<Location />\n" + tt.conf + "\n</Location>\n")
		got := ""
		for _, d := range found {
			if d.Blocks() {
				got = d.Text
				break
			}
		}
		if got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.conf, got, tt.want)
		}
	}
}

// TestRefused: a provider that is not supported is refused once, with the reason.
func TestRefused(t *testing.T) {
	for _, conf := range []string{
		"Require ldap-user a b", "Require not dbd-group x", "<RequireAll>\nRequire ldap-group cn=x\n</RequireAll>",
		"<RequireNone>\nRequire dbm-group a\n</RequireNone>",
	} {
		_, found := apply("<Location />\n" + conf + "\n</Location>\n")
		if len(found) != 1 || found[0].Severity != directive.SeverityRefused || !strings.Contains(found[0].Text, "would be open") {
			t.Errorf("%s: %v", conf, found)
		}
	}
	for _, conf := range []string{"Require forward-dns %{HTTP_HOST}"} {
		if _, found := apply("<Location />\n" + conf + "\n</Location>\n"); !directive.Blocking(found) {
			t.Errorf("%s: %v", conf, found)
		}
	}
}
