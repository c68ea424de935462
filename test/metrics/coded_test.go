package metrics

import (
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestCoded: compressed responses are counted by coding, with what went in and what
// came out.
func TestCoded(t *testing.T) {
	s, o := started(t, "SetOutputFilter DEFLATE;BROTLI_COMPRESS;ZSTD_COMPRESS\n")
	body := strings.Repeat("compress this, ", 4000)
	o.Default(testkit.MustAnswer("respond 200 '" + body + "' -h 'Content-Type: text/plain'"))
	out := map[string]float64{}
	for _, coding := range []string{"gzip", "br", "br", "identity"} {
		q, err := http.NewRequest("GET", "http://"+s.Addr()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Accept-Encoding", coding)
		r, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := io.Copy(&got, r.Body); err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		out[coding] += float64(got.Len())
	}
	p := settled(t, s, 4)
	for coding, n := range map[string]float64{"gzip": 1, "br": 2, "zstd": 0} {
		for name, want := range map[string]float64{
			"headgate_compressed_responses_total": n, "headgate_compression_input_bytes_total": n * out["identity"],
			"headgate_compression_output_bytes_total": out[coding],
		} {
			if got := p.value(name, "coding="+coding); got != want {
				t.Errorf("%s of %s: %v, want %v", name, coding, got, want)
			}
		}
	}
}

// TestExemplar: a counter of failures has the id of the latest one, that headgate
// explain knows, also where no line of the error log has it.
func TestExemplar(t *testing.T) {
	s, _ := started(t, "LogLevel crit\n<Location /no>\nRequire all denied\n</Location>\n")
	get(t, s, "/dead")
	get(t, s, "/no")
	settled(t, s, 2)
	_, text := fetch(t, s, asOpen)
	if !s.Reload() { // what is remembered survives it
		t.Fatal("no reload")
	}
	for _, cause := range []string{"backend-refused", "denied-by-require"} {
		line := regexp.MustCompile(`headgate_http_failures_total\{cause="` + cause + `"[^}]*\} 1.0 # \{cause_id="([-\w]{16})"\} 1.0`).FindStringSubmatch(text)
		if line == nil {
			t.Errorf("no exemplar of %s in\n%s", cause, text)
			continue
		}
		said, err := exec.Command(testkit.Binary(t), "explain", "-f", filepath.Join(s.Dir, "httpd.conf"), line[1]).CombinedOutput()
		if err != nil || !strings.Contains(string(said), cause) {
			t.Errorf("headgate explain %s: %v %s", line[1], err, said)
		}
	}
}
