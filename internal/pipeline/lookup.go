package pipeline

import (
	"bytes"
	"errors"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
)

var _ exchange.Lookups = (*Pipeline)(nil)

// Lookup implements exchange.Lookups (httpd: ap_sub_req_lookup_uri).
func (p *Pipeline) Lookup(x *exchange.Exchange, target []byte) *exchange.Exchange {
	sub := subrequest(x)
	if len(target) == 0 || target[0] != '/' { // relative to the folder of x
		folder := x.Path[:bytes.LastIndexByte(x.Path, '/')+1]
		target = append(uri.AppendURI(x.Arena.Alloc(3*len(folder)+len(target)), folder), target...)
	}
	sub.Req.Target = target
	sub.Req.Path, sub.Req.Query, sub.Req.HasQ = cutQuery(target)
	asSent(sub)
	return p.look(sub, stagePath)
}

// LookupFile implements exchange.Lookups (httpd: ap_sub_req_lookup_file).
func (p *Pipeline) LookupFile(x *exchange.Exchange, name []byte) *exchange.Exchange {
	sub := subrequest(x)
	sub.Path, sub.Filename = nil, name // it has no URL: no <Location> applies
	if len(name) == 0 || name[0] != '/' {
		sub.Status = 403
		return sub
	}
	return p.look(sub, stageStorage)
}

// LookupEntry implements exchange.Lookups (httpd: ap_sub_req_lookup_dirent).
func (p *Pipeline) LookupEntry(x *exchange.Exchange, name string) *exchange.Exchange {
	sub := subrequest(x)
	entry := sub.Arena.String(name)
	path, folder := x.Path, x.File().Name
	if !x.File().Mode.IsDir() {
		path, folder = path[:bytes.LastIndexByte(path, '/')+1], folder[:bytes.LastIndexByte(folder, '/')+1]
	}
	sub.Path = inFolder(sub, path, entry)
	sub.Filename = inFolder(sub, folder, entry)
	return p.look(sub, stageStorage)
}

// inFolder returns the name of an entry of a folder.
func inFolder(sub *exchange.Exchange, folder, entry []byte) []byte {
	if len(folder) > 0 && folder[len(folder)-1] == '/' {
		return sub.Arena.Join(folder, entry)
	}
	return sub.Arena.Join(folder, slash, entry)
}

// subrequest makes an exchange on behalf of another. It has no front: nothing
// of it can be sent.
func subrequest(x *exchange.Exchange) *exchange.Exchange {
	sub := &exchange.Exchange{
		Main: x, Lookups: x.Lookups, Client: x.Client, Loop: x.Loop, Site: x.Site, LogID: x.LogID, Times: x.Times,
	}
	sub.RemoteOf(x)
	q := &sub.Req
	*q = x.Req
	q.Method, q.Verb, q.Form = []byte("GET"), message.GET, message.OriginForm
	q.Body, q.Expect = message.Framing{}, false
	q.Header, q.Trailer = x.Req.Header.Clone(), message.Header{}
	for _, v := range x.Env.All() {
		sub.Env.Set(v.Name, v.Value)
	}
	return sub
}

// look takes sub from a stage up to the one that would respond, and sets its
// Status.
func (p *Pipeline) look(sub *exchange.Exchange, from stage) *exchange.Exchange {
	depth := 0
	for m := sub.Main; m != nil; m = m.Main {
		depth++
	}
	if depth > exchange.MaxInternal {
		sub.Logf(logsink.Error, "core", "AH00125", "Request exceeded the limit of %d subrequest nesting levels due to probable configuration error", exchange.MaxInternal)
		sub.Status = 500
		return sub
	}
	if sub.Chain == nil {
		sub.Chain = sub.Site.Sections.ForPath(sub)
	}
	err := p.runTo(sub, from, stageHandle)
	if sub.Status = lookedUp(err); sub.Status != 200 {
		sub.Refusal = err
	}
	return sub
}

// lookedUp returns the status for the error with which the stages ended.
func lookedUp(err error) int {
	var r *exchange.Reply
	var again *exchange.InternalRedirect
	switch {
	case err == nil || errors.As(err, &again):
		return 200
	case errors.As(err, &r):
		return r.Status
	}
	return statusOf(fault.Of(err))
}
