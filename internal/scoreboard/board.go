package scoreboard

import (
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Board is the scoreboard of one server. It outlives reloads.
type Board struct {
	Started time.Time     // of the server
	Open    func() int    // counts the connections of clients; nil: it is not known
	Loads   func() []Load // describes the event loops; nil: it is not known

	loops []loop

	mu      lock.Mutex // guards what follows
	reloads Reloads
}

// loop is the part of one event loop.
type loop struct {
	mu     lock.Mutex // guards what follows
	totals Totals
	free   *Slot   // slots without a request
	slots  []*Slot // all, in the order of their first request
	_      [64]byte
}

// Totals are sums since the server counts.
type Totals struct {
	Requests int64
	Bytes    int64         // sent to clients, heads and bodies
	Duration time.Duration // from the first byte of a request to the last of its response
}

// Request says what a slot shows of a request. Begin copies the bytes.
type Request struct {
	Client   []byte // printed address
	Protocol []byte // "HTTP/1.1"
	Host     string // name of the virtual host; kept, so it must not change
	Port     uint16 // of the virtual host
	Line     []byte // the request line
	Tail     bool   // show the end of a long line, not its beginning (SeeRequestTail)
}

// lineSize is how many bytes of a request line a slot keeps (httpd: 64, with a
// zero byte).
const lineSize = 63

// Slot is the place of one request in flight, and shows it until the next one
// takes the place.
type Slot struct {
	board  *Board
	next   *Slot
	loop   int32
	number int32 // index in loop.slots
	busy   bool

	begun, ended    time.Time
	requests, bytes int64
	last, all       time.Duration // of the latest request, and of all
	host            string
	port            uint16
	client          [46]byte
	protocol        [12]byte
	line            [lineSize]byte
	clientN, protoN uint8
	lineN           uint8
}

// New returns a board for a number of loops.
func New(loops int) *Board { return &Board{loops: make([]loop, max(loops, 1))} }

// Begin puts a request on the board. loop is the index of the loop that serves
// it. The caller ends the slot.
func (b *Board) Begin(i int, at time.Time, r Request) *Slot {
	l := &b.loops[i]
	l.mu.Lock()
	s := l.free
	if s == nil {
		s = &Slot{board: b, loop: int32(i), number: int32(len(l.slots))}
		l.slots = append(l.slots, s)
	} else {
		l.free, s.next = s.next, nil
	}
	s.busy, s.begun, s.host, s.port = true, at, r.Host, r.Port
	s.clientN = uint8(copy(s.client[:], r.Client))
	s.protoN = uint8(copy(s.protocol[:], r.Protocol))
	line := r.Line
	if r.Tail && len(line) > lineSize {
		line = line[len(line)-lineSize:]
	}
	s.lineN = uint8(copy(s.line[:], line))
	l.mu.Unlock()
	return s
}

// End takes the request off the board, which counts it. bytes went to the client.
// It is called once for each Begin.
func (s *Slot) End(at time.Time, bytes int64) {
	l := &s.board.loops[s.loop]
	l.mu.Lock()
	took := max(at.Sub(s.begun), 0)
	l.totals.Requests++
	l.totals.Bytes += bytes
	l.totals.Duration += took
	s.busy, s.ended = false, at
	s.requests++
	s.bytes += bytes
	s.last = took
	s.all += took
	s.next, l.free = l.free, s
	l.mu.Unlock()
}

// Totals returns the sums over all loops.
func (b *Board) Totals() (sum Totals) {
	for i := range b.loops {
		l := &b.loops[i]
		l.mu.Lock()
		sum.Requests += l.totals.Requests
		sum.Bytes += l.totals.Bytes
		sum.Duration += l.totals.Duration
		l.mu.Unlock()
	}
	return sum
}

// Row is a copy of a slot, to show.
type Row struct {
	Loop, Number    int
	Busy            bool
	Begun, Ended    time.Time
	Requests, Bytes int64
	Last, All       time.Duration
	Client, Host    string
	Port            uint16
	Protocol, Line  string
}

// Rows returns a copy of each slot, by loop and number.
func (b *Board) Rows() (rows []Row) {
	for i := range b.loops {
		rows = b.loops[i].rows(rows)
	}
	return rows
}

func (l *loop) rows(rows []Row) []Row {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.slots {
		rows = append(rows, Row{
			Loop: int(s.loop), Number: int(s.number), Busy: s.busy, Begun: s.begun, Ended: s.ended,
			Requests: s.requests, Bytes: s.bytes, Last: s.last, All: s.all,
			Client: string(s.client[:s.clientN]), Host: s.host, Port: s.port, Protocol: string(s.protocol[:s.protoN]), Line: string(s.line[:s.lineN]),
		})
	}
	return rows
}
