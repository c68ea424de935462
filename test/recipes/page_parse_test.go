package recipes

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

const sample = "# P\n```apache\nProxyPass / http://127.0.0.1:8080/\n```\n```text conf/a\nx\n```\n" +
	"```console\n# 8080 answers 302\n# 8080 answers Location: http://127.0.0.1:8080/x\n$ curl -i 'http://a.test/x?y#z'\n" +
	"HTTP/1.1 302 ...\nLocation: ...\nno Server\n# 8080 sees GET /x HTTP/1.1\n# 8080 sees no Cookie\n\nok\n```\n"

func TestParsePage(t *testing.T) {
	rs, err := parsePage("p.md", sample)
	if err != nil || len(rs) != 1 || len(rs[0].acts) != 1 {
		t.Fatalf("%v, %d recipes", err, len(rs))
	}
	r := rs[0]
	if a := r.acts[0]; len(a.wants) != 6 || a.answers["8080"].status != 302 || r.files["conf/a"] != "x\n" {
		t.Errorf("read %+v of %+v", a, r)
	}
	for _, wrong := range []string{
		strings.Replace(sample, "HTTP/1.1 302", "302", 1),
		strings.Replace(sample, "$ curl", "curl", 1),
		"```apache\n```\n",
		"```apache\n",
		"```apache\n```\n```console\n$ curl http://a.test/\n```\n",
	} {
		if _, err := parsePage("p.md", wrong); err == nil {
			t.Errorf("no error for %q", wrong)
		}
	}
}

func TestUnmet(t *testing.T) {
	m := &message{"HTTP/1.1 200 OK", []testkit.Field{{Name: "A", Value: "b c"}}, "one\ntwo"}
	for _, c := range []struct {
		w   want
		bad bool
	}{
		{want{kind: isFirst, text: "HTTP/1.1 200 ..."}, false},
		{want{kind: isFirst, text: "HTTP/1.1 404 ..."}, true},
		{want{kind: hasField, text: "a: b c"}, false},
		{want{kind: hasField, text: "A: b"}, true},
		{want{kind: noField, text: "A"}, true},
		{want{kind: noField, text: "B"}, false},
		{want{kind: inBody, text: "two"}, false},
		{want{kind: inBody, text: "three"}, true},
		{want{kind: nothing}, true},
	} {
		if why := c.w.unmet(m); (why != "") != c.bad {
			t.Errorf("%+v: %q", c.w, why)
		}
	}
	if (want{kind: nothing}).unmet(nil) != "" || (want{kind: noField, text: "A"}).unmet(nil) == "" {
		t.Error("no request")
	}
}

func TestParseCurl(t *testing.T) {
	r, err := parseCurl([]string{"-i", "-d", "a=1", "-H", "Host: b.test", "-u", "u:p", "http://a.test:8080/x?y#z"})
	if err != nil || r.method != "POST" || r.target != "/x?y" || r.port != "8080" || !r.has("authorization") {
		t.Errorf("%v %+v", err, r)
	}
	for _, wrong := range [][]string{{"-Z", "http://a/"}, {"a.test"}, {"http://a/", "http://b/"}, {"-H"}} {
		if _, err := parseCurl(wrong); err == nil {
			t.Errorf("no error for %q", wrong)
		}
	}
}
