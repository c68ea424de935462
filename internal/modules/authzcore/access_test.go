package authzcore_test

import (
	"strings"
	"testing"
)

// accessTests are configurations with requests that pass or are denied. A request
// is followed by its header lines after " | ". All were observed on httpd 2.4.71,
// except those with addresses of the documentation ranges.
var accessTests = []struct {
	conf string
	pass string // requests that pass, one per line
	deny string // requests that get 403
}{
	{"<Location /a>\n</Location>", "GET /a", ""},
	{"<Location /a>\nRequire all granted\n</Location>", "GET /a", ""},
	{"<Location /a>\nRequire all denied\n</Location>", "GET /b", "GET /a"},
	// <Limit>
	{"<Location /a>\n<Limit POST>\nRequire all denied\n</Limit>\n</Location>", "GET /a", "POST /a"},
	{"<Location /a>\nRequire all granted\n<Limit POST>\nRequire all denied\n</Limit>\n</Location>", "GET /a\nPOST /a", ""},
	{"<Location /a>\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Location>", "GET /a\nHEAD /a", "POST /a\nFOO /a"},
	{"<Location /a>\n<RequireAll>\nRequire all granted\n<Limit POST>\nRequire all denied\n</Limit>\n</RequireAll>\n</Location>", "GET /a", "POST /a"},
	{"<Location /a>\n<RequireAny>\nRequire ip 10.0.0.1\n<Limit POST>\nRequire all granted\n</Limit>\n</RequireAny>\n</Location>", "POST /a", "GET /a"},
	{"<Location /a>\n<Limit HEAD>\nRequire all denied\n</Limit>\n</Location>", "POST /a", "GET /a\nHEAD /a"},
	{"<Location /a>\n<Limit FOO>\nRequire all denied\n</Limit>\n</Location>", "GET /a\nfoo /a", "FOO /a"},
	{"<Location /a>\n<LimitExcept GET POST>\nRequire all denied\n</LimitExcept>\n</Location>", "GET /a\nPOST /a", "FOO /a\nPUT /a"},
	{"<Location /a>\n<LimitExcept GET>\n<LimitExcept POST>\nRequire all denied\n</LimitExcept>\n</LimitExcept>\n</Location>", "GET /a\nPOST /a", "PUT /a"},
	// kinds
	{"<Location /a>\nRequire method GET OPTIONS\n</Location>", "GET /a\nHEAD /a\nOPTIONS /a", "POST /a"},
	{"<Location /a>\nRequire method\n</Location>", "", "GET /a"},
	{"<Location /a>\nRequire expr %{REQUEST_URI} =~ m#^/a/ok#\n</Location>", "GET /a/ok", "GET /a"},
	{"<Location /a>\nRequire expr \"%{HTTP_HOST} == 'x'\"\n</Location>", "GET /a | Host: x", "GET /a\nGET /a | Host: y"},
	{"<Location /a>\nRequire expr -R '10.0.0.0/8' || %{req:X-Two} == 'a, b'\n</Location>", "GET /a | from: 10.1.2.3\nGET /a | X-Two: a | x-two: b", "GET /a"},
	{"<Location /a>\nRequire local\n</Location>", "GET /a\nGET /a | from: 127.9.9.9\nGET /a | from: ::1\nGET /a | from: 203.0.113.9\nGET /a | from: ::ffff:127.0.0.1", "GET /a | from: 10.0.0.1"},
	{"<Location /a>\nRequire ip 127.0\n</Location>", "GET /a\nGET /a | from: ::ffff:127.0.0.1", "GET /a | from: 127.1.0.1\nGET /a | from: ::1"},
	{"<Location /a>\nRequire ip 10.1.2.0/24 192.168 fe80::/10\n</Location>", "GET /a | from: 10.1.2.9\nGET /a | from: 192.168.3.4\nGET /a | from: fe80::1%lo", "GET /a\nGET /a | from: 10.1.3.1"},
	{"<Location /a>\nRequire ip 10.1.0.3/255.255.0.255\n</Location>", "GET /a | from: 10.1.9.3", "GET /a | from: 10.1.9.4\nGET /a | from: ::1"},
	{"<Location /a>\nRequire host\n</Location>", "", "GET /a"},
	{"<Location /a>\nRequire host good.example\n</Location>", "GET /a | from: 192.0.2.1", "GET /a\nGET /a | from: 192.0.2.2\nGET /a | from: 192.0.2.3"},
	{"<Location /a>\nRequire host .GOOD.example\n</Location>", "GET /a | from: 192.0.2.1", "GET /a | from: 192.0.2.2"},
	{"<Location /a>\nRequire host %{req:X-Domain}\n</Location>", "GET /a | from: 192.0.2.1 | X-Domain: x good.example", "GET /a | from: 192.0.2.1"},
	{"<Location /a>\nRequire forward-dns office.example\n</Location>", "GET /a | from: 192.0.2.7", "GET /a"},
	{"<Location /a>\nRequire forward-dns nosuch.invalid\n</Location>", "", "GET /a"},
	{"<Location /a>\nRequire env X1 X2\n</Location>\nSetEnvIf A 1 x2", "GET /a | A: 1", "GET /a"},
	{"<Location /a>\nSetEnv X1 1\nRequire env X1\n</Location>", "", "GET /a"},
	{"<Location /a>\nSetEnvIf A 1 x1\nRequire env X1\n</Location>", "GET /a | A: 1", "GET /a"},
	// containers
	{"<Location /a>\n<RequireAll>\nRequire all granted\n<RequireNone>\nRequire method POST\nRequire ip 10\n</RequireNone>\n</RequireAll>\n</Location>", "GET /a", "POST /a\nGET /a | from: 10.1.1.1"},
	{"<Location /a>\n<RequireAll>\nRequire all granted\nRequire not ip 127.0.0.1\n</RequireAll>\n</Location>", "GET /a | from: 10.1.1.1", "GET /a"},
	{"<Location /a>\n<RequireAll>\nRequire all granted\n<RequireAll>\nRequire not ip 127.0.0.1\n</RequireAll>\n</RequireAll>\n</Location>", "GET /a | from: 10.1.1.1", "GET /a"},
	{"<Location /a>\n<RequireAny>\nRequire ip 10.1.1.1\n<RequireAll>\nRequire method POST\nRequire local\n</RequireAll>\n</RequireAny>\n</Location>", "POST /a\nGET /a | from: 10.1.1.1", "GET /a\nPOST /a | from: 10.1.1.2"},
	// merging
	{"<Location /a>\nRequire all denied\n</Location>\n<Location /a/x>\nRequire all granted\n</Location>", "GET /a/x", "GET /a"},
	{"<Location /a>\nRequire all denied\n</Location>\n<Location /a/x>\nAuthMerging Off\n</Location>", "GET /a/x", ""},
	{"<Location /a>\nRequire all denied\n</Location>\n<Location /a/x>\nAuthMerging And\n</Location>", "", "GET /a/x"},
	{"<Location /a>\nRequire all denied\n</Location>\n<Location /a/x>\nAuthMerging Or\nRequire all granted\n</Location>", "GET /a/x", "GET /a"},
	{"<Location /a>\nRequire all denied\n</Location>\n<Location /a/x>\nAuthMerging And\nRequire all granted\n</Location>", "", "GET /a/x"},
	{"<Location /a>\nRequire all denied\n</Location>\n<Location /a/x>\nAuthzSendForbiddenOnFailure On\n</Location>", "", "GET /a/x"},
	{"<Location /a>\nAuthMerging And\nRequire all granted\n</Location>\n<Location /a/x>\nRequire ip 10.1.1.1\n</Location>\n<Location /a/x/y>\nAuthMerging Or\nRequire local\n</Location>", "GET /a\nGET /a/x/y", "GET /a/x"},
	{"<Location /a>\n<Limit POST>\nRequire all denied\n</Limit>\n</Location>\n<Location /a/x>\nAuthMerging And\nRequire ip 127\n</Location>", "GET /a/x", "POST /a/x\nGET /a/x | from: 10.1.1.1"},
	// Order, Allow, Deny
	{"<Location /a>\nOrder allow,deny\n</Location>", "", "GET /a"},
	{"<Location /a>\nOrder deny,allow\n</Location>", "GET /a", ""},
	{"<Location /a>\nDeny from all\n</Location>", "", "GET /a"},
	{"<Location /a>\nOrder allow,deny\nAllow from 127\nDeny from 127.0.0.2\n</Location>", "GET /a", "GET /a | from: 127.0.0.2\nGET /a | from: 10.0.0.1"},
	{"<Location /a>\nOrder deny,allow\nDeny from all\nAllow from 127.0.0.0/255.0.0.0\n</Location>", "GET /a", "GET /a | from: 10.0.0.1"},
	{"<Location /a>\nOrder Mutual-failure\nAllow from all\nDeny from ::1\n</Location>", "GET /a", "GET /a | from: ::1"},
	{"<Location /a>\nOrder allow,deny\nAllow from env=!nope\n</Location>\nSetEnvIf A 1 NOPE", "GET /a", "GET /a | A: 1"},
	{"<Location /a>\nSetEnvIf H2 \"^(.)(.*)$\" aa=$2-$1\nDeny from env=AA\n</Location>", "GET /a", "GET /a | H2: hello"},
	{"<Location /a>\nDeny from nogood.example\n</Location>", "GET /a\nGET /a | from: 192.0.2.1", "GET /a | from: 192.0.2.2"},
	{"<Location /a>\nOrder allow,deny\nAllow from good.example 10\n</Location>", "GET /a | from: 192.0.2.1\nGET /a | from: 10.9.9.9", "GET /a | from: 192.0.2.2\nGET /a | from: 192.0.2.3\nGET /a"},
	{"<Location /a>\n<Limit POST>\nOrder allow,deny\n</Limit>\n</Location>", "GET /a", "POST /a"},
	{"<Location /a>\n<Limit POST>\nDeny from all\n</Limit>\n</Location>", "GET /a", "POST /a"},
	{"<Location /a>\n<Limit POST>\nOrder allow,deny\n</Limit>\nOrder deny,allow\n</Location>", "GET /a\nPOST /a", ""},
	{"<Location /a>\nDeny from all\n</Location>\n<Location /a/x>\nSatisfy All\n</Location>", "GET /a/x", "GET /a"},
	{"<Location /a>\nDeny from all\n</Location>\n<Location /a/x>\nOrder allow,deny\n</Location>", "", "GET /a/x"},
	{"<Location /a>\nDeny from all\n</Location>\n<Location /a/x>\nRequire all granted\n</Location>", "", "GET /a/x"},
	// Satisfy
	{"<Location /a>\nDeny from all\nSatisfy Any\n</Location>", "GET /a", ""},
	{"<Location /a>\nDeny from all\nSatisfy Any\nRequire all granted\n</Location>", "GET /a", ""},
	{"<Location /a>\nDeny from all\nSatisfy Any\nRequire all denied\n</Location>", "", "GET /a"},
	{"<Location /a>\nAllow from all\nSatisfy Any\nRequire all denied\n</Location>", "GET /a", ""},
	{"<Location /a>\nSatisfy Any\nRequire all denied\n</Location>", "GET /a", ""},
	{"<Location /a>\nRequire all denied\n</Location>\n<Location /a/x>\nSatisfy Any\n</Location>", "GET /a/x", "GET /a"},
	{"<Location /a>\nDeny from 10\nSatisfy All\nRequire method GET\n</Location>", "GET /a", "POST /a\nGET /a | from: 10.1.1.1"},
	{"<Location /a>\nDeny from 10\n<Limit POST>\nSatisfy Any\n</Limit>\nRequire method GET POST\n</Location>", "GET /a\nPOST /a | from: 10.1.1.1", "GET /a | from: 10.1.1.1"},
}

