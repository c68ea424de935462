package pipeline

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// opened is a regular file that is open.
type opened struct {
	*os.File
	info fs.FileInfo
}

// regular returns f, or closes it if it is no regular file.
func regular(f *os.File) (o opened, err error) {
	o.File = f
	if o.info, err = f.Stat(); err == nil && !o.info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	if err != nil {
		_ = f.Close()
	}
	return o, err
}

// openFile opens a regular file. It may run on after its caller has left.
func openFile(_ context.Context, name string) (opened, error) {
	f, err := os.Open(name)
	if err != nil {
		return opened{}, err
	}
	return regular(f)
}

// sendNamed sends the file that a backend has named in place of its body, with the head
// in x.Resp. Sections and access rules for the file hold, as for a request for it.
// httpd: scgi_request_status, ap_sub_req_lookup_file.
func sendNamed(x *exchange.Exchange, name []byte) error {
	refused := func(why string, err error) error {
		return &fault.Fault{
			Side: fault.Proxy, Module: "proxy", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.NamedFile, Status: 500,
			Detail: "the file '" + string(name) + "' cannot be sent: " + why, Err: err,
		}
	}
	if len(name) == 0 || name[0] != '/' {
		return refused("its name is not absolute", nil)
	}
	if sub := x.Lookups.LookupFile(x, name); sub.Status != 200 {
		return refused("the access rules for it say "+string(x.Arena.Int(int64(sub.Status))), nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), filePatience)
	defer cancel()
	file, err := reactor.Await(ctx, x.Loop, reactor.Files, string(name), openFile)
	if err != nil {
		return refused("it cannot be opened", err)
	}
	defer func() { _ = file.Close() }()
	h := &x.Resp.Header
	if kind, ok := fileTypes[ascii.ToLower(path.Ext(string(name)))]; ok && !h.Has(message.ContentType) {
		h.AddID(message.ContentType, []byte(kind))
	}
	h.SetID(message.ContentLength, x.Arena.Int(file.info.Size()))
	return sendOpened(x, file)
}

// fileChunk is how much of a file is read at once.
const fileChunk = 64 << 10

// part names a part of a file.
type part struct {
	file *os.File
	at   int64
	size int
}

// readPart reads a part. It may run on after its caller has left: a file that is closed
// meanwhile is so once the read has ended.
func readPart(_ context.Context, p part) ([]byte, error) {
	b := make([]byte, p.size)
	n, err := p.file.ReadAt(b, p.at)
	if n == p.size {
		return b, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // it has become shorter
	}
	return nil, err
}

// unsent is the fault of a body that the client does not take.
func unsent(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	return &fault.Fault{Side: fault.Client, Module: "core", Phase: fault.SendResponse, Kind: fault.Aborted, Close: true, Err: err}
}

// sendOpened sends the head in x.Resp, and a file as its body.
func sendOpened(x *exchange.Exchange, file opened) error {
	size := file.info.Size()
	x.Resp.Body = message.Framing{Kind: message.Length, Length: size}
	none := size == 0 || x.Req.Verb == message.HEAD
	if err := x.SendHead(none); err != nil || none {
		return err
	}
	for at := int64(0); at < size; {
		ctx, cancel := context.WithTimeout(context.Background(), filePatience)
		b, err := reactor.Await(ctx, x.Loop, reactor.Files, part{file.File, at, int(min(fileChunk, size-at))}, readPart)
		cancel()
		if err != nil {
			return fileFault(err)
		}
		at += int64(len(b))
		if err := x.SendBody(b, at == size); err != nil {
			return unsent(err)
		}
	}
	return nil
}
