package exchange

import (
	"errors"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// ErrDeclined is returned by a Handler or Translator that leaves the exchange
// to the next one.
var ErrDeclined = errors.New("declined")

// ErrDone is returned by a Translator that has decided: no further one is
// called. Without a Handler the request goes to the content handlers (an
// alias).
var ErrDone = errors.New("done")

// Front is what a client-side protocol provides to the logic. All methods are
// called from the exchange's loop in blocking style: that is the
// back-pressure. ReadBody may be called from a second coroutine of the loop
// while the first writes.
type Front interface {
	// ReadBody reads de-framed body bytes; io.EOF after the last, when
	// Req.Trailer is filled. It sends 100-continue on first use if the client
	// waits for one and none was sent.
	ReadBody(p []byte) (int, error)
	// ReadReady is ReadBody for bytes that have arrived already: it never waits
	// and never sends 100-continue. 0 without an error: nothing has arrived.
	ReadReady(p []byte) (int, error)
	// WriteInterim sends a 1xx head. To an HTTP/1.0 client it sends nothing.
	WriteInterim(r *message.Response) error
	// WriteHead commits x.Resp, once. last: no body follows.
	WriteHead(r *message.Response, last bool) error
	// WriteBody sends body bytes. It may keep them until Flush.
	WriteBody(p []byte, last bool) error
	// WriteTrailer ends the body with trailer fields if the protocol has them.
	WriteTrailer(h *message.Header) error
	// Flush passes everything written to the connection. The end of a response
	// may be sent together with others of the loop's round (WriteBatched).
	Flush() error
	// StopReading wakes a coroutine blocked in ReadBody and makes further calls
	// fail: the rest of the body is not needed.
	StopReading()
	// Abort cuts the exchange so that the client cannot take a partial response
	// for a complete one.
	Abort(err error)
}

// BodySplicer is a Front that can have the system move body bytes between the
// client's connection and another, without copying them to the process. It may
// move fewer bytes than asked, and the caller calls again. read and write say
// which connection failed, as with reactor.Splicer; reactor.ErrNoSplice in read
// says that nothing was moved and that the body must be copied.
type BodySplicer interface {
	// SpliceOut moves at most n bytes of the response body from src, after
	// everything written before. until is src's read deadline, which the caller
	// has set: the client's own timeout begins there. WriteBody must still
	// announce the end of the body.
	SpliceOut(src reactor.Conn, n int64, until time.Time) (moved int64, read, write error)
	// SpliceIn moves bytes of a request body of known length to dst, those read
	// ahead first. Like ReadBody it may send 100-continue, returns io.EOF after
	// the last byte, and is woken by StopReading. patience is how long dst may
	// accept nothing.
	SpliceIn(dst reactor.Conn, patience time.Duration) (moved int64, read, write error)
}

// Service is what a front drives; the pipeline implements it.
type Service interface {
	// Base returns the site whose limits and timeouts apply until the request
	// names its own. It is called before each request, so that a connection
	// follows a reload.
	Base(c *Client) *Site
	// Named returns the site that a handshake with a server name chooses; "" is a
	// handshake without one. Base was called before.
	Named(c *Client, name string) *Site
	// Serve processes x from its complete head to its log line. When it returns
	// the response was written or the exchange aborted.
	Serve(x *Exchange)
	// Refuse responds to and logs a request that could not be read. x.Req holds
	// the part that was understood.
	Refuse(x *Exchange, f *fault.Fault)
	// Draining reports that connections should end with their current exchange.
	Draining() bool
	// Full reports that requests are already waiting for a slot.
	Full() bool
}

// Handler makes the response of an exchange.
type Handler interface {
	// Handle writes the response through x, or returns ErrDeclined or a fault.
	Handle(x *Exchange) error
}

// Translator maps a request: it may set x.Filename, and returns the handler
// that will respond.
type Translator interface {
	// Translate returns the handler that will respond, or ErrDeclined, or
	// ErrDone to stop the search.
	Translate(x *Exchange) (Handler, error)
}

// Latecomer is a Translator that can say which of its rules would have mapped a
// request. It is called if another translator has decided, and only for a
// recorder.
type Latecomer interface {
	// Late reports to the recorder of x the rules that match path.
	Late(x *Exchange, path []byte)
}

// Targets finds the handler for a URL chosen by something other than ProxyPass:
// a rewrite with [P], SetHandler "proxy:…".
type Targets interface {
	// Target returns the handler for an absolute URL, of any scheme with a
	// protocol, and sets x.Filename and the fields of x.Out that name the target.
	// The path is decoded and x.Args is its query, unless raw: then url is sent
	// unchanged. Workers and their connections are shared with ProxyPass if a
	// worker's URL is a prefix of this one.
	// URL begins this one.
	Target(x *Exchange, url []byte, raw bool) (Handler, error)
}

// Step is a check or change that a module adds to a stage of the pipeline:
// access checks, fixups, edits of the response head. It may refuse the
// exchange.
type Step interface {
	Do(x *Exchange) error
}

// Authenticator finds out who the user is, for one combination of sections. Access
// control asks it when knowing the user decides.
type Authenticator interface {
	// Type returns the AuthType that holds for x, "" where it is None.
	Type(x *Exchange) string
	// Authenticate sets x.User and x.AuthType. The error is the response that asks the
	// client to log in, or a fault.
	Authenticate(x *Exchange) error
	// Challenge has the response ask the client to log in, again.
	Challenge(x *Exchange)
}

// Relay stands between a backend protocol and the client for one exchange.
type Relay interface {
	// BackendHead is called with the backend's final head in x.Resp, before any
	// of it is sent. discard: read and drop the body and return to the handler,
	// which responds itself (ProxyErrorOverride).
	BackendHead(x *Exchange) (discard bool, err error)
}

// Forwarder forwards the requests of one chain. It holds the merged proxy
// configuration.
type Forwarder interface {
	Relay
	// Prepare completes x.Out before the first attempt. host is the worker's
	// own host, used unless the client's is to be preserved. local: the request
	// is not forwarded but responded to here (Max-Forwards: 0).
	Prepare(x *Exchange, host []byte) (local bool, err error)
}

// ForwardProxy takes the requests for other servers. Its Translate is asked for
// those only, and no other translator.
type ForwardProxy interface {
	// Claims reports whether x, as it was sent, is for another server.
	Claims(x *Exchange) bool
	Translator
}

// AccessLog writes one line about a finished exchange.
type AccessLog interface {
	Log(x *Exchange)
	// Hold keeps the line of an exchange that has become a tunnel until the
	// tunnel ends; nil: no line is to be written.
	Hold(x *Exchange) HeldLine
}

// HeldLine is a line that waits for the end of a tunnel. It does not hold the
// exchange or its snapshot.
type HeldLine interface {
	// End writes it. It is called once.
	End(e TunnelEnd)
}

// TunnelEnd is the information that the end of a tunnel adds to a line.
type TunnelEnd struct {
	Loop    reactor.Loop
	Time    time.Time
	In, Out int64 // bytes of the whole exchange, from and to the client
	Broken  bool  // a side failed
}
