package negotiation

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/negotiate"
	"github.com/headgate/headgate/internal/reactor"
)

// views is MultiViews for one combination of sections. It implements exchange.Step. httpd: handle_multi.
type views struct{ *rules }

// Do implements exchange.Step.
func (v *views) Do(x *exchange.Exchange) error {
	at := x.File()
	if at == nil || at.Mode != exchange.NoFile || x.Mapped != nil || x.Media.Known {
		return nil
	}
	f, err := v.find(x, at)
	if err != nil || len(f.list) == 0 {
		return err
	}
	q := v.request(x)
	q.PreferPrograms = !q.GET || x.HasArgs || q.PathInfo
	best, err := v.choose(x, q, f)
	if err != nil {
		return err
	}
	sub := f.sub(x, best.Name)
	if sub.Status != 200 {
		if sub.Refusal != nil {
			return sub.Refusal
		}
		return x.Reply(sub.Status)
	}
	if !sub.HasArgs {
		sub.Args, sub.HasArgs = x.Args, x.HasArgs
	}
	variants := x.Media.Variants
	x.Become(sub)
	x.Media.Variants = variants
	if len(at.Rest) > 0 { // the path goes on behind the variant as it did behind the name
		file := *x.File()
		file.Rest = at.Rest
		x.SetFile(&file)
	}
	return nil
}

// patience limits the wait for the disk; most is how many names of a folder are looked at.
const (
	patience = 30 * time.Second
	most     = 1 << 16
)

// prefixed names the files of a folder whose names go on after a prefix.
type prefixed struct{ folder, prefix string }

// names returns the names of those that are no folders. It may run on after its caller has left.
func names(ctx context.Context, p prefixed) (list []string, err error) {
	f, err := os.Open(p.folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	for n := 0; n < most && ctx.Err() == nil; {
		entries, err := f.ReadDir(512)
		n += len(entries)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), p.prefix) && !e.IsDir() {
				list = append(list, e.Name())
			}
		}
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return list, ctx.Err()
}

// find collects the variants of a name. httpd: read_types_multi.
func (v *views) find(x *exchange.Exchange, at *exchange.LocalFile) (*found, error) {
	name := string(base(at.Name))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	entries, err := reactor.Await(ctx, x.Loop, reactor.Files, prefixed{folderOf(at.Name), name + "."}, names)
	if err != nil {
		f := refusal(403, fault.FileForbidden, "AH00686", "cannot read directory for multi: "+folderOf(at.Name))
		f.Err = err
		return nil, f
	}
	f := &found{subs: make(map[string]*exchange.Exchange)}
	for _, entry := range entries {
		sub := f.sub(x, entry)
		if file := sub.File(); file == nil || !file.Mode.IsRegular() || !sub.Media.Found || !known(entry, name, sub) || sub.Status != 200 {
			continue
		}
		kind := kindOf(sub)
		switch {
		case kind == "":
			continue
		case kind == mapType || sub.HandlerName == mapHandler: // it takes the place of the names
			list, info, err := v.read(x, sub.File())
			x.Media.Variants = validator(x, info, true)
			return &found{list: list}, err
		}
		f.list = append(f.list, variantOf(entry, kind, sub))
	}
	if len(entries) > 0 && len(f.list) == 0 {
		return nil, refusal(404, fault.FileMissing, "AH00687",
			"Negotiation: discovered file(s) matching request: "+string(at.Name)+" (None could be negotiated).")
	}
	if len(f.list) > 0 {
		x.Media.Variants = validator(x, inode.Info{Modified: at.Info.Modified}, false)
	}
	negotiate.Sort(f.list)
	return f, nil
}

// kindOf returns the type of a file. httpd: what has a handler and no type is taken for a program.
func kindOf(sub *exchange.Exchange) string {
	if sub.Media.Type == nil && sub.HandlerName != "" {
		return negotiate.ProgramType
	}
	return string(sub.Media.Type)
}

func variantOf(entry, kind string, sub *exchange.Exchange) negotiate.Variant {
	v := negotiate.NewVariant()
	v.Name, v.Handled = entry, sub.HandlerName != ""
	v.SetType(kind)
	if e := sub.Media.Encoding; e != nil {
		v.Encoding, v.HasEncoding = string(e), true
	}
	if l := sub.Media.Languages; l != nil {
		for tag := range strings.SplitSeq(string(l), ",") {
			v.Languages = append(v.Languages, ascii.TrimSpace(tag))
		}
	}
	return v
}

// known reports whether all parts of an entry's name that say nothing are parts of what was asked for, in their
// order: page.html.old is no variant of page.
func known(entry, name string, sub *exchange.Exchange) bool {
	unsaid := sub.Media.Unsaid
	asked := strings.Split(name, ".")
	for i, part := range parts(entry) {
		if i >= 64 || unsaid&(1<<i) == 0 {
			continue
		}
		for len(asked) > 0 && asked[0] != part {
			asked = asked[1:]
		}
		if len(asked) == 0 {
			return false
		}
		asked = asked[1:]
	}
	return true
}

// parts splits a name at its dots, as mod_mime does: those it begins with are of the first part, and empty parts do not count.
func parts(name string) (list []string) {
	begin := len(name) - len(strings.TrimLeft(name, "."))
	for i, p := range strings.Split(name[begin:], ".") {
		if i == 0 {
			p = name[:begin] + p
		}
		if p != "" {
			list = append(list, p)
		}
	}
	return list
}
