package exchange

import "github.com/headgate/headgate/internal/message"

// Reply is the response that a step, translator or handler has decided on: a
// redirect, a status, a short body. It is returned as an error, which ends the
// steps; the pipeline sends it, with the ErrorDocument of its status where it
// has no body.
type Reply struct {
	Status   int
	Reason   string          // "" is the usual phrase
	Location []byte          // of a redirect; nil: none
	Fields   []message.Field // further fields, which an ErrorDocument keeps too
	Type     string          // Content-Type of Body
	Body     []byte          // nil: the ErrorDocument, or the stock page
}

// Error makes a Reply an error; it says nothing to a person.
func (r *Reply) Error() string { return "reply" }

// Reply returns a reply of x with a status, in memory that lives as long as x.
// There is one at a time.
func (x *Exchange) Reply(status int) *Reply {
	x.reply = Reply{Status: status, Fields: x.reply.Fields[:0]}
	return &x.reply
}

// InternalRedirect sends a request another way through the server. It is
// returned as an error, which ends the steps; the pipeline goes on with the
// request's other form, within bounds, and what was set for the first has
// REDIRECT_ before its names (httpd: ap_internal_redirect).
type InternalRedirect struct {
	Path     []byte // encoded, as in a request line
	Query    []byte
	HasQuery bool
}

// Error makes an InternalRedirect an error; it says nothing to a person.
func (r *InternalRedirect) Error() string { return "internal redirect" }

// MaxInternal is how many internal redirects, and how many subrequests in each
// other, a request may cause (httpd: LimitInternalRecursion).
const MaxInternal = 10

// Lookups finds out what would become of a request without serving it, and how
// busy the server is. The pipeline implements it.
type Lookups interface {
	// Lookup takes a GET for a URL path, with its query, through all steps but
	// the last, on the virtual host of x. The result has the path, target,
	// environment and merged configuration that the request would have, and in
	// Status 200 or what it would be refused with. It is valid until x ends.
	Lookup(x *Exchange, target []byte) *Exchange
	// LookupFile is Lookup for a file of the system: what its path means to
	// sections and access control.
	LookupFile(x *Exchange, name []byte) *Exchange
	// Workers returns how many requests are being served, and how many may be:
	// 0 without a limit.
	Workers() (busy, limit int)
}

// Depth returns how many internal redirects led to x.
func (x *Exchange) Depth() int {
	n := 0
	for r := x.Redirected; r != nil; r = r.Prev {
		n++
	}
	return n
}
