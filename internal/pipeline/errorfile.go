package pipeline

import (
	"errors"
	"io"
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
)

// maxErrorFile bounds an error document that is a file.
const maxErrorFile = 1 << 20

// fileTypes are the types of what error documents are made of.
var fileTypes = map[string]string{
	".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".json": "application/json",
	".xml": "application/xml", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif",
	".css": "text/css", ".js": "text/javascript",
}

// errorFile answers with a file below DocumentRoot. Only error documents are
// made so: they must be there when the backend is not.
func errorFile(x *exchange.Exchange) error {
	var body []byte
	var info fs.FileInfo
	var err error
	x.Loop.Await(func() { body, info, err = readBelow(x.Site.DocumentRoot, string(x.Path)) })
	if err != nil {
		f := &fault.Fault{
			Side: fault.Proxy, Phase: fault.Map, Kind: fault.InvalidInput, Status: 404, ID: "AH00128",
			Detail: "file does not exist", Err: err,
		}
		if errors.Is(err, fs.ErrPermission) {
			f.Status, f.ID, f.Detail = 403, "AH00132", "file permissions deny server access"
		}
		return f
	}
	r := &x.Resp
	r.Reset()
	r.Status = x.Redirected.Status
	h := &r.Header
	h.AddID(message.LastModified, info.ModTime().UTC().AppendFormat(nil, "Mon, 02 Jan 2006 15:04:05 GMT"))
	h.AddID(message.ETag, etag(info))
	h.Add([]byte("Accept-Ranges"), []byte("bytes"))
	h.AddID(message.ContentLength, x.Arena.Int(int64(len(body))))
	if t := fileTypes[ascii.ToLower(path.Ext(info.Name()))]; t != "" {
		h.AddID(message.ContentType, []byte(t))
	}
	r.Body = message.Framing{Kind: message.Length, Length: int64(len(body))}
	if err := x.SendHead(len(body) == 0); err != nil || len(body) == 0 {
		return err
	}
	return x.SendBody(body, true)
}

// readBelow reads a regular file that does not lie outside root, by links
// neither.
func readBelow(root, name string) ([]byte, fs.FileInfo, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = dir.Close() }()
	f, err := dir.Open(strings.TrimLeft(name, "/"))
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxErrorFile {
		return nil, nil, fs.ErrInvalid
	}
	body, err := io.ReadAll(io.LimitReader(f, maxErrorFile))
	return body, info, err
}

// etag makes httpd's tag of size and time of change.
func etag(info fs.FileInfo) []byte {
	b := append([]byte(nil), '"')
	b = strconv.AppendInt(b, info.Size(), 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, info.ModTime().UnixNano()/int64(time.Microsecond), 16)
	return append(b, '"')
}
