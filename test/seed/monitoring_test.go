package seed

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// The monitoring example: the pages respond to this machine with what they are for, and the log format of each kind
// is accepted.
func TestMonitoring(t *testing.T) {
	text := conf(t, "09-monitoring.conf", "CustomLog logs/proxy_access.log", "CustomLog proxy_access.log")
	onEngines(t, func(t *testing.T, engine string) {
		s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: text})
		for path, want := range map[string][]string{
			"/server-status":      {"Server status for", "Requests in flight"},
			"/server-status?auto": {"BusyWorkers: 1", "Scoreboard: W"},
			"/server-info":        {"Server Information", "LogLevel", "proxy:trace2", "proxy_access.log"},
		} {
			r, err := http.Get("http://" + s.Addr() + path)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(r.Body)
			r.Body.Close()
			for _, w := range want {
				if r.StatusCode != 200 || !strings.Contains(string(b), w) {
					t.Errorf("%s: %d without %q", path, r.StatusCode, w)
				}
			}
		}
		testkit.Eventually(t, "the requests are logged", func() bool {
			return strings.Contains(s.File("proxy_access.log"), `"GET /server-status?auto HTTP/1.1" 200 `)
		})
		s.Stop()
	})
}
