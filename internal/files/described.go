package files

import (
	"io/fs"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/reactor"
)

// Head reads the head of a response that a file begins with.
type Head interface {
	// Add takes the next bytes of the file, and returns how many belong to the head;
	// whole: all of it was read.
	Add(p []byte) (n int, whole bool, err error)
	// Apply makes it the head in x.Resp. none: no body follows.
	Apply(x *exchange.Exchange) (none bool, err error)
}

// headPiece is how much of a file is searched for the end of its head at once.
const headPiece = 4 << 10

// Described sends the file that x was mapped to as its response: what h does not take
// is the body. A head that the end of the file ends is a whole one.
func (s *Sender) Described(x *exchange.Exchange, h Head) error {
	at := x.File()
	switch {
	case at.Mode == exchange.NoFile:
		return missing("AH01233", "there is no file", at.Name, at.Rest)
	case !at.Mode.IsRegular():
		return unopened(fs.ErrInvalid, at.Name)
	}
	if err := discard(x); err != nil {
		return err
	}
	f, err := s.get(x, at)
	if err != nil {
		return unopened(err, at.Name)
	}
	defer f.release()
	begin, err := readHead(x, f, h)
	if err != nil {
		return err
	}
	none, err := h.Apply(x)
	switch {
	case err != nil:
		return err
	case none && x.Resp.Status != 200:
		return x.SendHead(true)
	}
	return s.send(x, f, begin)
}

// readHead gives h the head of a file, and returns where the body begins.
func readHead(x *exchange.Exchange, f *file, h Head) (begin int64, err error) {
	buf := x.Loop.Buffer()
	defer x.Loop.Return(buf)
	for begin < f.info.Size {
		p := buf.Bytes[:min(headPiece, f.info.Size-begin)]
		if n, ok := reactor.ReadCached(f.fd, p, begin); ok && n > 0 {
			p = p[:n]
		} else if p, err = await(x, part{f.File, begin, len(p)}, readPart); err != nil {
			return 0, unread(err)
		}
		n, whole, err := h.Add(p)
		begin += int64(n)
		if whole || err != nil {
			return begin, err
		}
	}
	_, _, err = h.Add([]byte("\n\n"))
	return begin, err
}
