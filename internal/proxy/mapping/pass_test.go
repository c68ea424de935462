package mapping

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/proxy/param"
)

// passRows were checked against httpd 2.4.71. A leading "@path" says that the
// line is in a section of that path.
var passRows = []struct{ line, err string }{
	{"ProxyPass", "ProxyPass|ProxyPassMatch needs a path when not defined in a location"},
	{"ProxyPass /a", "ProxyPass|ProxyPassMatch needs a path when not defined in a location"},
	{"ProxyPass ~", "ProxyPass|ProxyPassMatch needs a path when not defined in a location"},
	{"ProxyPass ~ ^/a", "ProxyPass|ProxyPassMatch needs a path when not defined in a location"},
	{"ProxyPass ~ ^/a http://h/", ""},
	{"ProxyPassMatch ~ ^/a http://h/", "ProxyPassMatch invalid syntax ('~' usage)."},
	{"ProxyPassMatch ^/(a http://h/", "Regular expression could not be compiled."},
	{"ProxyPass /a http://h/ ~", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"ProxyPass /a ~ http://h/", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"ProxyPass /a http://h/ nocanon interpolate noquery NOCANON", ""},
	{"ProxyPass /a http://h/ mapping=encoded", ""},
	{"ProxyPass /a http://h/ mapping=ENCODED nocanon", ""},
	{"ProxyPass /a http://h/ mapping=servlet", ""},
	{"ProxyPass /a http://h/ mapping=x", "unknown mapping"},
	{"ProxyPass /a http://h/ foo", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"ProxyPass /a http://h/ # comment", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"ProxyPass /a http://h/ timeout =5", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"ProxyPass /a !", ""}, {"ProxyPass /a ! nocanon", ""}, {"ProxyPass /a ! foo=bar", ""},
	{"ProxyPass /a ! foo", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"ProxyPass /a /b", "ProxyPass URL must be absolute!: /b"},
	{"ProxyPass /a h:80", "ProxyPass URL must be absolute!: h:80"},
	{"ProxyPass /a http:/h", "ProxyPass URL must be absolute!: http:/h"},
	{"ProxyPass /a http://", "ProxyPass URL must be absolute!: http://"},
	{"ProxyPass /a http:///x", "ProxyPass URL must be absolute!: http:///x"},
	{"ProxyPass /a http://h:port/", "ProxyPass Unable to parse URL: http://h:port/"},
	{"ProxyPass /a http://[::1]:80/", ""},
	{"ProxyPass /a http://[::1/", "ProxyPass Unable to parse URL: http://[::1/"},
	{"ProxyPass /a http://h:/", ""}, {"ProxyPass /a http://u:p@h/", ""},
	{"ProxyPass /a http://u@/", "ProxyPass URL must be absolute!: http://u@/"},
	{"ProxyPass /a unix:/x|http://h/", ""}, {"ProxyPass /a unix:/x|http:", ""}, {"ProxyPass /a unix:/x|http://", ""},
	{"ProxyPass /a UNIX:/x|http://h/", ""}, {"ProxyPass /a unix:|http://h/", ""}, {"ProxyPass /a unix:rel.sock|http://h/", ""},
	{"ProxyPass /a unix:/x|", `ProxyPass|ProxyPassMatch uses an invalid "unix:" URL`},
	{"ProxyPass /a unix:/x|h", `ProxyPass|ProxyPassMatch uses an invalid "unix:" URL`},
	{"ProxyPass /a unix:/x", "ProxyPass URL must be absolute!: unix:/x"},
	{"ProxyPass /a unix:/" + long(120) + "|http://h/", "ProxyPass worker uds path (/" + long(120) + ") too long"},
	{"ProxyPass /a http://" + long(255) + "/", ""},
	{"ProxyPass /a http://" + long(256) + "/", "ProxyPass worker hostname (" + long(256) + ") too long"},
	{"ProxyPass /a ftp://h/", ""}, {"ProxyPass /a foo://h/", ""}, {"ProxyPass a http://h/", ""},
	{`ProxyPass "" http://h/`, ""},
	{`ProxyPass /a ""`, "ProxyPass URL must be absolute!: "},
	{"ProxyPass /a balancer://", "ProxyPass Bad syntax for a balancer name (balancer://)"},
	{"ProxyPass /a balancer:x", "ProxyPass Bad syntax for a balancer name (balancer:x)"},
	{"ProxyPass /a balancer://x_y/", ""}, {"ProxyPass /a BALANCER://x/", ""},
	{"ProxyPass /a http://h?x", ""}, {"ProxyPass /a http://h#x", ""},
	{"ProxyPass /a http://h:${T}/ interpolate", "ProxyPass Unable to parse URL: http://h:${T}/"},
	{"ProxyPassMatch ^/(.*)$ http://$1/", ""}, {"ProxyPassMatch ^/(.*)$ http://h:$1/", ""}, {"ProxyPassMatch ^/(.*)$ http://h$1", ""},
	{"ProxyPassMatch ^/(.*)$ http://h:80$1", ""},
	{"ProxyPassMatch ^/(.*)$ $1://h/", "ProxyPass Unable to parse URL: $1://h/"},
	{"ProxyPassMatch ^/(.*)$ $1", "ProxyPass URL must be absolute!: $1"},
	{"ProxyPassMatch ^/x !", ""},
	{"@/a ProxyPass http://h/", ""}, {"@/a ProxyPass !", ""}, {"@/a ProxyPassMatch http://h", ""}, {"@/a* ProxyPass http://h", ""},
	{"@/a ProxyPass /a http://h/", "ProxyPass|ProxyPassMatch can not have a path when defined in a location."},
	{"@/a ProxyPass a http://h/", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"@/a ProxyPass http://h/ foo", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"@/a ProxyPass /a foo", "ProxyPass|ProxyPassMatch can not have a path when defined in a location."},
	{"@/a ProxyPass /a", "ProxyPass URL must be absolute!: /a"},
	{"@/a ProxyPass", "ProxyPass|ProxyPassMatch needs a path when not defined in a location"},
	{"@/a ProxyPass ~ http://h", "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in the form 'key=value'."},
	{"@^/(a) ProxyPass http://h/$1", ""}, {"@^/abc ProxyPass http://h/$1", ""},
}

