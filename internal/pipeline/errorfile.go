package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// maxErrorFile limits an error document that is a file.
const maxErrorFile = 1 << 20

// fileTypes are the content types of error documents by file extension.
var fileTypes = map[string]string{
	".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".json": "application/json",
	".xml": "application/xml", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif",
	".css": "text/css", ".js": "text/javascript",
}

// errorFile responds with a file below DocumentRoot. Only error documents are
// served this way: they must be available when the backend is not.
//
// Ours: a file of another type may be a program (AddHandler, AddType), which must
// not be shown, so it counts as missing.
func errorFile(x *exchange.Exchange) error {
	kind, known := fileTypes[ascii.ToLower(path.Ext(string(x.Path)))]
	if !known {
		return fileFault(fs.ErrNotExist)
	}
	ctx, cancel := context.WithTimeout(context.Background(), filePatience)
	defer cancel()
	file, err := reactor.Await(ctx, x.Loop, reactor.Files, below{x.Site.DocumentRoot, string(x.Path)}, openBelow)
	if err != nil {
		return fileFault(err)
	}
	defer func() { _ = file.Close() }()
	r := &x.Resp
	r.Reset()
	r.Status = x.Redirected.Status
	h := &r.Header
	h.AddID(message.LastModified, file.info.ModTime().UTC().AppendFormat(nil, "Mon, 02 Jan 2006 15:04:05 GMT"))
	h.AddID(message.ETag, etag(file.info))
	h.Add([]byte("Accept-Ranges"), []byte("bytes"))
	h.AddID(message.ContentLength, x.Arena.Int(file.info.Size()))
	h.AddID(message.ContentType, []byte(kind))
	return sendOpened(x, file)
}

// filePatience limits the wait for an error document: its disk may hang.
const filePatience = 10 * time.Second

// fileFault returns why a file cannot be sent.
func fileFault(err error) *fault.Fault {
	f := &fault.Fault{
		Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.FileMissing, Status: 404, ID: "AH00128",
		Detail: "file does not exist", Err: err,
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		f.Cause, f.Status, f.ID, f.Detail = fault.FileForbidden, 403, "AH00132", "file permissions deny server access"
	case errors.Is(err, context.DeadlineExceeded):
		f.Cause, f.Kind, f.Status, f.ID, f.Detail = fault.FileStalled, fault.Timeout, 503, "", "the disk does not answer"
	case errors.Is(err, reactor.ErrBusy), errors.Is(err, reactor.ErrDraining):
		f.Cause, f.Kind, f.Status, f.ID, f.Detail = fault.FileStalled, fault.Exhausted, 503, "", "the file was not read"
	}
	return f
}

// below names a file below a folder.
type below struct{ root, name string }

// openBelow opens a regular file that is inside root even if links are followed. It
// may run on after its caller has left.
func openBelow(_ context.Context, q below) (o opened, err error) {
	dir, err := os.OpenRoot(q.root)
	if err != nil {
		return o, err
	}
	defer func() { _ = dir.Close() }()
	f, err := dir.Open(strings.TrimLeft(q.name, "/"))
	if err != nil {
		return o, err
	}
	if o, err = regular(f); err == nil && o.info.Size() > maxErrorFile {
		_ = f.Close()
		return o, fs.ErrInvalid
	}
	return o, err
}

// etag makes httpd's ETag from size and time of change.
func etag(info fs.FileInfo) []byte {
	b := append([]byte(nil), '"')
	b = strconv.AppendInt(b, info.Size(), 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, info.ModTime().UnixNano()/int64(time.Microsecond), 16)
	return append(b, '"')
}
