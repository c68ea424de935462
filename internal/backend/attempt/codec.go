package attempt

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/worker"
)

// Codec is a protocol: bytes in, bytes out. It does no I/O, never waits and
// keeps the state of one attempt; AppendHead begins the next one. It belongs to
// one exchange at a time.
//
// The request side (AppendLead, AppendTail, AppendEnd) may run on a different
// coroutine from the response side (Read, Probe, Splice, Done), at the same
// time: they share only what AppendHead wrote.
type Codec interface {
	// Begin is called once per exchange, before anything is read ahead. It removes
	// from x.Out what the protocol cannot do (Expect). It returns true if the
	// length of the body must be known before the head is made.
	Begin(x *exchange.Exchange) (length bool)
	// AppendHead begins an attempt: it appends the request's head, in as many
	// packets as necessary, and sets in h how the body is sent.
	AppendHead(b []byte, h *Head) []byte
	// AppendLead and AppendTail append the bytes before and after n body bytes.
	AppendLead(b []byte, n int) []byte
	AppendTail(b []byte, n int) []byte
	// AppendEnd appends the bytes after the last body byte, even if there was
	// no body; x.Req.Trailer is complete by then.
	AppendEnd(b []byte) []byte

	// Read consumes bytes of the response, up to and including one event. eof: the
	// backend has ended the connection after b. Bytes that are not consumed come
	// again, with more after them, possibly at another address. An error means
	// that the response is malformed, and is final.
	Read(b []byte, eof bool) (n int, e Event, err error)
	// Probe checks b, which came with the head and is not consumed: a fault
	// there can still become an error response.
	Probe(b []byte) error
	// Splice is told how many body bytes were moved past Read, and returns how
	// many of the next bytes on the connection are body only: 0 is none, -1 all
	// up to the end of the connection.
	Splice(moved int64) (left int64)
	// Done is called after End. It reports whether the connection is at the
	// start of the next request, and how long the backend keeps an idle one; 0:
	// not stated.
	Done() (reusable bool, idle time.Duration)
}

// Spec is what the engine needs to know of a protocol in addition to its codec.
type Spec struct {
	Module    string       // the module that reports faults, without mod_: "proxy_http"
	NoConnect string       // httpd's message id if no connection could be opened
	NoHead    string       // httpd's message id if no response came
	TextID    string       // httpd's message id of a Text event
	PingText  string       // the text for a backend that did not respond within ping=
	New       func() Codec // makes one; it is kept with the memory of an exchange

	// NoHeadStatus is the status if the backend ended the connection before a
	// complete head; 0: 502.
	NoHeadStatus int
	// TooLarge is the status of a request whose head does not fit the protocol; 0: 500.
	TooLarge int
	// Prepare is called before each attempt and may wait; nil: there is nothing to
	// prepare.
	Prepare func(x *exchange.Exchange)
	// Text appends the head of a request as lines of text that end in CRLF, to
	// explain a request; nil: the head is such text.
	Text func(b []byte, x *exchange.Exchange) []byte
}

// Head is a request's head while it is made.
type Head struct {
	X      *exchange.Exchange
	Worker *worker.Config
	Reuse  bool // the connection may be kept
	Ping   bool // ping= is set: the backend should confirm first that it is there

	// The codec sets the following fields. All of them are zero when AppendHead is
	// called.

	Held  bool // the rest waits for the backend's confirmation: 100, or a Pong event
	Again bool // only the question was appended: AppendHead is called again after the confirmation, with Ping unset
	// Refuse: the request cannot be said in this protocol, and why. Nothing is sent,
	// and the client gets the status Spec.TooLarge.
	Refuse string
	Body   Body
}

// Body is how a request body is sent.
type Body struct {
	Lead int // the most that AppendLead appends, up to MaxLead
	Tail int // the most that AppendTail appends
	Most int // data bytes in one frame; 0: any number
	// Pull: the backend requests the body (Want), one frame at a time, and gets
	// AppendEnd when it requests more after the end. First is how many bytes the
	// head alone requests; 0: none.
	Pull  bool
	First int
}

// MaxLead is the most bytes that AppendLead may append.
const MaxLead = 32

// framed reports whether the body has bytes around its data.
func (b *Body) framed() bool { return b.Lead+b.Tail > 0 }

// most returns how many of n bytes go into the next frame.
func (b *Body) most(n int) int {
	if b.Most > 0 {
		return min(n, b.Most)
	}
	return n
}

// Kind says what Read found.
type Kind uint8

// The kinds of event.
const (
	More    Kind = iota // more bytes are needed; Progress says what has begun
	Interim             // a 1xx head is in x.Resp
	Switch              // 101 is in x.Resp: another protocol follows, if the request asked for it
	Pong                // the backend confirms that it is there (Head.Held)
	Headed              // the final head is in x.Resp; N is the length of the body, -1 unknown; Last: no body and no end follows
	Data                // body bytes; Last: they are the last, and the message has ended
	Want                // the backend requests N body bytes
	Text                // Data is the backend's message for the error log
	Warn                // Data is our message about the response, which continues
	End                 // the message has ended
)

// Event is what Read found. Data is borrowed from the buffer, or constant.
// x.Resp borrows from the buffer, or from the arena of the exchange where its
// parts were not in one piece.
type Event struct {
	Kind     Kind
	Progress Progress
	Last     bool
	N        int64
	Data     []byte
}

// Progress says, with More, how much has arrived of a part that must be
// complete before it is read (a head, a trailer section).
type Progress uint8

// The values of Progress.
const (
	Nothing Progress = iota // none has begun
	Begun                   // it has begun: the whole part has the time of one wait for the backend
	Within                  // a part of it could be read already
)
