package metrics

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	asText = "text/plain"
	asOpen = "application/openmetrics-text; version=1.0.0"
	asWire = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)

// page is what a page says, by the names of metrics.
type page map[string]*dto.MetricFamily

// fetch returns the page in a format, as sent.
func fetch(t *testing.T, s *testkit.Server, accept string) (kind, text string) {
	t.Helper()
	q, err := http.NewRequest("GET", "http://"+s.Addr()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Accept", accept)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%d %v\n%s", r.StatusCode, err, b)
	}
	http.DefaultClient.CloseIdleConnections()
	return r.Header.Get("Content-Type"), string(b)
}

// read returns what the page says.
func read(t *testing.T, s *testkit.Server) page {
	t.Helper()
	_, text := fetch(t, s, asText)
	p := expfmt.NewTextParser(model.LegacyValidation)
	all, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return all
}

// value returns the value of a counter or gauge, and the number of values of a histogram, summed up
// over all series that have the labels: "name{a="b"}" is written name a=b.
func (p page) value(name string, labels ...string) (sum float64) {
	f := p[name]
	if f == nil {
		return -1
	}
	found := false
	for _, m := range f.Metric {
		if !has(m, labels) {
			continue
		}
		found = true
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	if !found {
		return -1
	}
	return sum
}

func has(m *dto.Metric, labels []string) bool {
	return !slices.ContainsFunc(labels, func(l string) bool {
		name, value, _ := strings.Cut(l, "=")
		return !slices.ContainsFunc(m.Label, func(p *dto.LabelPair) bool { return p.GetName() == name && p.GetValue() == value })
	})
}

const conf = `
<Location /metrics>
SetHandler headgate-metrics
Require local
</Location>
ProxyPass /metrics !
<Proxy balancer://b>
BalancerMember http://127.0.0.1:${o1}
BalancerMember http://127.0.0.1:${o2} status=+D
</Proxy>
ProxyPass /one http://127.0.0.1:${o1}/x max=5
ProxyPass /dead http://127.0.0.1:${dead}/
ProxyPass / balancer://b/
`

// started is a server with the configuration above.
func started(t *testing.T, more string) (*testkit.Server, *testkit.Origin) {
	t.Helper()
	o1, o2 := testkit.NewOrigin(t), testkit.NewOrigin(t)
	text := strings.NewReplacer("${o1}", o1.Port(), "${o2}", o2.Port(), "${dead}", fmt.Sprint(testkit.FreePort(t))).Replace(conf + more)
	return testkit.StartHeadgate(t, "", testkit.Site{Conf: text}), o1
}

func get(t *testing.T, s *testkit.Server, path string) int {
	t.Helper()
	r, err := http.Get("http://" + s.Addr() + path)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, r.Body)
	r.Body.Close()
	return r.StatusCode
}

// settled returns what the page says once so many requests were counted, its own left out: a request is
// counted after its response was sent.
func settled(t *testing.T, s *testkit.Server, n float64) (p page) {
	t.Helper()
	testkit.Eventually(t, "all requests are counted", func() bool {
		p = read(t, s)
		all := 0.0
		for _, m := range p["headgate_http_requests_total"].Metric {
			if !has(m, []string{"mapping="}) {
				all += m.GetCounter().GetValue()
			}
		}
		return all == n
	})
	return p
}

// The page has what the table says, and nothing else; counters have what was requested.
func TestPage(t *testing.T) {
	s, o := started(t, "")
	o.Default(testkit.MustAnswer("respond 404 'not here'"))
	for range 3 {
		get(t, s, "/")
		get(t, s, "/one/x")
	}
	get(t, s, "/dead")
	p := settled(t, s, 7)
	for name, want := range map[string]map[string]float64{
		"headgate_http_requests_total": {
			"vhost=main mapping=ProxyPass_/ class=4xx": 3, "vhost=main mapping=ProxyPass_/one class=4xx": 3, "vhost=main mapping=ProxyPass_/dead class=5xx": 1,
		},
		"headgate_http_request_duration_seconds":   {"mapping=ProxyPass_/": 3, "mapping=ProxyPass_/one": 3},
		"headgate_http_failures_total":             {"mapping=ProxyPass_/dead cause=backend-refused": 1},
		"headgate_member_requests_total":           {"balancer=b class=4xx": 3, "balancer= class=4xx": 3, "balancer= class=none": 1},
		"headgate_member_failures_total":           {"cause=backend-refused": 1},
		"headgate_member_elected_total":            {"balancer=b": 3},
		"headgate_member_usable":                   {"balancer=b": 1},
		"headgate_member_state":                    {"state=ok": 1, "state=disabled": 1, "state=error": 0},
		"headgate_member_connections_limit":        {"balancer=": 5},
		"headgate_balancer_members":                {"balancer=b": 2},
		"headgate_balancer_members_usable":         {"balancer=b": 1},
		"headgate_last_reload_success":             {"": 1},
		"headgate_config_generation":               {"": 1},
		"headgate_loop_connections":                {"": p.value("headgate_connections")},
		"headgate_loop_connections_accepted_total": {"": 5},
	} {
		for labels, n := range want {
			list := strings.Fields(labels)
			for i := range list {
				list[i] = strings.ReplaceAll(list[i], "_/", " /")
			}
			if got := p.value(name, list...); got != n && !strings.HasPrefix(name, "headgate_loop") {
				t.Errorf("%s{%s} = %v, want %v", name, labels, got, n)
			}
		}
	}
}

