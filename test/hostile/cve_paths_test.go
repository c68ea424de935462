package hostile

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestA01DecodedLineEnd is CVE-2023-25690: a decoded capture of a pattern must not reach the request line as it is.
func TestA01DecodedLineEnd(t *testing.T) {
	t.Parallel()
	s, o := start(t, `
ProxyPassMatch ^/m/(.*)$ http://127.0.0.1:${origin}/y/$1
ProxyPassMatch ^/n/(.*)$ http://127.0.0.1:${origin}/y/$1 nocanon
<LocationMatch "^/l/(?<rest>.*)$">
	ProxyPassMatch http://127.0.0.1:${origin}/y/$1
</LocationMatch>
<Location /e/>
	ProxyPass http://127.0.0.1:${origin}/y/ nocanon
</Location>
ProxyPass /c/ http://127.0.0.1:${origin}/y/
`)
	for _, base := range []string{"/m/", "/n/", "/l/", "/e/", "/c/", "/"} {
		for _, tail := range []string{
			"a%20HTTP/1.1%0d%0aHost:x%0d%0a%0d%0aGET%20/smug", "%0d%0aX:%20y", "%0a", "%0d", "a%20b", "%09", "%00",
			"%C4%8A", "a%0d%0a%0d%0aPOST%20/smug%20HTTP/1.1%0d%0aContent-Length:5", "%250d%250a", "?q=%0d%0aX:y%20z",
		} {
			o.Forget()
			r := ask(t, s, get(base+tail))
			got := o.Requests()
			if len(got) > 1 || status(r) < 200 || status(r) == 200 && len(got) != 1 {
				t.Errorf("%s: %d, the backend got%s", base+tail, status(r), lines(got))
			}
			allStrict(t, o)
		}
	}
}

// TestA02OtherAddress is CVE-2021-40438: no request makes the proxy connect to an address that is not configured.
func TestA02OtherAddress(t *testing.T) {
	t.Parallel()
	evil := testkit.NewOrigin(t)
	s, _ := start(t, `
ProxyPassMatch ^/m/(.*)$ http://127.0.0.1:${origin}/$1
ProxyPassMatch ^/u/(.*)$ http://127.0.0.1:${origin}$1
`)
	e := "127.0.0.1:" + evil.Port()
	for _, target := range []string{
		"/?unix:" + strings.Repeat("A", 5000) + "|http://" + e + "/",
		"/?unix:/tmp/x|http://" + e + "/", "/unix:/tmp/x|http://" + e + "/", "/m/unix:/tmp/x|http://" + e + "/",
		"http://unix:/tmp/x|http://" + e + "/", "unix:/tmp/x|http://" + e + "/", "http://" + e + "/",
		"//" + e + "/", "/m/@" + e + "/", "/u/@" + e + "/", "/u/.evil@" + e + "/", "/u/%40" + e + "/", "/@" + e + "/",
		"/m//" + e + "/", "/m/%2f%2f" + e + "/", "/proxy:http://" + e + "/", "/m/proxy:http://" + e + "/",
		"/balancer://" + e + "/", "proxy:http://" + e + "/", "/\\\\" + e + "\\", "/m/\\\\" + e,
	} {
		for _, host := range []string{"www.test", e} {
			if r := ask(t, s, "GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); status(r) == 0 {
				t.Errorf("%s: no response", target)
			}
		}
	}
	if n, _ := evil.Conns(); n > 0 {
		t.Errorf("%d connections to an address that is nowhere in the configuration", n)
	}
}

// TestA03AnswerSelectsNothing is CVE-2024-38476 and relatives: fields of a response never cause a new request.
func TestA03AnswerSelectsNothing(t *testing.T) {
	t.Parallel()
	s, o := start(t, "")
	evil := testkit.NewOrigin(t)
	for i, h := range []string{
		"Content-Type: proxy:http://" + evil.Addr() + "/", "Location: /internal", "Location: http://" + evil.Addr() + "/",
		"Content-Type: proxy-server", "X-Accel-Redirect: /internal", "X-Sendfile: /etc/passwd", "Status: 200", "Script: x",
	} {
		o.Forget()
		o.Next(testkit.MustAnswer("respond 200 -h '" + h + "' fine"))
		r := ask(t, s, get(fmt.Sprint("/a", i)))
		if status(r) != 200 || string(r.Body) != "fine" || len(o.Requests()) != 1 {
			t.Errorf("%s: %d, backend got%s", h, status(r), lines(o.Requests()))
		}
	}
	if n, _ := evil.Conns(); n > 0 {
		t.Errorf("%d connections to an address that a response named", n)
	}
}

