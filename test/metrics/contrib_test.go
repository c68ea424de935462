package metrics

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/testkit"
)

const (
	alertsFile    = "../../contrib/prometheus/alerts.yml"
	dashboardFile = "../../contrib/grafana/headgate.json"
)

// alertFile is contrib/prometheus/alerts.yml.
type alertFile struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr string
			Annotations map[string]string
		}
	}
}

// alerts returns the alert rules.
func alerts(t *testing.T) (f alertFile) {
	t.Helper()
	text, err := os.ReadFile(alertsFile)
	if err == nil {
		err = yaml.Unmarshal(text, &f)
	}
	if err != nil || len(f.Groups) == 0 {
		t.Fatal(err, f)
	}
	return f
}

// dashboard returns the queries of the dashboard, by the titles of their panels.
func dashboard(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	var all struct {
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Name, Expr string } }
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil || len(all.Panels) == 0 {
		t.Fatal(err)
	}
	out := map[string][]string{}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h")
	for _, p := range all.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", p.Title)
		}
		for _, q := range p.Targets {
			out[p.Title] = append(out[p.Title], variables.Replace(q.Expr))
		}
	}
	for _, a := range all.Annotations.List {
		out[a.Name] = append(out[a.Name], variables.Replace(a.Expr))
	}
	return out
}

// known returns the labels of each name that a query may use.
func known() map[string][]string {
	all := map[string][]string{"up": nil}
	for _, n := range []string{"cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds"} {
		all["process_"+n] = nil
	}
	for _, m := range metrics.Table() {
		if m.Type != metrics.HistogramType {
			all[m.Name] = m.Labels
			continue
		}
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			all[m.Name+end] = m.Labels
		}
	}
	return all
}

// Every query of the dashboard and of the alert rules can be parsed, and names only metrics and labels that
// exist.
func TestQueries(t *testing.T) {
	queries := dashboard(t)
	for _, g := range alerts(t).Groups {
		for _, r := range g.Rules {
			queries[r.Alert] = append(queries[r.Alert], r.Expr)
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s says nothing", r.Alert)
			}
		}
	}
	n := 0
	for title, list := range queries {
		for _, q := range list {
			n++
			for _, why := range faults(q) {
				t.Errorf("%s: %s: %s", title, why, q)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d queries", n)
	}
	for _, wrong := range []string{"headgate_nothing", `headgate_connections{vhost="a"}`, "sum by (loop) (headgate_connections)", "rate(headgate_member_queue_seconds[5m])", "sum("} {
		if faults(wrong) == nil {
			t.Errorf("no fault in %s", wrong)
		}
	}
}

// faults says what is wrong with a query.
func faults(query string) (list []string) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		return []string{err.Error()}
	}
	names, may := known(), []string{"instance", "job", "le"}
	var grouped []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			own, ok := names[n.Name]
			if !ok {
				list = append(list, "there is no "+n.Name)
			}
			may = append(may, own...)
			for _, m := range n.LabelMatchers {
				if m.Name != model.MetricNameLabel && m.Name != "instance" && m.Name != "job" && !slices.Contains(own, m.Name) {
					list = append(list, n.Name+" has no label "+m.Name)
				}
			}
		case *parser.AggregateExpr:
			grouped = append(grouped, n.Grouping...)
		}
		return nil
	})
	for _, l := range grouped {
		if !slices.Contains(may, l) {
			list = append(list, "nothing has the label "+l)
		}
	}
	return list
}

// need skips a test without the program, which Debian's package prometheus has.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		testkit.SkipPeer(t, program+" is not installed (package prometheus)")
	}
	return path
}

// Prometheus's own checks find nothing to object to.
func TestPromtool(t *testing.T) {
	tool := need(t, "promtool")
	s, _ := started(t, "")
	get(t, s, "/")
	get(t, s, "/dead")
	_, text := fetch(t, s, asText)
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("check metrics: %v\n%s", err, out)
	}
	if out, err := exec.Command(tool, "check", "rules", alertsFile).CombinedOutput(); err != nil {
		t.Errorf("check rules: %v\n%s", err, out)
	}
	if out, err := exec.Command(tool, "test", "rules", filepath.Join("testdata", "alerts.yml")).CombinedOutput(); err != nil {
		t.Errorf("test rules: %v\n%s", err, out)
	}
}