// sometimes are metrics that the server of TestTable has no reason to show.
var sometimes = []string{
	"headgate_tls_handshakes_total", "headgate_tls_handshake_failures_total", "headgate_certificate_expiry_timestamp_seconds",
	"headgate_member_check_success", "headgate_last_reload_timestamp_seconds",
	"headgate_member_queue_seconds", "headgate_member_handshake_seconds", "headgate_discovery_heard_timestamp_seconds",
}

// Every metric of the page is in the table, with its type, labels and help, and nearly all of the table is on
// the page.
func TestTable(t *testing.T) {
	s, _ := started(t, "\nHeadgateDiscover file ${dir}/none.yaml\n")
	get(t, s, "/")
	get(t, s, "/dead")
	p := read(t, s)
	for _, m := range metrics.Table() {
		f := p[m.Name]
		switch {
		case f == nil && slices.Contains(sometimes, m.Name), f == nil && strings.HasPrefix(m.Name, "headgate_loop_") && p["headgate_loop_lag_seconds"] == nil:
			continue
		case f == nil:
			t.Errorf("%s is not on the page", m.Name)
			continue
		case f.GetHelp() != m.Help || !strings.EqualFold(f.GetType().String(), string(m.Type)):
			t.Errorf("%s: %s, %q", m.Name, f.GetType(), f.GetHelp())
		}
		for _, one := range f.Metric {
			var names []string
			for _, l := range one.Label {
				names = append(names, l.GetName())
			}
			want := slices.Sorted(slices.Values(m.Labels))
			if !slices.Equal(names, want) {
				t.Errorf("%s has the labels %v, not %v", m.Name, names, want)
			}
		}
		delete(p, m.Name)
	}
	for name := range p {
		if !strings.HasPrefix(name, "process_") {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// The formats are chosen by Accept. Only protocol buffers have native histograms.
func TestFormats(t *testing.T) {
	s, _ := started(t, "")
	get(t, s, "/")
	for accept, want := range map[string]string{
		"": "text/plain; version=0.0.4", "*/*": "text/plain; version=0.0.4", asText: "text/plain", asOpen: "application/openmetrics-text; version=1.0.0", asWire: "application/vnd.google.protobuf",
	} {
		kind, text := fetch(t, s, accept)
		if !strings.HasPrefix(kind, want) {
			t.Errorf("Accept: %s: %s", accept, kind)
		}
		switch accept {
		case asOpen:
			if !strings.HasSuffix(text, "\n# EOF\n") {
				t.Errorf("no end: %q", text[max(len(text)-100, 0):])
			}
		case asWire:
			checkNative(t, text)
		}
	}
}

// checkNative reads a page of protocol buffers.
func checkNative(t *testing.T, text string) {
	t.Helper()
	dec := expfmt.NewDecoder(bytes.NewReader([]byte(text)), expfmt.NewFormat(expfmt.TypeProtoDelim))
	for {
		var f dto.MetricFamily
		if err := dec.Decode(&f); err == io.EOF {
			t.Error("no histogram")
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if f.GetName() != "headgate_http_request_duration_seconds" {
			continue
		}
		for _, m := range f.Metric {
			h := m.GetHistogram()
			n, sum := int64(0), h.GetZeroCount()
			for _, d := range h.PositiveDelta {
				n += d
				sum += uint64(n)
			}
			if sum != h.GetSampleCount() || len(h.Bucket) != len(metrics.Bounds) || h.GetSchema() != metrics.Schema || len(h.PositiveSpan) == 0 {
				t.Errorf("%v", m)
			}
		}
		return
	}
}

// A reload keeps counters of what keeps its name, and counts itself.
func TestReload(t *testing.T) {
	s, _ := started(t, "")
	get(t, s, "/")
	get(t, s, "/one/x")
	settled(t, s, 2)
	text := s.File("httpd.conf")
	s.Configure(strings.Replace(text, "ProxyPass /one", "ProxyPass /other", 1))
	if !s.Reload() {
		t.Fatal("no reload")
	}
	testkit.Eventually(t, "the configuration is in effect", func() bool { return read(t, s).value("headgate_config_generation") == 2 })
	p := read(t, s)
	for _, want := range []struct {
		name, label string
		value       float64
	}{
		{"headgate_http_requests_total", "mapping=ProxyPass /", 1}, {"headgate_http_requests_total", "mapping=ProxyPass /other", 0},
		{"headgate_http_requests_total", "mapping=ProxyPass /one", -1},
		{"headgate_member_elected_total", "balancer=b", 1}, {"headgate_reloads_total", "outcome=ok", 1}, {"headgate_reloads_total", "outcome=failed", 0},
	} {
		if got := p.value(want.name, want.label); got != want.value {
			t.Errorf("%s{%s} = %v, want %v", want.name, want.label, got, want.value)
		}
	}
}