// spellings are ways to write a path that is below /secret, or may be for some readers.
var spellings = []string{
	"/secret", "/secret/", "/secret/x", "//secret", "///secret//x", "/./secret", "/a/../secret", "/a/./../secret/x", "/secret/.",
	"/%73ecret", "/%53ecret", "/s%65cret/x", "/%2e/secret", "/a/%2e%2e/secret", "/a/.%2e/secret", "/a/%2E./secret",
	"/%2fsecret", "/a%2f..%2fsecret", "/a/..%2fsecret", "/%2e%2e/secret", "/../secret", "/../../secret", "/a/b/../../secret",
	"/secret%2f", "/secret%2fx", "/secret/%2e", "/secret/x/..", "/secret/../open", "/secret/%2e%2e/open", "/secret%2f..%2fopen",
	"/open/..;/secret", "/open;x=y/../secret", "/secret;x=y", "/;/secret", "/secret;/x", "/.;/secret", "/open/%3b/../../secret",
	"/secret%3fx", "/secret%23x", "/secret%00", "/secret%00/x", "/%00/../secret", "/secret%0a", "/secret%20", "/secret%09", "/secret.",
	"/%2573ecret", "/%252e%252e/secret", "/a/%25%32%65%25%32%65/secret", "/%%32%65%%32%65/secret", "/%%37%33ecret", "/a/%c0%ae%c0%ae/secret",
	"/%c0%afsecret", "/%ef%bc%8fsecret", "/a\\..\\secret", "/a%5c..%5csecret", "/%5csecret", "/\\secret", "/a/..%5c../secret",
	"/secret%", "/secret%4", "/secret%zz", "/%u0073ecret", "/SECRET", "/secret?x", "/secret/?/../open", "/open?/../secret",
	"/open#/../../secret", "http://www.test/secret", "http://www.test//secret", "http://www.test/a/../secret", "http://www.test/%73ecret",
	"http://www.test", "/open/../", "/...", "/.../secret", "/..secret", "/.secret", "/a/.../../secret", "/a//../secret", "/a//..//../secret",
}

// backendReads returns the path for a backend that decodes once, then resolves; an error if it would refuse. With
// segments it distinguishes an encoded slash from a slash, as an application that uses encoded slashes must.
func backendReads(target string, segments bool) (string, error) {
	target, _, _ = strings.Cut(target, "?")
	if segments {
		target = strings.NewReplacer("%2f", "%252f", "%2F", "%252F").Replace(target)
	}
	p, err := url.PathUnescape(target)
	if err != nil {
		return "", err
	}
	return path.Clean("/" + p), nil
}

// urlParserReads returns the path for a backend that parses the target as a URL reference, as many libraries do: the text
// after two slashes is a host, and a backslash is a slash.
func urlParserReads(target string, segments bool) (string, error) {
	target, _, _ = strings.Cut(target, "?")
	target = strings.ReplaceAll(target, "\\", "/")
	if rest, ok := strings.CutPrefix(target, "//"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		target = "/" + rest
	}
	return backendReads(target, segments)
}

// spelled are the parts of generated spellings of a path.
var spelled = []string{
	"/", "/", "//", "/./", "/../", "/%2e%2e/", "/.%2E/", "/;/", "\\", "/\\", "..\\", "%5c", "%2f", "%2F", "..", ".", "/x/..", "/h", "x", "/%78",
}

// generated makes spellings that end in a form of the forbidden path.
func generated(n int) (all []string) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for range n {
		s := "/"
		for range r.IntN(5) {
			s += spelled[r.IntN(len(spelled))]
		}
		all = append(all, s+[]string{"secret", "/secret", "%73ecret", "/secret/x", "\\secret", "//secret"}[r.IntN(6)])
	}
	return all
}

// TestA04AuthorisedIsForwarded is CVE-2024-38473, A13, E01 and R01: a path that is forbidden in one spelling is never
// forwarded in another, whatever mapping and slash handling are.
func TestA04AuthorisedIsForwarded(t *testing.T) {
	for _, slashes := range []string{"", "AllowEncodedSlashes On", "AllowEncodedSlashes NoDecode", "MergeSlashes Off", "AllowEncodedSlashes On\nMergeSlashes Off"} {
		for _, pass := range []string{"", "nocanon", "mapping=encoded"} {
			t.Run(slashes+"/"+pass, func(t *testing.T) {
				t.Parallel()
				authorised(t, slashes+"\n"+denials+"ProxyPass / http://127.0.0.1:${origin}/ "+pass)
			})
		}
		for name, pass := range map[string]string{
			"match":       "ProxyPassMatch ^/(.*)$ http://127.0.0.1:${origin}/$1",
			"match raw":   "ProxyPassMatch ^/(.*)$ http://127.0.0.1:${origin}/$1 nocanon",
			"match bare":  "ProxyPassMatch ^(/.*)$ http://127.0.0.1:${origin}$1 nocanon",
			"interpolate": "ProxyPassInterpolateEnv On\nProxyPass / http://127.0.0.1:${origin}/ nocanon interpolate",
			"location":    "<Location />\n\tProxyPass http://127.0.0.1:${origin}/ nocanon\n</Location>",
			"bare":        "ProxyPass / http://127.0.0.1:${origin} nocanon",
		} {
			t.Run(slashes+"/"+name, func(t *testing.T) {
				t.Parallel()
				authorised(t, slashes+"\n"+denials+pass)
			})
		}
	}
	t.Run("match", func(t *testing.T) {
		t.Parallel()
		authorised(t, denials+"ProxyPassMatch ^/(.*)$ http://127.0.0.1:${origin}/$1")
	})
	t.Run("exclusion", func(t *testing.T) {
		t.Parallel()
		authorised(t, "ProxyPass /secret !")
	})
}

