package trouble

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/testkit"
)

// metrics returns the lines of the metrics page that count a cause. Each is of a
// metric that the table has.
func (s *stage) metrics(cause string) string {
	s.t.Helper()
	var found []string
	testkit.Eventually(s.t, "the failure is counted", func() bool {
		found = nil
		for line := range strings.Lines(s.page()) {
			if strings.Contains(line, `{`) && strings.Contains(line, `cause="`+cause+`"`) {
				found = append(found, strings.TrimSpace(line))
			}
		}
		return slices.ContainsFunc(found, func(l string) bool { return strings.HasPrefix(l, "headgate_http_failures_total") })
	})
	table := metrics.Table()
	for _, line := range found {
		name, _, _ := strings.Cut(line, "{")
		if !slices.ContainsFunc(table, func(m metrics.Metric) bool { return m.Name == name }) {
			s.t.Errorf("%s is not in the table of metrics", name)
		}
	}
	return strings.Join(found, "\n")
}

// page returns the metrics page.
func (s *stage) page() string {
	t := &http.Transport{DisableKeepAlives: true}
	defer t.CloseIdleConnections()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.server.Addr()+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := t.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}
