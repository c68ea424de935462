package attempt

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/worker"
)

// Codec is a protocol: bytes in, bytes out. It does no I/O, never waits and
// keeps what it knows of one attempt; AppendHead begins the next one. It
// belongs to one exchange at a time.
//
// The request side (AppendLead, AppendTail, AppendEnd) may run on another
// coroutine than the response side (Read, Probe, Splice, Done), at the same
// time: they share only what AppendHead wrote.
type Codec interface {
	// Begin is called once per exchange, before anything is read ahead. It takes
	// out of x.Out what the protocol cannot do (Expect). length: the length of the
	// body must be known before the head is made.
	Begin(x *exchange.Exchange) (length bool)
	// AppendHead begins an attempt: it appends the request's head, in as many
	// packets as that takes, and says in h how the body is sent.
	AppendHead(b []byte, h *Head) []byte
	// AppendLead and AppendTail append what is before and behind n body bytes.
	AppendLead(b []byte, n int) []byte
	AppendTail(b []byte, n int) []byte
	// AppendEnd appends what is behind the last body byte, also where there was
	// no body; x.Req.Trailer is complete by then.
	AppendEnd(b []byte) []byte

	// Read consumes bytes of the response, up to and with one event. eof: the
	// backend has ended the connection behind b. What is not consumed comes again,
	// with more behind it; it may lie elsewhere by then. An error means that the
	// response cannot be understood, and is final.
	Read(b []byte, eof bool) (n int, e Event, err error)
	// Probe looks through b, which came with the head and is not consumed: what
	// is malformed there can still be answered with an error.
	Probe(b []byte) error
	// Splice is told how many body bytes were moved past Read, and returns how
	// many that come next on the connection are nothing but body: 0 is none, -1
	// all up to the end of the connection.
	Splice(moved int64) (left int64)
	// Done says, behind End, whether the connection stands at the next request,
	// and how long the backend keeps an idle one; 0: it did not say.
	Done() (reusable bool, idle time.Duration)
}

// Spec is what the engine has to know of a protocol beside its codec.
type Spec struct {
	Module    string       // whose faults these are, without mod_: "proxy_http"
	NoConnect string       // httpd's message id where no connection could be opened
	NoHead    string       // httpd's message id where no response came
	TextID    string       // httpd's message id of a Text event
	PingText  string       // what was not answered within ping=
	New       func() Codec // makes one; the memory of an exchange keeps it
}

// Head is a request's head in the making.
type Head struct {
	X      *exchange.Exchange
	Worker *worker.Config
	Reuse  bool // the connection may be kept
	Ping   bool // ping= is set: the backend should say that it is there

	// The codec decides what follows. All of it is zero when AppendHead is called.

	Held  bool // what follows waits for the backend's word: 100, or a Pong event
	Again bool // only the question was appended: AppendHead is called again behind the word, with Ping unset
	Body  Body
}

// Body is how a request body is sent.
type Body struct {
	Lead int // the most that AppendLead appends, up to MaxLead
	Tail int // the most that AppendTail appends
	Most int // data bytes in one frame; 0: any number
	// Pull: the backend asks for the body (Want), each time for one frame, and
	// gets AppendEnd when it asks once more. First is for how many bytes it asks
	// by the head alone; 0: none.
	Pull  bool
	First int
}

// MaxLead is the longest AppendLead may append.
const MaxLead = 32

// framed says whether the body is more than its bytes.
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
	Switch              // 101 is in x.Resp: what follows is another protocol, if the request asked for it
	Pong                // the backend gives its word (Head.Held)
	Headed              // the final head is in x.Resp; N is the length of the body, -1 unknown; Last: no body and no end follows
	Data                // body bytes; Last: they are the last, and the message has ended
	Want                // the backend asks for N body bytes
	Text                // Data is what the backend has to say to the error log
	Warn                // Data is what we have to say about the response; it goes on
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

// Progress says, with More, how much of a part that must come as a whole
// (a head, a trailer section) is there.
type Progress uint8

// The values of Progress.
const (
	Nothing Progress = iota // none has begun
	Begun                   // it has begun: all of it has as long as one wait for the backend
	Within                  // some of it could be read already
)
