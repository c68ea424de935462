package incident

import (
	"time"

	"github.com/headgate/headgate/internal/fault"
)

// Incident is one fault of a request. Texts of peers are not escaped.
type Incident struct {
	ID    string      `json:"id"` // the request's: %L of its access line
	At    time.Time   `json:"at"`
	Named fault.Cause `json:"-"`
	Cause string      `json:"cause"`

	Status int    `json:"status,omitempty"` // of the response; 0: there was none
	Cut    bool   `json:"cut,omitempty"`    // the response ended before its end
	Sent   int64  `json:"sent,omitempty"`   // bytes of its body by then
	Side   string `json:"side"`
	Phase  string `json:"phase"`
	Kind   string `json:"kind"`

	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"` // as sent, without the query
	Client string `json:"client,omitempty"`
	Host   string `json:"host,omitempty"` // ServerName of the virtual host
	HostAt string `json:"host_at,omitempty"`
	Rule   string `json:"rule,omitempty"` // the mapping: "ProxyPass /app"
	RuleAt string `json:"rule_at,omitempty"`

	Balancer string  `json:"balancer,omitempty"`
	Worker   string  `json:"worker,omitempty"`
	Addr     string  `json:"addr,omitempty"`
	Elapsed  Millis  `json:"elapsed_ms,omitempty"` // since the phase's attempt began
	Age      Millis  `json:"age_ms"`               // since the first byte of the request
	Message  string  `json:"message"`              // the sentence of the error log
	Outcome  string  `json:"outcome,omitempty"`    // what the balancer decided
	Limit    string  `json:"limit,omitempty"`      // the limit that was reached: "timeout=5"
	LimitAt  string  `json:"limit_at,omitempty"`
	Made     int     `json:"tries_made,omitempty"` // how many tries there were
	Tries    []Try   `json:"tries,omitempty"`      // the first ones, and the last
	Members  Members `json:"members,omitempty"`
}

// Try is one attempt to get a response from a worker.
type Try struct {
	Worker    string `json:"worker"`
	Addr      string `json:"addr,omitempty"`
	Reused    bool   `json:"reused,omitempty"`
	Idle      Millis `json:"idle_ms,omitempty"`
	Queue     Millis `json:"queue_ms,omitempty"`
	Resolve   Millis `json:"resolve_ms,omitempty"`
	Connect   Millis `json:"connect_ms,omitempty"`
	TLS       Millis `json:"tls_ms,omitempty"`
	FirstByte Millis `json:"first_byte_ms,omitempty"`
	Took      Millis `json:"took_ms"`
	Cause     string `json:"cause,omitempty"`
	Phase     string `json:"phase,omitempty"` // in which it failed
	Error     string `json:"error,omitempty"`
}

// Members are the members of the balancer at that moment, as many as are kept.
type Members []fault.Member

// Millis is a time in milliseconds.
type Millis float64

// Of converts a duration, to a thousandth.
func Of(d time.Duration) Millis { return Millis(float64(d.Microseconds()) / 1000) }
