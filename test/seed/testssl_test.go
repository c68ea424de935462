package seed

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// remains are the findings of testssl.sh that are no faults; docs/tls.md has the reasons.
var remains = map[string]string{
	"engine_problem":     "WARN", // of the scanner's own OpenSSL
	"cipherlist_AVERAGE": "LOW",
	"LUCKY13":            "LOW",
}

// scans are the parts of testssl.sh that are run, by what each looks at; all of it takes three times as long.
var scans = map[string]string{
	"protocols and suites": "-p -s -P",
	"known attacks":        "-R -H -I -T -C -W -F -A -O",
}

// TestTestssl has testssl.sh look at the article's site with TLS.
func TestTestssl(t *testing.T) {
	bin := ""
	for _, name := range []string{"testssl", "testssl.sh"} {
		if path, err := exec.LookPath(name); err == nil && bin == "" {
			bin = path
		}
	}
	if bin == "" {
		testkit.SkipPeer(t, "no testssl.sh installed (scripts/install-peers installs one)")
	}
	site, app := tlsSite(t)
	app.Default(testkit.MustAnswer("respond 200 ok"))
	s := testkit.StartHeadgate(t, "", site)
	_, port, _ := net.SplitHostPort(s.Addr())
	for name, options := range scans {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute) // 20 seconds on an idle machine
			defer cancel()
			file := filepath.Join(t.TempDir(), "found.json")
			args := append(strings.Fields(options), "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--sneaky",
				"--ip", "127.0.0.1", "--jsonfile", file, "secure.example.com:"+port)
			out, err := exec.CommandContext(ctx, bin, args...).CombinedOutput() // the error is the number of findings
			text, rerr := os.ReadFile(file)
			var found []struct{ ID, Severity, Finding string }
			if rerr != nil || json.Unmarshal(text, &found) != nil || len(found) < 8 {
				t.Fatalf("%v, %v: %s\n%s", err, rerr, text, out)
			}
			for _, f := range found {
				if f.Severity != "OK" && f.Severity != "INFO" && remains[f.ID] != f.Severity {
					t.Errorf("%s %s: %s", f.Severity, f.ID, f.Finding)
				}
			}
			t.Logf("%d findings", len(found))
		})
	}
}
