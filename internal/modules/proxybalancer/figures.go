package proxybalancer

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/proxy/manage"
)

// figures are the numbers of a member with their pictures.
func (s *shower) figures(m *manage.Member, t []sample, total int64) []figure {
	requests, faults, latency := make([]float64, len(t)), make([]float64, len(t)), make([]float64, len(t))
	var own, failed, last float64
	for i, one := range t {
		requests[i], faults[i], latency[i] = float64(one.requests)/every.Seconds(), float64(one.faults), float64(one.latency)
		own += float64(one.requests)
		failed += float64(one.faults)
		if one.latency > 0 {
			last = float64(one.latency)
		} else if i > 0 {
			latency[i] = latency[i-1] // nothing was measured: it is what it was
		}
	}
	share := 0.0
	if total > 0 {
		share = own / float64(total)
	}
	rate := 0.0
	for _, r := range requests[max(0, len(requests)-3):] {
		rate += r / float64(min(len(requests), 3))
	}
	window := (time.Duration(max(len(t), 1)) * every).String()
	out := []figure{
		{Name: "Share", Wide: true, Value: fmt.Sprintf("%.0f %%", 100*share), Title: "of the requests of this balancer in the last " + window, Picture: level(share)},
		s.flight(m, t),
		{
			Name: "Requests", Value: number(rate) + "/s", Picture: spark(requests, 1, ""),
			Title: fmt.Sprintf("%d since the start; the line is the last %s", m.Elected, window),
		},
		{
			Name: "Errors", Value: strconv.FormatInt(int64(failed), 10), Bad: failed > 0, Picture: spark(faults, 1, bad(failed > 0)),
			Title: fmt.Sprintf("in the last %s; %d since the start", window, m.Faults),
		},
		{Name: "Latency", Value: millis(last), Picture: spark(latency, 1, ""), Title: "mean time until a response begins, in the last " + window},
	}
	return out
}

// flight shows the requests in flight, and the progress of a drain.
func (s *shower) flight(m *manage.Member, t []sample) figure {
	f := figure{Name: "In flight", Wide: true, Value: strconv.FormatInt(m.Busy, 10), Title: "requests and tunnels that the member has now"}
	if m.State != manage.Draining {
		return f
	}
	f.Name, f.Value = "Draining", strconv.FormatInt(m.Busy, 10)+" left"
	most := max(m.Busy, 1)
	for i, one := range t {
		if at := s.now.Add(-every * time.Duration(len(t)-i)); at.After(m.Since.Add(-every)) {
			most = max(most, int64(one.busy))
		}
	}
	f.Picture = level(1 - float64(m.Busy)/float64(most))
	f.Title = fmt.Sprintf("requests left of %d", most)
	return f
}

func bad(b bool) string {
	if b {
		return "bad"
	}
	return ""
}

// number prints a rate with as many digits as it is worth.
func number(v float64) string {
	if v >= 10 || v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// millis prints a time in milliseconds; "–" for none.
func millis(ms float64) string {
	switch {
	case ms <= 0:
		return "–"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 10000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

// age words a duration by its largest unit.
func age(d time.Duration) string {
	d = max(d, 0)
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if d >= u.unit {
			return fmt.Sprintf("%d %s", d/u.unit, u.name)
		}
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// plural prints a number with the word for it.
func plural(n int, one, many string) string {
	return strconv.Itoa(n) + " " + map[bool]string{true: one, false: many}[n == 1]
}
