package manage

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/proxy/param"
)

// Request is a request of the JSON API, which is described in
// docs/api/balancer-manager.yaml.
type Request struct {
	Method string
	Query  string // of the URL, as sent
	Body   string // at most MaxBody bytes

	Host        string // as the client names this server
	Name        string // of the server
	ContentType string
	From        Origin
}

// MaxBody is the longest body of a Request.
const MaxBody = 64 << 10

// Response is the response to a Request.
type Response struct {
	Status int
	Allow  string // the methods there are, for 405; "" otherwise
	Body   []byte // JSON
}

// APIError is the body of a response to a request that was not done.
type APIError struct {
	Error string `json:"error"`           // the reason
	Field string `json:"field,omitempty"` // the setting that is wrong
}

// WantsJSON reports whether the query of a URL asks for the API.
func WantsJSON(query string) bool {
	for word := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(word, "="); name == "json" {
			return true
		}
	}
	return false
}

// API does what a request for the balancers of a server asks for. It must not be
// called on a loop.
func (m *Manager) API(server string, by Actor, r *Request) Response {
	q, err := url.ParseQuery(r.Query)
	if err != nil {
		return failure(400, errors.New("the query of the URL cannot be read"))
	}
	switch r.Method {
	case "GET", "HEAD":
		return m.apiRead(server, q)
	case "POST", "PATCH", "DELETE":
	default:
		a := failure(405, errors.New("there is no "+r.Method+" here"))
		a.Allow = "GET, HEAD, POST, PATCH, DELETE"
		return a
	}
	// A browser sends JSON, PATCH and DELETE to another site only if that allows
	// it, which this one never does; where it comes from is the second lock.
	if r.From.Of(r.Host, r.Name) == Foreign {
		return failure(403, errors.New("a change from another site is refused (Sec-Fetch-Site, Origin or Referer)"))
	}
	settings, err := r.settings()
	if err != nil {
		return failure(415, err)
	}
	var e Entry
	switch id, undo := q["undo"]; {
	case undo && r.Method == "POST":
		e, err = m.apiUndo(server, by, id[0])
	default:
		c := Change{Server: server, Balancer: q.Get("b"), Member: q.Get("w"), Op: Set, Settings: settings}
		switch r.Method {
		case "POST":
			c.Op = Add
		case "DELETE":
			c.Op = Remove
		}
		e, err = m.Apply(by, c)
	}
	if err != nil {
		return failure(statusOf(err), err)
	}
	status := 200
	if e.Op == Add && e.Undoes == 0 {
		status = 201
	}
	return success(status, e.JSON())
}

// apiRead lists balancers, or with history what was changed.
func (m *Manager) apiRead(server string, q url.Values) Response {
	if q.Has("history") {
		out := struct {
			History []EntryJSON `json:"history"`
		}{[]EntryJSON{}}
		for _, e := range m.History(Filter{Balancer: q.Get("b"), Member: q.Get("w")}) {
			if _, err := m.owner(server, &e); err == nil {
				out.History = append(out.History, e.JSON())
			}
		}
		return success(200, out)
	}
	out := struct {
		Server    string         `json:"server"`
		Balancers []BalancerJSON `json:"balancers"`
	}{server, []BalancerJSON{}}
	for _, b := range m.List(server) {
		if name := q.Get("b"); name == "" || name == b.Name {
			out.Balancers = append(out.Balancers, b.JSON())
		}
	}
	if q.Get("b") != "" && len(out.Balancers) == 0 {
		return failure(404, errors.New("there is no balancer "+q.Get("b")))
	}
	return success(200, out)
}

// apiUndo takes back a change of a balancer that the server has.
func (m *Manager) apiUndo(server string, by Actor, text string) (Entry, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Entry{}, &Error{Kind: Invalid, Reason: "undo takes the number of a change"}
	}
	for _, e := range m.History(Filter{}) {
		if e.ID != id {
			continue
		}
		if _, err := m.owner(server, &e); err == nil {
			return m.Undo(by, id)
		}
	}
	return Entry{}, &Error{Kind: NotFound, Reason: fmt.Sprintf("there is no change %d, or it is too long ago", id)}
}

// owner returns the balancer of an entry, if the server has it.
func (m *Manager) owner(server string, e *Entry) (*subject, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.subject(server, e.Balancer)
	if err == nil && s.server != e.Server {
		err = &Error{Kind: NotFound, Reason: "another server has it"}
	}
	return s, err
}

// settings reads the body: an object whose values are texts, numbers and
// booleans. Only DELETE and an undo have none.
func (r *Request) settings() (list []param.Setting, err error) {
	if len(r.Body) == 0 && r.Method == "DELETE" {
		return nil, nil
	}
	if kind, _, err := mime.ParseMediaType(r.ContentType); err != nil || kind != "application/json" {
		return nil, errors.New("a change has a body with Content-Type: application/json")
	}
	var values map[string]any
	d := json.NewDecoder(strings.NewReader(r.Body))
	d.UseNumber()
	if err := d.Decode(&values); err != nil || d.More() {
		return nil, &Error{Kind: Invalid, Reason: "the body is no JSON object"}
	}
	for name, v := range values {
		set := param.Setting{Key: name}
		switch v := v.(type) {
		case string:
			set.Value = v
		case json.Number:
			set.Value = v.String()
		case bool:
			set.Value = onOff(v)
		case nil: // "": there is none
		default:
			return nil, &Error{Kind: Invalid, Field: name, Reason: "must be a text, a number, true, false or null"}
		}
		list = append(list, set)
	}
	slices.SortFunc(list, func(a, b param.Setting) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

// TooLarge is the response to a request with a body longer than MaxBody.
func TooLarge() Response {
	return failure(413, fmt.Errorf("the body is longer than %d bytes", MaxBody))
}

func statusOf(err error) int {
	var e *Error
	if !errors.As(err, &e) {
		return 500
	}
	return [...]int{Invalid: 422, NotFound: 404, Conflict: 409, Unsupported: 409}[e.Kind]
}

func success(status int, body any) Response {
	b, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		return failure(500, err)
	}
	return Response{Status: status, Body: append(b, '\n')}
}

func failure(status int, err error) Response {
	a := APIError{Error: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		if status == 415 {
			status = statusOf(err)
		}
		a = APIError{Error: e.Reason, Field: e.Field}
	}
	b, _ := json.Marshal(a)
	return Response{Status: status, Body: append(b, '\n')}
}
