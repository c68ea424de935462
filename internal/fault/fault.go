package fault

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Side says which side failed.
type Side uint8

// The sides of an exchange.
const (
	Proxy   Side = iota // ourselves: configuration, limits, a bug
	Client              // the peer that sent the request
	Backend             // the worker the request was sent to
)

var sideNames = [...]string{Proxy: "proxy", Client: "client", Backend: "backend"}

// String returns the word used in log lines.
func (s Side) String() string { return sideNames[s] }

// Phase says how far the exchange had come.
type Phase uint8

// The phases of an exchange, in the order they are passed.
const (
	ReadRequest  Phase = iota // reading or judging the client's head
	ReadBody                  // reading the client's body
	Map                       // choosing what to do with the request
	Acquire                   // waiting for a slot in the worker's pool
	Resolve                   // looking up the worker's name
	Connect                   // opening the connection
	Handshake                 // TLS
	SendRequest               // writing the head to the backend
	SendBody                  // writing the body to the backend
	AwaitHead                 // waiting for the backend's head
	ReadHead                  // inside the backend's head
	ReadResponse              // reading the backend's body
	SendResponse              // writing to the client
)

var phaseNames = [...]string{
	ReadRequest: "read-request", ReadBody: "read-body", Map: "map", Acquire: "acquire",
	Resolve: "resolve", Connect: "connect", Handshake: "handshake", SendRequest: "send-request",
	SendBody: "send-body", AwaitHead: "await-head", ReadHead: "read-head",
	ReadResponse: "read-response", SendResponse: "send-response",
}

// String returns the word used in log lines.
func (p Phase) String() string { return phaseNames[p] }

// Kind says what happened.
type Kind uint8

// The kinds of fault.
const (
	Internal     Kind = iota
	Refused           // connection refused
	Unreachable       // no route, missing socket file
	Timeout           // nothing happened in time
	Unresolved        // the name has no address
	TLS               // handshake or verification
	Reset             // the peer reset the connection
	Closed            // the peer closed where more was due
	Malformed         // bytes that are not HTTP, or not allowed
	TooLarge          // over a limit
	Exhausted         // no free slot in the pool
	Unavailable       // no usable member
	Aborted           // the client went away
	Unsupported       // nothing here speaks that scheme or coding
	Denied            // access control
	InvalidInput      // a request that can be read but not accepted
)

var kindNames = [...]string{
	Internal: "internal", Refused: "refused", Unreachable: "unreachable", Timeout: "timeout",
	Unresolved: "unresolved", TLS: "tls", Reset: "reset", Closed: "closed", Malformed: "malformed",
	TooLarge: "too-large", Exhausted: "exhausted", Unavailable: "unavailable", Aborted: "aborted",
	Unsupported: "unsupported", Denied: "denied", InvalidInput: "invalid-input",
}

// String returns the word used in log lines and metrics.
func (k Kind) String() string { return kindNames[k] }

// Retry says whether an attempt may be made again.
type Retry uint8

// The values of Retry.
const (
	Never    Retry = iota
	IfReused       // only when the connection came from the pool: the peer may have closed it as we wrote
	Safe           // nothing of the request can have been processed
)

// Limit is a limit of the configuration: a time or a number.
type Limit struct {
	Line  string // the directive or parameter with its value: "connectiontimeout=2", "Timeout 60"
	Place string // "file:line"; "": it is the default
}

// String returns "Timeout 60 at site.conf:3", "Timeout 60 (the default)", and "" for
// the zero value.
func (l Limit) String() string {
	switch {
	case l.Line == "":
		return ""
	case l.Place == "":
		return l.Line + " (the default)"
	}
	return l.Line + " at " + l.Place
}

