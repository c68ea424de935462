package authzcore_test

import (
	"strings"
	"testing"
)

// environmentTests are configurations, a request with its header lines, and the
// variables that it must then have. A variable with "=(none)" must not be set. All
// were observed on httpd 2.4.71.
var environmentTests = []struct{ conf, request, want string }{
	{"SetEnvIf H1 (.*) A=if\nSetEnv A env", "GET /a", "A=if"},
	{"SetEnv A env\nSetEnv B b\nSetEnv a two", "GET /a", "A=two B=b"},
	{"SetEnv A\n", "GET /a", "A="},
	{"SetEnv A env\n<Location /a>\nUnsetEnv a\n</Location>", "GET /a", "A=(none)"},
	{"SetEnv A env\n<Location /a>\nSetEnv A in\n</Location>", "GET /a", "A=in"},
	{"<Location /a>\nSetEnv A 1\nUnsetEnv A\nSetEnv B 1\n</Location>", "GET /a", "A=(none) B=1"},
	{"SetEnvIf X (.*) A=if\n<Location /a>\nUnsetEnv A\n</Location>", "GET /a", "A=if"},
	// Outside of sections the path is unchanged; the capitals show that here.
	{"SetEnvIf Request_URI ^/a/x A\n<Location /a>\nSetEnvIf Request_URI ^/a/x B\n</Location>", "GET /A/X", "A=(none) B=1"},
	{"SetEnvIf ^HH- (.*) D=$1", "GET /a | HH-A: 1 | X: 3 | HH-B: 2", "D=2"},
	{"SetEnvIfNoCase ^hh- (.*) D=$1", "GET /a | HH-A: 1 | HH-A: 2", "D=1,2"},
	{"SetEnvIf ^hh- (.+) D=$1", "GET /a | HH-A: 1", "D=(none)"},
	{"SetEnvIf Foo (.*) A\nSetEnvIf Foo x A=!foo\nSetEnv A env", "GET /a | Foo: x", "A=env"},
	{"SetEnvIf Foo x C=", "GET /a | Foo: x", "C=1"},
	{"SetEnvIf Foo \"x\" D=$0\\\\a", "GET /a | Foo: x", "D=$0\\a"},
	{"SetEnvIf Foo x\\.y D=$0", "GET /a | Foo: ax.yb", "D=$0"},
	{"SetEnvIf Foo x \"B=a_b_\\$1_$9_$\"", "GET /a | Foo: x", "B=a_b_\\$1_$9_$"},
	{"SetEnvIf Foo (x) \"C=a_b_\\$1_$9_&_$\"", "GET /a | Foo: x", "C=a_b_$1__&_$"},
	{"SetEnvIf Foo (.)(.) A=$2$1 B=$0 !C", "GET /a | Foo: xyz", "A=yx B=xy C=(none)"},
	{"SetEnvIf Multi ^(.*)$ B=$1", "GET /a | Multi: a | multi: b", "B=a,b"},
	{"SetEnvIf Remote_Host (.*) A=$1\nSetEnvIf Remote_Addr (.*) B=$1\nSetEnvIf Server_Addr (.*) C=$1", "GET /a", "A=127.0.0.1 B=127.0.0.1 C=203.0.113.9"},
	{"SetEnvIf request_method (.*) A=$1\nSetEnvIf REQUEST_PROTOCOL (.*) B=$1", "HEAD /a", "A=HEAD B=HTTP/1.1"},
	{"SetEnvIf Foo x B\nSetEnvIf NoCase ^$ C=empty\nSetEnvIfExpr \"%{HTTP:Foo} =~ /(x)(y)/\" D=$2$1\nSetEnvIfExpr false E", "GET /a | Foo: xy", "B=1 C=empty D=yx E=(none)"},
	{"SetEnvIfExpr \"%{HTTP:Foo} =~ /x/\" D !E", "GET /a | Foo: xy", "D=1 E=(none)"},
	// A variable replaces a missing header, which is looked up once for consecutive directives.
	{"SetEnvIf Other ^$ WW=one\nSetEnvIf WW one C=two", "GET /a", "WW=one C=two"},
	{"SetEnvIf VV ^$ VV=one\nSetEnvIf VV one B=two", "GET /a", "VV=one B=(none)"},
	{"SetEnvIf VV ^$ VV=one\nSetEnvIfExpr true X\nSetEnvIf vv one B=two", "GET /a", "VV=one B=(none)"},
	{"SetEnvIf VV ^$ VV=one\n<Location /a>\nSetEnvIf VV one B=two\n</Location>", "GET /a", "VV=one B=two"},
	{"SetEnvIf H2 ^(.)(.*)$ aa=$2-$1\nSetEnvIf AA . D=seen", "GET /a | H2: hello", "AA=ello-h D=seen"},
	{"BrowserMatch ^curl A\nBrowserMatchNoCase ^CURL B\nBrowserMatch ^CURL C", "GET /a | User-Agent: curl/8", "A=1 B=1 C=(none)"},
	{"SetEnvIfNoCase Foo BAR A", "GET /a | Foo: xbary", "A=1"},
	{"<Location /b>\nSetEnvIf Request_URI . A\nSetEnv B\n</Location>", "GET /a", "A=(none) B=(none)"},
}

func TestEnvironment(t *testing.T) {
	for _, tt := range environmentTests {
		f := strings.Split(tt.request, " | ")
		x := build(t, tt.conf).exchangeOf(t, f[0], f[1:]...)
		if status, id := run(x); status != 0 {
			t.Errorf("%s: %d %s", tt.conf, status, id)
		}
		for want := range strings.FieldsSeq(tt.want) {
			name, value, _ := strings.Cut(want, "=")
			got, ok := x.Env.Get(name)
			shown := strings.ReplaceAll(string(got), " ", "") // expected values are written without blanks
			if !ok {
				shown = "(none)"
			}
			if shown != value {
				t.Errorf("%s\n%s: %s is %q, want %q", tt.conf, tt.request, name, shown, value)
			}
		}
	}
}

// TestOrder: sections set their variables before access control, also when the
// module comes after it.
func TestOrder(t *testing.T) {
	s := build(t, "<Location /a>\nRequire env A\nSetEnvIf Request_URI . A\n</Location>")
	if n := len(s.chain(t, "/a").Parse) + len(s.chain(t, "/a").Access); n != 2 {
		t.Fatalf("%d steps", n)
	}
	if status, id := run(s.exchangeOf(t, "GET /a")); status != 0 {
		t.Error(status, id)
	}
	if len(build(t, "ServerName x").chain(t, "/").Access) != 0 {
		t.Error("a step without anything to do")
	}
}

func TestPassEnv(t *testing.T) {
	t.Setenv("HEADGATE_TEST_PASS", "passed")
	x := build(t, "PassEnv HEADGATE_TEST_PASS HEADGATE_TEST_NONE").exchangeOf(t, "GET /a")
	run(x)
	if v, _ := x.Env.Get("headgate_test_pass"); string(v) != "passed" || x.Env.Has("HEADGATE_TEST_NONE") {
		t.Errorf("%q", x.Env.All())
	}
}