// readLine reads "[@path ]ProxyPass words".
func readLine(line string) (words []string, at Place) {
	words = strings.Fields(line)
	if strings.HasPrefix(words[0], "@") {
		at.InLocation, at.Path = true, words[0][1:]
		words = words[1:]
	}
	at.Match = words[0] == "ProxyPassMatch"
	for i := range words {
		words[i] = strings.Trim(words[i], `"`)
	}
	return words[1:], at
}

func TestParsePass(t *testing.T) {
	for _, row := range passRows {
		words, at := readLine(row.line)
		_, err := ParsePass(words, at)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != row.err {
			t.Errorf("%s: %q, want %q", row.line, got, row.err)
		}
	}
}

func TestPassRule(t *testing.T) {
	parse := func(line string) *PassRule {
		words, at := readLine(line)
		r, err := ParsePass(words, at)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return r
	}
	r := parse("ProxyPass /a unix:/run/x.sock|http://H:80/p timeout=0 TIMEOUT=5 NoCanon interpolate noquery retry=1")
	if r.URL.Socket != "/run/x.sock" || r.URL.Name() != "http://h/p" || r.Target != "http://H:80/p" || !r.NoCanon || !r.Interpolate || !r.NoQuery {
		t.Errorf("%+v", r)
	}
	if len(r.Settings) != 2 || r.Settings[0].Value != "5" || r.Settings[1] != (param.Setting{Key: "retry", Value: "1"}) {
		t.Errorf("settings %v", r.Settings)
	}
	for line, ok := range map[string]bool{
		"ProxyPass ~ ^/a http://h/$1":        parse("ProxyPass ~ ^/a http://h/$1").Regex != nil,
		"a wildcard in the section's path":   parse("@/a* ProxyPass http://h").Regex != nil,
		"a plain pattern in LocationMatch":   parse("@^/abc ProxyPass http://h").Regex == nil, // httpd
		"no part of the host varies":         !parse("ProxyPassMatch ^/(.*) http://h/$1").Dynamic,
		"the host varies":                    parse("ProxyPassMatch ^/(.*) http://$1/").Dynamic,
		"the port varies":                    parse("ProxyPassMatch ^/(.*) http://h:$1/").URL.Name() == "http://h",
		"what follows the port is the path":  parse("ProxyPassMatch ^(/.*) http://h:81$1").URL.Name() == "http://h:81",
		"servlet is encoded too":             parse("ProxyPass /a http://h mapping=servlet").Encoded,
		"a balancer's name is in lower case": parse("ProxyPass /a BALANCER://Pool/X").URL.Name() == "balancer://pool/X",
		"the word after ! does not matter":   parse("ProxyPass /a ! foo=bar").Deny,
		"a rule that denies has no worker":   parse("ProxyPass /a !").URL.Host == "",
		"a rule in a section has its path":   parse("@/a/b ProxyPass http://h").Path == "/a/b",
	} {
		if !ok {
			t.Error(line)
		}
	}
}

func FuzzParsePass(f *testing.F) {
	for _, row := range passRows {
		f.Add(row.line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.TrimSpace(line) == "" || len(strings.Fields(line)) < 2 {
			t.Skip()
		}
		words, at := readLine(line)
		at.Match = false // package rx tests patterns
		if len(words) > 0 && words[0] == "~" || at.InLocation && glob.HasWildcards(at.Path) {
			t.Skip()
		}
		r, err := ParsePass(words, at)
		if err == nil && !r.Deny && r.URL.Host == "" {
			t.Fatalf("%q: no host: %+v", line, r)
		}
	})
}

func long(n int) string { return strings.Repeat("a", n) }
