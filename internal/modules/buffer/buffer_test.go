package buffer

import (
	"bytes"
	"io"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// client is a front whose request body comes in pieces, a nil one for "not yet", and
// which records what it is given of the response.
type client struct {
	exchange.Front
	pieces [][]byte
	wrote  [][]byte
	length int64 // as the head says; -1: nothing
	heads  int
}

func (c *client) ReadBody(p []byte) (int, error) {
	for len(c.pieces) > 0 && c.pieces[0] == nil {
		c.pieces = c.pieces[1:]
	}
	return c.ReadReady(p)
}

func (c *client) ReadReady(p []byte) (int, error) {
	if len(c.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.pieces[0])
	if c.pieces[0] = c.pieces[0][n:]; len(c.pieces[0]) == 0 {
		c.pieces = c.pieces[1:]
	}
	return n, nil
}

func (c *client) WriteHead(r *message.Response, _ bool) error {
	c.heads++
	if c.length = -1; r.Body.Kind == message.Length {
		c.length = r.Body.Length
	}
	return nil
}

func (c *client) WriteBody(p []byte, _ bool) error {
	c.wrote = append(c.wrote, bytes.Clone(p))
	return nil
}

func (c *client) Flush() error { return nil }

// begin returns an exchange with BUFFER both ways.
func begin(c *client, size int) *exchange.Exchange {
	x := &exchange.Exchange{Front: c, Made: exchange.ByHandler, Chain: &exchange.Chain{
		Filters: []exchange.Filter{&output{size: size}}, Inputs: []exchange.InputFilter{&input{size: size}},
	}}
	x.Req.Body.Kind = message.Chunked
	x.Resp.Status, x.Resp.Body.Kind = 200, message.Chunked
	return x
}

// An upload is kept back until the buffer is full or it ends.
func TestInput(t *testing.T) {
	c := &client{pieces: [][]byte{[]byte("ab"), nil, []byte("cd"), []byte("efg"), nil, []byte("h")}}
	x := begin(c, 5)
	if err := x.BeginBody(); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 4)
	if n, err := x.ReadReady(p); n != 0 || err != nil {
		t.Fatalf("2 of 5 bytes have come: %d, %v", n, err)
	}
	var got []byte
	for _, want := range []int{4, 1, 0} {
		n, err := x.ReadReady(p)
		if n != want || err != nil {
			t.Fatalf("%d bytes, %v; want %d", n, err, want)
		}
		got = append(got, p[:n]...)
	}
	n, err := x.ReadBody(p)
	if got = append(got, p[:n]...); err != nil || string(got) != "abcdefgh" {
		t.Fatalf("%q, %v", got, err)
	}
	if n, err := x.ReadBody(p); n != 0 || err != io.EOF {
		t.Fatalf("%d, %v", n, err)
	}
	x.EndFilters()
}

// What is gathered leaves when it is flushed, when the buffer is full and more comes,
// and at the end; a body that is gathered whole gets its length.
func TestOutput(t *testing.T) {
	for _, test := range []struct {
		name   string
		play   func(x *exchange.Exchange) error
		want   []string
		length int64
	}{
		{"whole", func(x *exchange.Exchange) error { return write(x, "ab", "cd", ".") }, []string{"abcd"}, 4},
		{"one piece", func(x *exchange.Exchange) error { return write(x, "abcdefgh", ".") }, []string{"abcdefgh"}, 8},
		{"empty", func(x *exchange.Exchange) error { return write(x, ".") }, nil, 0},
		{"full", func(x *exchange.Exchange) error { return write(x, "abc", "def", "g", "h", ".") }, []string{"abcdef", "gh"}, -1},
		{"flush", func(x *exchange.Exchange) error { return write(x, "a", "b", "!", "c", "d", ".") }, []string{"ab", "cd"}, -1},
	} {
		c := &client{}
		x := begin(c, 5)
		if err := x.SendHead(false); err != nil || c.heads != 0 {
			t.Fatalf("%s: %v, %d heads", test.name, err, c.heads)
		}
		if err := test.play(x); err != nil {
			t.Fatal(err)
		}
		x.EndFilters()
		if got, want := bytes.Join(c.wrote, []byte("|")), joined(test.want); string(got) != want || c.length != test.length || c.heads != 1 {
			t.Errorf("%s: %q, length %d, %d heads; want %q, %d", test.name, got, c.length, c.heads, want, test.length)
		}
	}
}

// write sends pieces: "." is the end, "!" a flush.
func write(x *exchange.Exchange, pieces ...string) error {
	for _, p := range pieces {
		var err error
		switch p {
		case ".":
			err = x.SendBody(nil, true)
		case "!":
			err = x.Flush()
		default:
			err = x.SendBody([]byte(p), false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func joined(list []string) (all string) {
	for i, s := range list {
		if i > 0 {
			all += "|"
		}
		all += s
	}
	return all
}

// Memory is bounded by the size of the buffer and a piece.
func TestBound(t *testing.T) {
	const size = 100 << 10
	x := begin(&client{}, size)
	if err := x.SendHead(false); err != nil {
		t.Fatal(err)
	}
	f, piece := x.Chain.Filters[0].(*output), make([]byte, 16<<10)
	for range 1000 {
		if err := x.SendBody(piece, false); err != nil {
			t.Fatal(err)
		}
	}
	x.EndFilters()
	if g, ok := f.free.Get().(*gathered); ok && cap(g.bytes) > 2*(size+largePiece) {
		t.Error(cap(g.bytes))
	}
}
