package explain

import (
	"encoding/json"
	"io"

	"github.com/headgate/headgate/internal/record"
)

// JSON writes the report as one JSON object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// MarshalJSON implements json.Marshaler: each event is an object with its kind
// first.
func (p *Pass) MarshalJSON() ([]byte, error) {
	type plain Pass
	out := struct {
		*plain
		Events []tagged `json:"events"`
	}{(*plain)(p), []tagged{}}
	for _, e := range p.Events {
		out.Events = append(out.Events, tagged{e})
	}
	return marshal(out)
}

// tagged is an event with its kind.
type tagged struct{ event record.Event }

// MarshalJSON implements json.Marshaler.
func (t tagged) MarshalJSON() ([]byte, error) {
	kind, err := marshal(t.event.Kind())
	if err != nil {
		return nil, err
	}
	fields, err := marshal(t.event)
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"kind":`), kind...)
	if len(fields) > len("{}") {
		out = append(out, ',')
	}
	return append(out, fields[1:]...), nil
}

// marshal is json.Marshal without the escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytesBuffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b[:len(b)-1], nil // without the line's end
}

type bytesBuffer []byte

func (b *bytesBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
