package users

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const conf = `
ServerName www.test
ProxyPass / http://127.0.0.1:${o1}/
RequestHeader set X-User "expr=%{REMOTE_USER}"
<Location /basic>
    AuthType Basic
    AuthName realm
    AuthUserFile users
    Require valid-user
</Location>
<Location /digest>
    AuthType Digest
    AuthName "the realm"
    AuthUserFile digests
    Require user joe
</Location>
<Location /counted>
    AuthType Digest
    AuthName realm
    AuthUserFile digests
    AuthDigestNcCheck on
    Require valid-user
</Location>
<Location /once>
    AuthType Digest
    AuthName realm
    AuthUserFile digests
    AuthDigestNonceLifetime 0
    Require valid-user
</Location>
`

var files = map[string]string{
	// Of the user joe with the password "secret", by htpasswd -B and htdigest.
	"users":   "joe:$2y$05$LQ2X.dBZNwYbrtv97L8Xc.dUKo28dMi2mMadNSCyHYeAzaN79oC/O\n",
	"digests": "joe:realm:c1af327eabd95775d7e1fdf794cc9385\n" + `joe:the realm:b5d6c37248da5cfecb5bab7a78e3b73c` + "\n",
}

// curl runs curl and returns the statuses of all responses it saw.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("curl", append([]string{"-sS", "--max-time", "20", "-o", os.DevNull, "-D", "-"}, args...)...).Output()
	if err != nil {
		t.Errorf("curl %q: %v", args, err)
	}
	var statuses []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "HTTP/") {
			statuses = append(statuses, strings.Fields(line)[1])
		}
	}
	return strings.Join(statuses, " ")
}

func TestCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		testkit.SkipPeer(t, "no curl installed (scripts/install-peers installs one)")
	}
	testkit.Binary(t)
	for _, engine := range []string{"", "goroutine"} {
		t.Run("engine "+engine, func(t *testing.T) { testCurl(t, engine) })
	}
}

func testCurl(t *testing.T, engine string) {
	origin := testkit.NewOrigin(t)
	origin.Default(testkit.MustAnswer("respond 200 ok"))
	s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: conf, Files: files, Vars: map[string]string{"o1": origin.Port()}})
	at := "http://" + s.Addr()
	for _, tt := range []struct {
		name, want string
		args       []string
	}{
		{"basic", "200", []string{"-u", "joe:secret", at + "/basic"}},
		{"basic, asked first", "401 200", []string{"--anyauth", "-u", "joe:secret", at + "/basic"}},
		{"basic, wrong", "401", []string{"-u", "joe:wrong", at + "/basic"}},
		{"basic, two at once on one connection", "200 200", []string{"-u", "joe:secret", at + "/basic/1", at + "/basic/2"}},
		{"digest", "401 200", []string{"--digest", "-u", "joe:secret", at + "/digest"}},
		{"digest, query", "401 200", []string{"--digest", "-u", "joe:secret", at + "/digest?a=b&c=%20d"}},
		{"digest, a body", "401 200", []string{"--digest", "-u", "joe:secret", "-d", "body", at + "/digest"}},
		{"digest, HEAD", "401 200", []string{"--digest", "-u", "joe:secret", "-I", at + "/digest"}},
		{"digest, any", "401 200", []string{"--anyauth", "-u", "joe:secret", at + "/digest"}},
		{"digest, wrong", "401 401", []string{"--digest", "-u", "joe:wrong", at + "/digest"}},
		{"digest, unknown", "401 401", []string{"--digest", "-u", "ann:secret", at + "/digest"}},
		{"digest, counted", "401 200", []string{"--digest", "-u", "joe:secret", at + "/counted"}},
		{"digest, once", "401 200", []string{"--digest", "-u", "joe:secret", at + "/once"}},
	} {
		if got := curl(t, tt.args...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if strings.Contains(s.Logs(), "secret") || strings.Contains(s.Logs(), "wrong\"") {
		t.Errorf("a password is in the log:\n%s", s.Logs())
	}
	testChange(t, s, at)
}

// testChange: a file that changes counts without a reload, as does one that is gone.
func testChange(t *testing.T, s *testkit.Server, at string) {
	t.Helper()
	login := func(want string) {
		t.Helper()
		if !testkit.Poll(10*time.Second, func() bool { return curl(t, "-u", "joe:secret", at+"/basic") == want }) {
			t.Errorf("joe does not get %s", want)
		}
	}
	name := filepath.Join(s.Dir, "users")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
	login("401")
	write("joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
	login("200")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	login("500")
}
