package exchange

import (
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// FileRules say how files are sent, for one combination of sections.
type FileRules struct {
	ETag     ETagParts
	PathInfo bool // AcceptPathInfo On: the path may go on after the name of a file
	Digest   bool // ContentDigest: Content-MD5 is sent
	Copied   bool // EnableSendfile Off: the system is not asked to send files by itself

	// How many ranges one request may have, how many of them may overlap, and how many
	// may precede the one before; negative: any number. Beyond that the whole file is
	// sent.
	Ranges, Overlaps, Reversals int
}

// ETagParts is FileETag: what the ETag of a file is made of.
type ETagParts uint8

// The parts of an ETag. None is that of a file without one.
const (
	ETagNone ETagParts = 1 << iota
	ETagMTime
	ETagINode
	ETagSize
	ETagDigest
)

// DefaultFiles are the rules where nothing is configured.
var DefaultFiles = FileRules{Ranges: 200, Overlaps: 20, Reversals: 20}

// Rules returns the rules for files of the chain.
func (c *Chain) Rules() *FileRules {
	if c.Files == nil {
		return &DefaultFiles
	}
	return c.Files
}

// A Cutter decides which part of a body is sent: it knows all of it, by its length.
type Cutter interface {
	// Cut edits the head in x.Resp, which edits and filters have seen. It is not
	// called where a filter changes the body. An error, a fault say, is the response
	// in place of this one.
	Cut(x *Exchange) error
}

// SendHeadOf is SendHead for a body of which a part may be sent.
func (x *Exchange) SendHeadOf(c Cutter, last bool) error {
	x.cutter = c
	err := x.SendHead(last)
	x.cutter = nil
	return err
}

// cut has the cutter edit the head, if there is one.
func (x *Exchange) cut() error {
	if x.cutter == nil || x.Resp.Body.Kind != message.Length {
		return nil
	}
	if err := x.cutter.Cut(x); err != nil {
		return err
	}
	x.Status = x.Resp.Status
	return nil
}

// FileSender is a Front that can have the system send a part of a file.
type FileSender interface {
	// SendFile sends n bytes of an open file, from an offset, after everything written
	// before. reactor.ErrNoSplice says that nothing was sent and that the bytes must
	// be read and written. io.ErrUnexpectedEOF says that the file has become shorter.
	// WriteBody must still announce the end of the body.
	SendFile(fd int, at, n int64) (sent int64, err error)
}

// SendFile sends a part of a file to the client if no filter has to see it: see
// FileSender.
func (x *Exchange) SendFile(fd int, at, n int64) (sent int64, err error) {
	s, ok := x.Front.(FileSender)
	if !ok || len(x.filters) > 0 {
		return 0, reactor.ErrNoSplice
	}
	sent, err = s.SendFile(fd, at, n)
	x.Count.AddBody(sent)
	return sent, err
}
