package exchange

import (
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

// Reply is a response that a step, translator or handler decided on: a
// redirect, a status, a short body. It is returned as an error, which ends the
// steps; the pipeline sends it, with the ErrorDocument of its status if it has
// no body.
type Reply struct {
	Status   int
	Cause    fault.Cause     // of a status from 400 on; NoCause: Named says
	Reason   string          // "" is the default phrase
	Location []byte          // of a redirect; nil: none
	Fields   []message.Field // further fields, which an ErrorDocument keeps too
	Type     string          // Content-Type of Body
	Body     []byte          // nil: the ErrorDocument, or the stock page
}

// Error makes a Reply an error; it says nothing to a person.
func (r *Reply) Error() string { return "reply" }

// Named returns the cause of r, NoCause below 400.
func (r *Reply) Named() fault.Cause {
	switch {
	case r.Status < 400 || r.Cause != fault.NoCause:
		return r.Cause
	case r.Status == 401 || r.Status == 407:
		return fault.AuthRequired
	}
	return fault.StatusByRule
}

// Reply returns a reply of x with a status, in memory that lives as long as x.
// There is one per exchange.
func (x *Exchange) Reply(status int) *Reply {
	x.reply = Reply{Status: status, Fields: x.reply.Fields[:0]}
	return &x.reply
}

// InternalRedirect processes a request again with another path. It is returned
// as an error, which ends the steps; the pipeline continues with the new path,
// at most MaxInternal times, and variables of the original request get the
// prefix REDIRECT_ (httpd: ap_internal_redirect).
type InternalRedirect struct {
	Path     []byte // encoded, as in a request line
	Query    []byte
	HasQuery bool
	Get      bool // with GET and without a body, unless it is a HEAD
}

// Error makes an InternalRedirect an error; it says nothing to a person.
func (r *InternalRedirect) Error() string { return "internal redirect" }

// MaxInternal limits the internal redirects, and the nesting of subrequests,
// that a request may cause (httpd: LimitInternalRecursion).
const MaxInternal = 10

// File is a response whose body is a file that a backend has named in place of a body
// (X-Sendfile); x.Resp has its head. It is returned as an error.
type File struct{ Name []byte }

// Error makes a File an error; it says nothing to a person.
func (f *File) Error() string { return "file" }

// Lookups finds out how a request would be processed without serving it, and
// how busy the server is. The pipeline implements it.
type Lookups interface {
	// Lookup takes a GET for a URL path, with its query, through all steps
	// except the last, on the virtual host of x. The result has the path,
	// target, environment and merged configuration of such a request, and
	// Status is 200 or the status of its refusal. It is valid until x ends.
	Lookup(x *Exchange, target []byte) *Exchange
	// LookupFile is Lookup for a file of the system: what its path means to
	// sections and access control.
	LookupFile(x *Exchange, name []byte) *Exchange
	// LookupEntry is Lookup for what is in the folder of x under a name, which is
	// not encoded and is not mapped: it is a file there.
	LookupEntry(x *Exchange, name string) *Exchange
	// Include has what a look-up for x has found respond, and passes the body of that to
	// a filter's Sink as bytes of the body of x. The look-up is used up. An error says why
	// there is no response, or that it broke off.
	Include(x, sub *Exchange, to Sink) error
	// Workers returns how many requests are being served, and the limit: 0 for
	// none.
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