// Fault is a classified error. The layer that detects it sets its fields, and
// layers above add Backend and Elapsed. It is never shared between exchanges.
type Fault struct {
	Side    Side
	Phase   Phase
	Kind    Kind
	Retry   Retry
	Cause   Cause         // its name where the layer knows more than side, phase and kind; NoCause: see Named
	Limit   Limit         // the limit that was reached; the zero value: none
	Status  int           // the status to respond with; 0 lets the pipeline choose
	ID      string        // httpd's message id where it has one ("AH01102")
	Module  string        // the module that reports it, without mod_: "proxy", "proxy_http"
	Backend string        // worker URL, "" if none was chosen
	Addr    string        // the address tried, "" if none
	Elapsed time.Duration // since the phase's attempt began
	Detail  string        // one clause in our words; never a peer's bytes unescaped
	Reason  string        // reason phrase to respond with; "": the status's own
	Page    string        // sentence of the stock page; "": the status's own
	Replace bool          // a backend's response that is replaced: nothing failed here
	Allow   bool          // the response lists the methods that are allowed
	Close   bool          // the client connection cannot be kept
	Mute    bool          // nothing is sent: the connection is closed without a response
	Early   bool          // the backend reset the connection before it read the request
	// Unread says that the request could not be read: nothing else is requested
	// instead of it, so that an ErrorDocument is a text or the stock page.
	Unread bool
	// Unlogged keeps the request out of the access log.
	Unlogged bool
	Err      error // cause, may be nil
	// Outcome is what a balancer decided after it, for the error log: which
	// attempt it was and why there is no other; "": no balancer was asked.
	Outcome string
	// Balancer names the balancer that was asked, and Members are its members at that
	// moment, as many as are worth telling.
	Balancer string
	Members  []Member
}

// Member says how a member of a balancer was when a request failed.
type Member struct {
	Name  string `json:"name"`
	State string `json:"state"` // "ok", "error", "draining", ...
	Why   string `json:"why,omitempty"`
	Busy  int64  `json:"busy"` // requests in flight
}

// Error returns "backend await-head: timeout after 3s: detail: cause".
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Side.String())
	b.WriteByte(' ')
	b.WriteString(f.Phase.String())
	b.WriteString(": ")
	b.WriteString(f.Kind.String())
	if f.Elapsed > 0 {
		b.WriteString(" after ")
		// Plain ASCII, because logs get it: "0.108ms", not with a Greek letter.
		b.WriteString(strconv.FormatFloat(f.Elapsed.Seconds()*1000, 'f', 3, 64))
		b.WriteString("ms")
	}
	if f.Detail != "" {
		b.WriteString(": ")
		b.WriteString(f.Detail)
	}
	if f.Err != nil {
		b.WriteString(": ")
		b.WriteString(f.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Stopped makes the fault of an exchange that was cut because the server stops:
// neither peer failed, and no response is sent.
func Stopped(phase Phase) *Fault {
	return &Fault{Side: Proxy, Phase: phase, Kind: Aborted, Module: "core", Close: true, Detail: "cut because the server stops"}
}

// ByStop says whether Stopped made f.
func (f *Fault) ByStop() bool { return f.Side == Proxy && f.Kind == Aborted }

// ResetEarly marks f as the fault of a backend that accepted the connection and
// reset it before it read the request. Whether connecting, writing or reading
// reports this is chance, so all of them lead to the same response. The protocol
// adds its module and message id.
func (f *Fault) ResetEarly() *Fault {
	f.Phase, f.Kind, f.Status, f.ID, f.Early = AwaitHead, Reset, 502, "", true
	f.Reason, f.Err = NoAnswer, syscall.ECONNRESET
	return f
}

// NoAnswer is httpd's reason phrase when no byte of a response arrived.
const NoAnswer = "Proxy Error"

// Of finds the Fault in err's chain, or wraps err as an internal one. It
// returns nil for nil.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Side: Proxy, Phase: Map, Kind: Internal, Cause: InternalError, Module: "core", Err: err}
}

// Describe returns the log clause: who failed, when, on which backend, and why.
// Shape: `backend http://h:8080 (10.0.0.1:8080) await-head: timeout after 3s: …`.
func (f *Fault) Describe() string {
	if f.Backend == "" {
		return f.Error()
	}
	where := f.Backend
	if f.Addr != "" {
		where += " (" + f.Addr + ")"
	}
	return "worker " + where + ": " + f.Error()
}