func TestAccess(t *testing.T) {
	for _, tt := range accessTests {
		s := build(t, tt.conf)
		check := func(list string, want int) {
			for r := range strings.SplitSeq(list, "\n") {
				if r == "" {
					continue
				}
				f := strings.Split(r, " | ")
				if got, id := run(s.exchangeOf(t, f[0], f[1:]...)); got != want {
					t.Errorf("%s\n%s: %d %s", tt.conf, r, got, id)
				}
			}
		}
		check(tt.pass, 0)
		check(tt.deny, 403)
	}
}

func TestNeedsUser(t *testing.T) {
	for _, conf := range []string{
		"<Location /a>\nRequire expr %{REMOTE_USER} == 'x'\n</Location>",
		"<Location /a>\nDeny from all\nSatisfy Any\nRequire expr %{REMOTE_USER} == 'x'\n</Location>",
		"<Location /a>\nRequire expr %{REMOTE_USER} == 'x'\nRequire ip 10.0.0.1\n</Location>",
		"<Location /a>\n<RequireAll>\nRequire all granted\nRequire expr %{REMOTE_USER} == 'x'\n</RequireAll>\n</Location>",
	} {
		if got, id := run(build(t, conf).exchangeOf(t, "GET /a")); got != 500 || id != "AH00027" {
			t.Errorf("%s: %d %s", conf, got, id)
		}
	}
	// The user cannot change what another rule decides.
	for conf, want := range map[string]int{
		"<Location /a>\nRequire expr %{REMOTE_USER} == 'x'\nRequire local\n</Location>":                                                      0,
		"<Location /a>\n<RequireAll>\nRequire all denied\nRequire expr %{REMOTE_USER} == 'x'\n</RequireAll>\n</Location>":                    403,
		"<Location /a>\n<RequireAll>\nRequire local\nRequire not expr %{REMOTE_USER} == 'x'\n</RequireAll>\n</Location>":                     0,
		"<Location /a>\n<RequireAll>\nRequire expr %{REMOTE_USER} == 'x'\n<Limit POST>\nRequire local\n</Limit>\n</RequireAll>\n</Location>": 500,
	} {
		if got, id := run(build(t, conf).exchangeOf(t, "GET /a")); got != want {
			t.Errorf("%s: %d %s", conf, got, id)
		}
	}
}

