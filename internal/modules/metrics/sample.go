package metrics

import (
	"math"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/headgate/headgate/internal/metrics"
)

// family is a metric of the table with its description.
type family struct {
	metrics.Metric
	desc *prometheus.Desc
}

// families are the metrics of the table by name.
func families() map[string]*family {
	all := make(map[string]*family)
	for _, m := range metrics.Table() {
		all[m.Name] = &family{m, prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)}
	}
	return all
}

// sample is the value of a metric for one set of labels. It implements
// prometheus.Metric.
type sample struct {
	*family
	labels  []string
	value   float64
	example metrics.Example
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(m *dto.Metric) error {
	m.Label = pairs(s.family, s.labels)
	if s.Type == metrics.GaugeType {
		m.Gauge = &dto.Gauge{Value: &s.value}
		return nil
	}
	m.Counter = &dto.Counter{Value: &s.value}
	if e := s.example; e.ID != "" {
		one, key := 1.0, "cause_id"
		m.Counter.Exemplar = &dto.Exemplar{Label: []*dto.LabelPair{{Name: &key, Value: &e.ID}}, Value: &one, Timestamp: timestamppb.New(e.At)}
	}
	return nil
}

// pairs returns the labels with their names. Bytes of the configuration that are not
// UTF-8 are replaced, because the formats have no room for them.
func pairs(f *family, values []string) []*dto.LabelPair {
	for i, v := range values {
		values[i] = strings.ToValidUTF8(v, "\uFFFD")
	}
	return prometheus.MakeLabelPairs(f.desc, values)
}

// spread is a histogram for one set of labels. It implements prometheus.Metric.
type spread struct {
	*family
	labels []string
	counts metrics.Histogram
}

// Desc implements prometheus.Metric.
func (s *spread) Desc() *prometheus.Desc { return s.desc }

// zeroThreshold is the width of the native zero bucket, in seconds.
const zeroThreshold = 1e-9

// Write implements prometheus.Metric. Programs that read native histograms get both
// kinds of buckets.
func (s *spread) Write(m *dto.Metric) error {
	m.Label = pairs(s.family, s.labels)
	h := &s.counts
	count, sum := uint64(h.Count), h.Sum.Seconds()
	out := &dto.Histogram{SampleCount: &count, SampleSum: &sum}
	below := uint64(0)
	for i, bound := range metrics.Bounds {
		below += uint64(h.Classic[i])
		upper, n := bound.Seconds(), below
		out.Bucket = append(out.Bucket, &dto.Bucket{UpperBound: &upper, CumulativeCount: &n})
	}
	schema, threshold, zero := int32(metrics.Schema), float64(zeroThreshold), uint64(h.Zero)
	out.Schema, out.ZeroThreshold, out.ZeroCount = &schema, &threshold, &zero
	out.PositiveSpan, out.PositiveDelta = native(h)
	if len(out.PositiveSpan) == 0 { // what tells an empty native histogram from none
		offset, length := int32(0), uint32(0)
		out.PositiveSpan = []*dto.BucketSpan{{Offset: &offset, Length: &length}}
	}
	m.Histogram = out
	return nil
}

// native returns the fine buckets as spans of buckets that follow each other, and the
// differences between their counts.
func native(h *metrics.Histogram) (spans []*dto.BucketSpan, deltas []int64) {
	last, end := int64(0), math.MinInt32
	for i, n := range h.Fine {
		if n == 0 {
			continue
		}
		bucket := h.First + i
		if bucket != end || len(spans) == 0 {
			offset, length := int32(bucket), uint32(0)
			if len(spans) > 0 {
				offset = int32(bucket - end)
			}
			spans = append(spans, &dto.BucketSpan{Offset: &offset, Length: &length})
		}
		*spans[len(spans)-1].Length++
		deltas = append(deltas, n-last)
		last, end = n, bucket+1
	}
	return spans, deltas
}
