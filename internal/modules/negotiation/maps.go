package negotiation

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/files"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/negotiate"
	"github.com/headgate/headgate/internal/uri"
)

// maxMap limits a type map.
const maxMap = 1 << 20

// maps is the handler of type maps. It implements exchange.Handler. httpd: handle_map_file.
type maps struct {
	*rules
	sender *files.Sender
}

// Handle implements exchange.Handler.
func (m *maps) Handle(x *exchange.Exchange) error {
	at := x.File()
	if x.HandlerName != mapHandler && x.HandlerName != mapType || at == nil || x.Mapped != nil {
		return exchange.ErrDeclined
	}
	list, info, err := m.read(x, at)
	if err != nil {
		return err
	}
	best, err := m.choose(x, m.request(x), &found{list: list})
	if err != nil {
		return err
	}
	m.expire(x)
	if best.Body != nil {
		return m.send(x, best)
	}
	x.Media.Variants = validator(x, info, true)
	return m.onward(x, at, best)
}

// read reads the variants of a type map.
func (r *rules) read(x *exchange.Exchange, at *exchange.LocalFile) ([]negotiate.Variant, inode.Info, error) {
	if at.Mode == exchange.NoFile {
		return nil, inode.Info{}, refusal(404, fault.FileMissing, "AH00683", "cannot access type map file: "+string(at.Name))
	}
	text, err := files.ReadText(x, at, maxMap)
	if err != nil {
		f := refusal(403, fault.FileForbidden, "AH00683", "cannot access type map file: "+string(at.Name))
		if f.Err = err; errors.Is(err, fs.ErrNotExist) {
			f.Status, f.Cause = 404, fault.FileMissing
		}
		return nil, inode.Info{}, f
	}
	list, fatal, err := negotiate.ParseMap(text.Bytes, string(base(at.Name)))
	var bad *negotiate.MapError
	if errors.As(err, &bad) {
		if fatal {
			return nil, inode.Info{}, refusal(500, fault.ConfigurationError, bad.ID, bad.Text+" in "+string(at.Name))
		}
		x.Logf(logsink.Error, "negotiation", bad.ID, "%s in %s", bad.Text, at.Name)
	}
	return list, text.Info, nil
}

// onward has the request answered by a variant.
func (m *maps) onward(x *exchange.Exchange, at *exchange.LocalFile, v *negotiate.Variant) error {
	path := bytes.TrimSuffix(x.Path, at.Rest)
	path = path[:bytes.LastIndexByte(path, '/')+1]
	b := append(uri.AppendURI(x.Arena.Alloc(3*len(path)+len(v.Name)+len(at.Rest)), path), v.Name...)
	to := &exchange.InternalRedirect{Path: append(b, at.Rest...), Query: x.Args, HasQuery: x.HasArgs}
	if i := bytes.IndexByte(to.Path, '?'); i >= 0 {
		to.Query, to.Path = append(append(to.Path[i+1:len(to.Path):len(to.Path)], '?'), to.Query...), to.Path[:i]
		if !to.HasQuery {
			to.Query = to.Query[:len(to.Query)-1]
		}
		to.HasQuery = true
	}
	return to
}

// send sends a body that is in the map itself.
func (m *maps) send(x *exchange.Exchange, v *negotiate.Variant) error {
	if x.Req.Verb != message.GET && x.Req.Verb != message.HEAD && x.Req.Verb != message.POST {
		f := refusal(405, fault.MethodNotAllowed, "", "a variant in a type map can be read only")
		f.Allow = true
		return f
	}
	h := &x.Resp.Header
	x.Resp.Status = 200
	if r := x.Redirected; r != nil && r.Status >= 400 {
		x.Resp.Status = r.Status // it is an error document
	}
	if v.Type != "" {
		kind := v.Type
		if v.Charset != "" {
			kind += "; charset=" + v.Charset
		}
		h.SetID(message.ContentType, x.Arena.String(kind))
	}
	languages := ""
	for i, l := range v.Languages {
		if i > 0 {
			languages += ","
		}
		languages += l
	}
	x.Media.Known = true
	if languages != "" {
		x.Media.Languages = x.Arena.String(languages)
	}
	if v.Encoding != "" {
		x.Media.Encoding = x.Arena.String(v.Encoding)
	}
	h.Add([]byte("Accept-Ranges"), []byte("bytes"))
	h.SetID(message.ContentLength, x.Arena.Int(v.Bytes))
	if x.Resp.Status == 200 {
		if status := conditional.Judge(x); status != 200 {
			return x.Reply(status)
		}
	}
	return m.sender.Text(x, v.Body)
}
