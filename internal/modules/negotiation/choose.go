package negotiation

import (
	"bytes"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/negotiate"
)

// found are the variants of a document.
type found struct {
	list []negotiate.Variant
	subs map[string]*exchange.Exchange // by name, the look-ups of those that are files
}

// choose chooses among variants and says so in the response. httpd: do_negotiation.
func (r *rules) choose(x *exchange.Exchange, q *negotiate.Request, f *found) (*negotiate.Variant, error) {
	q.Length = func(v *negotiate.Variant) int64 {
		sub := f.sub(x, v.Name)
		if at := sub.File(); at != nil && at.Mode.IsRegular() {
			return at.Info.Size
		}
		return -1
	}
	got := q.Choose(f.list)
	if got.List {
		describe(x, q, f.list, &got)
		x.Notes.Set(negotiate.ListNote, negotiate.Page(f.list))
		if got.Transparent && got.Supports {
			return nil, x.Reply(300)
		}
		if got.Best == nil {
			return nil, refusal(406, fault.NoVariant, "AH00690", "no acceptable variant: "+string(x.File().Name))
		}
	}
	if !got.Transparent {
		if !got.List {
			describe(x, q, f.list, &got)
		}
		return got.Best, nil
	}
	if err := f.check(x, got.Best); err != nil {
		return nil, err
	}
	set(x, "Content-Location", negotiate.Segment(got.Best.Name))
	describe(x, q, f.list, &got)
	return got.Best, nil
}

// sub returns the look-up of a variant.
func (f *found) sub(x *exchange.Exchange, name string) *exchange.Exchange {
	if f.subs[name] == nil {
		if f.subs == nil {
			f.subs = make(map[string]*exchange.Exchange)
		}
		if name != "" && name[0] == '/' {
			f.subs[name] = x.Lookups.LookupFile(x, x.Arena.String(name))
		} else {
			f.subs[name] = x.Lookups.LookupEntry(x, name)
		}
	}
	return f.subs[name]
}

// check looks whether a variant is chosen among others itself, which RFC 2295 forbids. httpd:
// setup_choice_response.
func (f *found) check(x *exchange.Exchange, v *negotiate.Variant) error {
	sub := f.sub(x, v.Name)
	_, chosen := sub.Always.Lookup("TCN")
	switch {
	case sub.Status != 200 && !chosen:
		if sub.Refusal != nil {
			return sub.Refusal
		}
		return x.Reply(sub.Status)
	case chosen || sub.HandlerName == mapHandler:
		return refusal(506, fault.NoVariant, "", "the variant "+v.Name+" has variants itself")
	}
	if v, ok := sub.Always.Lookup("Vary"); ok {
		set(x, "Variant-Vary", string(v))
		set(x, "Vary", string(v))
		sub.Always.Del("Vary")
	}
	return nil
}

func refusal(status int, cause fault.Cause, id, detail string) *fault.Fault {
	return &fault.Fault{
		Side: fault.Client, Module: "negotiation", Phase: fault.Map, Kind: fault.InvalidInput, Cause: cause, Status: status, ID: id, Detail: detail,
	}
}

// expire has old clients keep nothing that was chosen. httpd: no_cache.
func (r *rules) expire(x *exchange.Exchange) {
	if r.cache || x.Req.Version > message.HTTP10 {
		return
	}
	add(x, "Expires", x.Times.Start.UTC().Format(conditional.Fixdate))
}

// validator tells apart the sets of variants: the ETag of what lists them. httpd: set_vlist_validator.
func validator(x *exchange.Exchange, info inode.Info, file bool) []byte {
	parts := x.Chain.Rules().ETag
	switch {
	case parts == exchange.ETagNone || parts&exchange.ETagDigest != 0:
		return nil
	case parts == 0:
		parts = exchange.ETagMTime | exchange.ETagSize
	}
	b := x.Arena.Alloc(64)
	if x.Times.Start.UnixNano()-info.Modified < int64(time.Second) {
		b = append(b, "W/"...)
	}
	b = append(b, '"')
	begun := false
	for _, p := range []struct {
		is    bool
		value uint64
	}{
		{file && parts&exchange.ETagINode != 0, info.Ino}, {file && parts&exchange.ETagSize != 0, uint64(info.Size)},
		{!file || parts&exchange.ETagMTime != 0, uint64(info.Modified / int64(time.Microsecond))},
	} {
		if !p.is {
			continue
		}
		if begun {
			b = append(b, '-')
		}
		b, begun = strconv.AppendUint(b, p.value, 16), true
	}
	return append(b, '"')
}

// folderOf returns the folder of a file, with a slash at its end.
func folderOf(name []byte) string { return string(name[:bytes.LastIndexByte(name, '/')+1]) }