func TestFaults(t *testing.T) {
	x := build(t, "\n<Location /a>\n\nRequire all denied\n</Location>").exchangeOf(t, "GET /a")
	x.Filename = []byte("proxy:http://b/a")
	err := x.Chain.Access[0].Do(x)
	if want := "client map: denied: client denied by Require (x.conf:4): proxy:http://b/a"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	x = build(t, "<Location /a>\nOrder allow,deny\n</Location>").exchangeOf(t, "GET /a")
	err = x.Chain.Access[0].Do(x)
	if want := "client map: denied: client denied by Allow and Deny (x.conf:2): uri /a"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if _, id := run(x); id != "AH01797" {
		t.Error(id)
	}
}

// TestNoAllocation: a request that passes allocates nothing.
func TestNoAllocation(t *testing.T) {
	s := build(t, `SetEnvIf Request_URI ^/a A=1
SetEnvIf X-B "^x(.*)$" B=$1 !C
BrowserMatch curl D
SetEnvIfExpr "%{REQUEST_METHOD} == 'GET'" E=1
SetEnv F 1
<Location /a>
SetEnvIf Remote_Addr ^127\. G
Order deny,allow
Deny from 10 env=Z bad.example
Allow from env=A
<RequireAll>
Require local
Require ip 10 127.0.0.0/8
Require env A
Require expr %{REQUEST_URI} =~ /^.a/ && -R '127.0.0.0/8'
Require host good.example
<RequireNone>
Require method POST
</RequireNone>
</RequireAll>
</Location>`)
	zone["127.0.0.1"] = "local.good.example"
	defer delete(zone, "127.0.0.1")
	x := s.exchangeOf(t, "GET /a", "X-B: xyz", "User-Agent: curl/8")
	once := func() {
		x.Env.Reset()
		x.Arena.Reset(false)
		if status, id := run(x); status != 0 {
			t.Fatal(status, id)
		}
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 && !raceEnabled {
		t.Errorf("%v allocations", n)
	}
	for _, name := range strings.Fields("A B D E F G") {
		if !x.Env.Has(name) {
			t.Errorf("%s is not set", name)
		}
	}
}
