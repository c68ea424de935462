package explain

import (
	"cmp"
	"github.com/headgate/headgate/internal/record"
	"strings"
)

// Version is that of the JSON form: it counts up when a field changes its
// meaning or goes away, not when one is added.
const Version = 1

// Report is what has become of one request.
type Report struct {
	Version int      `json:"version"`
	Config  string   `json:"config"` // the file that was read
	Request Request  `json:"request"`
	Outcome Outcome  `json:"outcome"`
	Passes  []*Pass  `json:"passes"`   // the request, and then each internal redirect of it
	Head    []string `json:"response"` // status line and fields as the client gets them
	Log     []string `json:"log"`      // lines for the error log
}

// Request is the request that was made.
type Request struct {
	Method string   `json:"method"`
	URL    string   `json:"url"` // absolute
	Head   []string `json:"head"`
	From   string   `json:"from"` // address:port of the client
	To     string   `json:"to"`   // address:port that it has connected to
	TLS    bool     `json:"tls"`  // the connection is encrypted
	// Backend is the status that a backend is taken to respond with.
	Backend int `json:"backend_status"`

	Host string `json:"host,omitempty"` // why the Host is what it is, where the URL does not say
}

// Outcome is the end of it in a few words.
type Outcome struct {
	Kind     Kind        `json:"kind"`
	Status   int         `json:"status"`             // as the client gets it
	Backend  string      `json:"backend,omitempty"`  // URL that the request is forwarded to
	Location string      `json:"location,omitempty"` // where a redirect leads
	By       record.Line `json:"by"`                 // the directive that has decided, as far as one has
	Why      string      `json:"why,omitempty"`      // in words

	Page *record.Line `json:"page,omitempty"` // the ErrorDocument of the status
}

// Kind is a kind of outcome.
type Kind string

// The kinds of outcome.
const (
	Forwarded Kind = "backend"  // a backend responds
	Redirects Kind = "redirect" // the client is sent elsewhere
	Responds  Kind = "status"   // this server responds itself
)

// Pass is one way of a request through the server.
type Pass struct {
	Path   string         `json:"path"`          // with its query
	Why    string         `json:"why,omitempty"` // what led to it; "" for the request of the client
	Events []record.Event `json:"-"`
}

// Collector gathers the events of one exchange. It implements record.Recorder.
type Collector struct {
	passes  []*Pass
	decided record.Line // what has decided last
}

// NewCollector makes one for a request at path, with its query.
func NewCollector(path string) *Collector { return &Collector{passes: []*Pass{{Path: path}}} }

// Record implements record.Recorder.
func (c *Collector) Record(e record.Event) {
	last := c.passes[len(c.passes)-1]
	switch v := e.(type) {
	case record.Restart:
		c.passes = append(c.passes, &Pass{Path: v.Path, Why: cmp.Or(v.Why, "internal redirect")})
		return
	case record.Mapping:
		c.decided = v.Line
	case record.Rule:
		if v.Applied {
			c.decided = v.Line
		}
	case record.Late:
		v.By = c.decided
		e = v
	}
	last.Events = append(last.Events, e)
}

// Report makes the report of an exchange that has ended with status.
func (c *Collector) Report(q Request, status int, head, log []string) *Report {
	r := &Report{Version: Version, Request: q, Passes: c.passes, Head: head, Log: log}
	r.Outcome = c.outcome(status)
	if o := &r.Outcome; o.Kind == Responds && o.Location == "" && status >= 300 && status < 400 {
		for _, l := range head { // an ErrorDocument that is a URL
			if url, ok := strings.CutPrefix(l, "Location: "); ok {
				o.Kind, o.Location = Redirects, url
			}
		}
	}
	return r
}

// late counts the directives that came too late.
func (r *Report) late() (n int) {
	for _, p := range r.Passes {
		for _, e := range p.Events {
			if _, ok := e.(record.Late); ok {
				n++
			}
		}
	}
	return n
}

// outcome finds the end of the events: what was decided last.
func (c *Collector) outcome(status int) Outcome {
	o := Outcome{Kind: Responds, Status: status}
	var mapped record.Line
	var a access
	for _, p := range c.passes {
		for _, e := range p.Events {
			switch e := e.(type) {
			case record.Mapping:
				mapped = e.Line
			case record.Access:
				a.add(&e)
			case record.Backend:
				if o.Page != nil { // it sends the page of a status
					o.Backend = e.URL
					continue
				}
				o = Outcome{Kind: Forwarded, Status: status, Backend: e.URL, By: mapped}
			case record.Answer:
				o = answered(e, status, mapped, &a)
			case record.Document:
				o.Page = &e.Line
			}
		}
	}
	return o
}

// answered is the outcome of an answer. status is the one that was sent.
func answered(e record.Answer, status int, mapped record.Line, a *access) Outcome {
	o := Outcome{Kind: Responds, Status: status, Location: e.Location, Why: e.Detail}
	switch {
	case e.Location != "":
		o.Kind, o.By = Redirects, mapped
	case (e.Status == 401 || e.Status == 403) && a.denied != (record.Line{}) && e.Module != "":
		if o.By, o.Why = a.denied, ""; a.lines > 1 {
			o.Why = "no other line that was asked grants it either"
		}
	case e.Detail == "":
		o.By = mapped
	}
	return o
}

// access is who has refused a request.
type access struct {
	denied record.Line // the first line that did
	lines  int         // how many did
}

func (a *access) add(e *record.Access) {
	switch {
	case e.Final && (e.Verdict == "granted" || e.Verdict == "not asked"):
		*a = access{}
	case e.Final && a.lines > 0, e.Verdict == "granted", e.Verdict == "neutral":
	case a.lines == 0:
		a.denied = e.Line
		fallthrough
	default:
		a.lines++
	}
}
