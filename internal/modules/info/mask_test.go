package info

import (
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for _, c := range []struct{ directive, args, want string }{
		{"ProxyPass", "/ http://joe:s3same@127.0.0.1/ retry=5", "/ http://joe:*****@127.0.0.1/ retry=5"},
		{"ProxyPass", "/ http://joe:s3@me@127.0.0.1/", "/ http://joe:*****@127.0.0.1/"},
		{"<Proxy>", `"balancer://joe:s3same@x"`, `"balancer://joe:*****@x"`},
		{"ProxyPass", "/ ajp://127.0.0.1:8009 secret=s3same timeout=3", "/ ajp://127.0.0.1:8009 secret=***** timeout=3"},
		{"BalancerMember", `ajp://127.0.0.1:8009 "secret=s3same" route=a`, `ajp://127.0.0.1:8009 "secret=*****" route=a`},
		{"BalancerMember", `ajp://127.0.0.1:8009 secret="s3 same" route=a`, `ajp://127.0.0.1:8009 secret=***** route=a`},
		{"Redirect", "/a http://x/?a=1&access_token=s3same&b=2", "/a http://x/?a=1&access_token=*****&b=2"},
		{"RequestHeader", `set Authorization "Basic czNzYW1lczNzYW1l"`, "set Authorization *****"},
		{"RequestHeader", `set X-Any "Bearer s3same-s3same.s3same"`, `set X-Any "Bearer *****"`},
		{"RequestHeader", "set X-Api-Key s3same", "set X-Api-Key *****"},
		{"RequestHeader", "set X-Api-Key %{API_KEY}e env=x", "set X-Api-Key %{API_KEY}e env=x"},
		{"SetEnv", "DB_PASSWORD s3same", "DB_PASSWORD *****"},
		{"SetEnv", `DB_PASSWORD "s3same s3same"`, "DB_PASSWORD *****"},
		{"SetEnvIf", `Authorization "(.*)" HTTP_AUTHORIZATION=$1`, `Authorization "(.*)" HTTP_AUTHORIZATION=$1`},
		{"SetEnvIf", "X-Token ^s3same$ ok", "X-Token ***** *****"},
		{"RewriteCond", "%{HTTP:X-Token} !^s3same$ [NC]", "%{HTTP:X-Token} ***** [NC]"},
		{"RewriteRule", "^ - [E=API_TOKEN:s3same,L]", "^ - [E=API_TOKEN:*****,L]"},
		{"<If>", `"%{HTTP:X-Token} == 's3same'"`, `"%{HTTP:X-Token} == *****"`},
		{"Require", `expr "req('X-Token') != 's3same'"`, `expr "req('X-Token') != *****"`},
		{"ProxyRemote", `http://a.test/ "http://127.0.0.1:3128" me:s3same`, `http://a.test/ "http://127.0.0.1:3128" *****`},
		{"ProxyRemoteMatch", `"^http" http://127.0.0.1:3128 "me:s3same"`, `"^http" http://127.0.0.1:3128 *****`},
		{"ProxyRemote", `* http://127.0.0.1:3128`, `* http://127.0.0.1:3128`},
		{"AuthLDAPBindPassword", "s3same", "*****"},
		{"SessionCryptoPassphrase", "s3same other", "*****"},
		{"DBDParams", `"host=x user=y password=s3same"`, `"host=x user=y password=*****"`},
		{"DBDParams", `host=x,pwd=s3same,a=b`, `host=x,pwd=*****,a=b`},

		{"AuthUserFile", "/etc/apache2/htpasswd", "/etc/apache2/htpasswd"},
		{"AuthType", "Basic", "Basic"},
		{"SSLPassPhraseDialog", "exec:/usr/bin/ask", "exec:/usr/bin/ask"},
		{"SSLCertificateKeyFile", "/etc/ssl/private/key.pem", "/etc/ssl/private/key.pem"},
		{"ProxyPass", "/token http://token:8080/token", "/token http://token:8080/token"},
		{"Header", `set WWW-Authenticate "Basic realm=\"x\""`, `set WWW-Authenticate "Basic realm=\"x\""`},
		{"LogFormat", `"%h %l %u %t \"%r\" %>s %b" common`, `"%h %l %u %t \"%r\" %>s %b" common`},
	} {
		if got := mask(c.directive, c.args); got != c.want {
			t.Errorf("%s %s\n got %s\nwant %s", c.directive, c.args, got, c.want)
		}
	}
}

// FuzzMask: masking again changes nothing, and a secret in one of the known forms
// is gone, whatever stands around it.
func FuzzMask(f *testing.F) {
	f.Add("ProxyPass", "/ http://127.0.0.1/", "retry=5")
	f.Add("Header", `set X-A "b`, `c" env=x`)
	f.Add("RewriteRule", "^ - [E=a:b", ",L]")
	f.Fuzz(func(t *testing.T, directive, before, after string) {
		if len(before)+len(after) > 1000 || strings.Contains(before+after, "s3same") {
			return
		}
		once := mask(directive, before+" "+after)
		if again := mask(directive, once); again != once {
			t.Errorf("%s %q: %q, then %q", directive, before+" "+after, once, again)
		}
		for _, form := range []string{"http://joe:s3same@host/", "secret=s3same", "db_password=s3same", "Bearer s3sames3same"} {
			if got := mask(directive, before+" "+form+" "+after); strings.Contains(got, "s3same") {
				t.Errorf("%s: %q is %q", directive, before+" "+form+" "+after, got)
			}
		}
	})
}
