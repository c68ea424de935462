//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, "-"},
		{[]float64{2}, "2.0"},
		{[]float64{3, 1, 2}, "2.0 (1.0..3.0)"},
		{[]float64{4, 1, 2, 3}, "2.5 (1.0..4.0)"},
	} {
		if got := spreadOf(c.values).text(1); got != c.want {
			t.Errorf("%v: %s, want %s", c.values, got, c.want)
		}
	}
}

// TestText has two peers and one that failed; ratios are taken round by round.
func TestText(t *testing.T) {
	r := &Result{
		Name: "x", Title: "y", How: "z", Metrics: []Metric{{Key: "cpu", Title: "CPU", Digits: 1, Ratio: "CPU"}},
		Rows: []*Row{
			{Name: "headgate", Values: map[string][]float64{"cpu": {1, 4}}},
			{Name: "nginx", Values: map[string][]float64{"cpu": {2, 4}}},
			{Name: "caddy", Failed: "why"},
		},
	}
	want := `
## x: y

z. Ratios are headgate ÷ the row.

| peer     |            CPU |         ratio CPU |
|----------|---------------:|------------------:|
| headgate | 2.5 (1.0..4.0) |                   |
| nginx    | 3.0 (2.0..4.0) | 0.75 (0.50..1.00) |
| caddy    |              - |                 - |

* caddy failed: why
`
	if got := r.text(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(tests()) {
		t.Errorf("all: %d, %v", len(all), err)
	}
	if some, err := choose("bodies,keepalive"); err != nil || len(some) != 2 || some[0].name != "bodies" {
		t.Errorf("some: %v, %v", some, err)
	}
	if _, err := choose("help"); err == nil || !strings.Contains(err.Error(), "keepalive") {
		t.Errorf("help: %v", err)
	}
}
