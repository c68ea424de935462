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
// asked. With no Handler set the request goes on to the content handlers
// (an alias).
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
	// ReadReady is ReadBody for what has arrived already: it never waits and
	// never sends 100-continue. 0 and no error: nothing is there.
	ReadReady(p []byte) (int, error)
	// WriteInterim sends a 1xx head; silently nothing to an HTTP/1.0 client.
	WriteInterim(r *message.Response) error
	// WriteHead commits x.Resp, once. last: no body follows.
	WriteHead(r *message.Response, last bool) error
	// WriteBody sends body bytes. It may keep them until Flush.
	WriteBody(p []byte, last bool) error
	// WriteTrailer ends the body with trailer fields where the protocol can.
	WriteTrailer(h *message.Header) error
	// Flush hands everything written to the connection. The end of an answer
	// may go to the system with others' of the loop's round (WriteBatched).
	Flush() error
	// StopReading wakes a coroutine blocked in ReadBody and makes further
	// calls fail: the rest of the body is not wanted.
	StopReading()
	// Abort cuts the exchange so that the client cannot take what it has for
	// the whole.
	Abort(err error)
}

// BodySplicer is a Front that can have the system move body bytes between the
// client's connection and another, without copying them to us. A part is as
// good as the whole: the caller goes on until it has what it wants. read and
// write say which connection failed, as with reactor.Splicer;
// reactor.ErrNoSplice in read says that nothing was moved and that the body
// goes on the ordinary way.
type BodySplicer interface {
	// SpliceOut moves at most n bytes of the response body from src, behind
	// what was written before. until is src's read deadline, which the caller
	// has set: the client's own patience begins there. WriteBody still tells
	// the end of the body.
	SpliceOut(src reactor.Conn, n int64, until time.Time) (moved int64, read, write error)
	// SpliceIn moves bytes of a request body of known length to dst, what was
	// read ahead first. Like ReadBody it may send 100-continue, gives io.EOF
	// behind the last byte, and is woken by StopReading. patience is how long
	// dst may take nothing.
	SpliceIn(dst reactor.Conn, patience time.Duration) (moved int64, read, write error)
}

// Service is what a front drives; the pipeline implements it.
type Service interface {
	// Base finds the site whose limits and timeouts hold until the request
	// names its own; it is asked before each request, so that a connection
	// follows a reload.
	Base(c *Client) *Site
	// Serve carries x from its complete head to its log line. When it
	// returns the response was written or the exchange aborted.
	Serve(x *Exchange)
	// Refuse answers and logs a request that could not be read. x.Req holds
	// what was understood of it.
	Refuse(x *Exchange, f *fault.Fault)
	// Draining says that connections should end with their current exchange.
	Draining() bool
	// Full says that requests wait for their turn already.
	Full() bool
}

// Handler makes the response of an exchange.
type Handler interface {
	// Handle writes the response through x, or gives ErrDeclined, or a fault.
	Handle(x *Exchange) error
}

// Translator maps a request: it may set x.Filename and x.Chain's handler by
// returning one.
type Translator interface {
	// Translate gives the handler that will carry the request, or
	// ErrDeclined, or ErrDone to stop the search.
	Translate(x *Exchange) (Handler, error)
}

// Latecomer is a Translator that can say which of its rules would have mapped a
// request. It is asked where another translator has decided, and only for a
// recorder.
type Latecomer interface {
	// Late tells the recorder of x of the rules that match path.
	Late(x *Exchange, path []byte)
}

// Targets finds what sends requests to a URL that something other than
// ProxyPass decides on: a rewrite with [P], SetHandler "proxy:…".
type Targets interface {
	// Target returns the handler for an absolute URL, of any scheme there is a
	// protocol for, and sets x.Filename and what of x.Out names the target. The
	// path is decoded and x.Args is its query, unless raw: then url is sent as it
	// is. Workers and their connections are those of ProxyPass, where a worker's
	// URL begins this one.
	Target(x *Exchange, url []byte, raw bool) (Handler, error)
}

// Step is a unit of work on an exchange that may refuse it: access checks,
// fixups, edits of the response head.
type Step interface {
	Do(x *Exchange) error
}

// Relay stands between a backend protocol and the client for one exchange.
type Relay interface {
	// BackendHead is called with the backend's final head in x.Resp, before
	// anything of it is sent. discard: read and drop the body and return to
	// the handler, which answers itself (ProxyErrorOverride).
	BackendHead(x *Exchange) (discard bool, err error)
}

// Forwarder is how the requests of one chain are forwarded: it is built
// holding the merged proxy configuration.
type Forwarder interface {
	Relay
	// Prepare completes x.Out before the first attempt. The worker's own host
	// is host, used unless the client's is to be kept. local: the request is
	// not forwarded but answered here (Max-Forwards: 0).
	Prepare(x *Exchange, host []byte) (local bool, err error)
}

// AccessLog writes one line about a finished exchange.
type AccessLog interface {
	Log(x *Exchange)
	// Hold keeps the line of an exchange that has become a tunnel until that
	// ends; nil: none is to be written.
	Hold(x *Exchange) HeldLine
}

// HeldLine is a line that waits for the end of a tunnel. It does not hold the
// exchange or its snapshot.
type HeldLine interface {
	// End writes it. It is called once.
	End(e TunnelEnd)
}

// TunnelEnd is what the end of a tunnel adds to a line.
type TunnelEnd struct {
	Loop    reactor.Loop
	Time    time.Time
	In, Out int64 // bytes of the whole exchange, from and to the client
	Broken  bool  // a side broke
}
