package files

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

// Sender sends files.
type Sender struct {
	boundary []byte    // separates the parts of a body with several; no file has it in it by chance
	bodies   sync.Pool // of *body
	stores   stores
	chunks   chunks
	unkept   bool // each request opens its file
}

// New makes a sender.
func New() *Sender {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return &Sender{boundary: hex.AppendEncode(nil, b[:])}
}

// Serve responds to a GET, HEAD or POST with the file that x was mapped to. httpd:
// default_handler.
func (s *Sender) Serve(x *exchange.Exchange) error {
	at := x.File()
	rules := x.Chain.Rules()
	switch {
	case at == nil:
		return missing("AH00128", "nothing is mapped at this path", x.Filename, nil)
	case at.Mode == exchange.NoFile:
		f := missing("AH00128", "nothing is mapped at this path, and there is no file", at.Name, at.Rest)
		if x.ContextPrefix != nil { // an alias says where it should be
			f.Cause, f.Detail = fault.FileMissing, "there is no file "+string(at.Name)+string(at.Rest)
		}
		return f
	case at.Mode.IsDir():
		return missing("AH00129", "it is a folder:", at.Name, nil)
	case len(at.Rest) > 0 && !rules.PathInfo:
		return missing("AH00130", "the path goes on behind a file:", at.Name, at.Rest)
	case !at.Mode.IsRegular(): // Ours: not even a device is opened
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
	x.Resp.Status = 200
	if r := x.Redirected; r != nil && r.Status >= 400 {
		x.Resp.Status = r.Status // it is an error document
	}
	if err := s.head(x, f, rules); err != nil {
		return unread(err)
	}
	if x.Resp.Status == 200 && !x.Remade() {
		if status := conditional.Judge(x); status != 200 {
			return answer(x, status)
		}
	}
	return s.send(x, f, 0)
}

// NewUnkept makes a sender that keeps no file open between requests: for files that
// are asked for rarely, and whose sender lives no longer than a snapshot.
func NewUnkept() *Sender {
	s := New()
	s.unkept = true
	return s
}

// discard reads the body of a request, which means nothing to a file. httpd:
// ap_discard_request_body; a client that waits for 100 gets it.
func discard(x *exchange.Exchange) error {
	if x.Req.Body.Kind == message.NoBody || x.Req.Close || x.Redirected != nil {
		return nil
	}
	b := x.Loop.Buffer()
	defer x.Loop.Return(b)
	for {
		if _, err := x.ReadBody(b.Bytes); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// answer sends a response without the file, which the conditions of the request
// ruled out.
func answer(x *exchange.Exchange, status int) error {
	x.Resp.Status = status
	if status == 304 || x.Req.Verb != message.HEAD { // httpd: a HEAD keeps the length of the file
		x.Resp.Header.DelID(message.ContentLength)
	}
	return x.SendHead(true)
}

// Named sends the file that a backend has named in place of its body, with the head
// in x.Resp. Sections and access rules for the file hold, as for a request for it.
// httpd: scgi_request_status, ap_sub_req_lookup_file.
func (s *Sender) Named(x *exchange.Exchange, name []byte) error {
	refused := func(why string, err error) error {
		return &fault.Fault{
			Side: fault.Proxy, Module: "proxy", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.NamedFile, Status: 500,
			Detail: "the file '" + string(name) + "' cannot be sent: " + why, Err: err,
		}
	}
	if len(name) == 0 || name[0] != '/' {
		return refused("its name is not absolute", nil)
	}
	sub := x.Lookups.LookupFile(x, name)
	if sub.Status != 200 {
		return refused("the access rules for it say "+string(x.Arena.Int(int64(sub.Status))), nil)
	}
	at := sub.File()
	if at == nil || !at.Mode.IsRegular() || len(at.Rest) > 0 {
		return refused("it is no file", nil)
	}
	f, err := s.get(x, at)
	if err != nil {
		return refused("it cannot be opened", err)
	}
	defer f.release()
	x.Resp.Header.SetID(message.ContentLength, x.Arena.Int(f.info.Size))
	return s.send(x, f, 0)
}