const denials = "<Location /secret>\n\tRequire all denied\n</Location>\n"

func authorised(t *testing.T, conf string) {
	segments := strings.Contains(conf, "NoDecode") || strings.Contains(conf, "mapping=encoded")
	s, o := start(t, conf)
	for _, target := range append(generated(250), spellings...) {
		o.Forget()
		r := ask(t, s, get(target))
		got := o.Requests()
		if len(got) == 0 && status(r) < 400 || len(got) > 1 {
			t.Errorf("%s: %d, the backend got%s", target, status(r), lines(got))
		}
		for i := range got {
			for _, read := range []func(string, bool) (string, error){backendReads, urlParserReads} {
				reads, err := read(targetOf(&got[i]), segments)
				if err == nil && (reads == "/secret" || strings.HasPrefix(reads, "/secret/")) {
					t.Errorf("%s was forwarded as %s", target, targetOf(&got[i]))
				}
			}
		}
		allStrict(t, o)
	}
}

// TestA12PatternEnds is CVE-2017-15715: $ matches the end of the text, not of a line, and a dot matches any byte.
func TestA12PatternEnds(t *testing.T) {
	t.Parallel()
	s, o := start(t, `
<LocationMatch "\.php$">
	Require all denied
</LocationMatch>
<LocationMatch "^/a.b$">
	Require all denied
</LocationMatch>
`)
	for _, row := range []struct {
		target string
		status int
		got    string
	}{
		{"/x.php", 403, ""}, {"/x.php%0a", 200, "/x.php%0a"}, {"/x.php%0a/y", 200, "/x.php%0a/y"}, {"/x.php?a", 403, ""},
		{"/%0a.php", 403, ""}, {"/a%0ab", 403, ""}, {"/acb", 403, ""}, {"/a%0db", 403, ""}, {"/a%0ab%0a", 200, "/a%0ab%0a"},
	} {
		o.Forget()
		r := ask(t, s, get(row.target))
		var got string
		for _, q := range o.Requests() {
			got += targetOf(&q)
		}
		if status(r) != row.status || !strings.EqualFold(got, row.got) {
			t.Errorf("%s: %d, forwarded %q; want %d, %q", row.target, status(r), got, row.status, row.got)
		}
	}
}

// TestG03QueryUntouched is CVE-2022-2880: the query that is forwarded is the one that was received.
func TestG03QueryUntouched(t *testing.T) {
	t.Parallel()
	s, o := start(t, "")
	for _, q := range []string{
		"a=1;b=2", "a=1&a=2&&a", "%", "%zz&%00", "a=%0d%0a", "?", "", "a[]=1&b[c]=<d>\"'", "\xff=\xfe", "/../x", "unix:/x|http://y/",
		strings.Repeat("a&", 4000), strings.Repeat(";", 8000),
	} {
		o.Forget()
		r := ask(t, s, get("/?"+q))
		got := o.Requests()
		if status(r) != 200 || len(got) != 1 || targetOf(&got[0]) != "/?"+q {
			t.Errorf("?%.80q: %d, the backend got%s", q, status(r), lines(got))
		}
	}
	if r := ask(t, s, get("/?"+strings.Repeat("a=b&", 20000))); status(r) != 414 {
		t.Errorf("20,000 parameters: %d, want 414", status(r))
	}
}

// TestH04Fragment: a target with a fragment is refused, so that no rule matches the text after it.
func TestH04Fragment(t *testing.T) {
	t.Parallel()
	s, o := start(t, "")
	for _, target := range []string{"/a.png#/admin", "/#", "/a?b#c", "http://www.test/#a", "/a%23b"} {
		want := 400
		if strings.Contains(target, "%23") {
			want = 200
		}
		if r := ask(t, s, get(target)); status(r) != want {
			t.Errorf("%s: %d, want %d", target, status(r), want)
		}
	}
	if got := o.Requests(); len(got) != 1 || targetOf(&got[0]) != "/a%23b" {
		t.Errorf("the backend got%s", lines(got))
	}
}
