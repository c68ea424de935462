package pipeline

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/wire"
)

// Decisions of the pipeline itself, reported to the recorder of an exchange.
// The callers have checked that there is one.

// recordHost reports which virtual host was chosen, by choosing it once more.
func recordHost(x *exchange.Exchange) {
	b := x.Client.Base.(*bound)
	host, _, _ := wire.SplitAuthority(x.Req.Host)
	lower := bytes.TrimSuffix([]byte(ascii.ToLower(string(host))), []byte("."))
	e := b.snap.VHosts.Explain(b.set, lower)
	e.Local = x.Client.Local.String()
	x.Recorder.Record(e)
}

// recordFile reports that nothing but DocumentRoot maps the request.
func recordFile(x *exchange.Exchange) {
	x.Recorder.Record(record.Mapping{
		Line: record.Line{Directive: "DocumentRoot " + x.Site.DocumentRoot}, To: record.ToFile, Target: string(x.Filename),
	})
}

func recordReply(x *exchange.Exchange, r *exchange.Reply) {
	x.Recorder.Record(record.Answer{Status: r.Status, Location: string(r.Location)})
}

func recordFault(x *exchange.Exchange, f *fault.Fault, status int) {
	x.Recorder.Record(record.Answer{Status: status, Module: f.Module, ID: f.ID, Detail: reason(f)})
}

// reason is what a fault has to say to somebody who sees the rest.
func reason(f *fault.Fault) string {
	switch {
	case f.Replace:
		return "ProxyErrorOverride replaces the response of the backend"
	case f.Err == nil:
		return f.Detail
	case f.Detail == "":
		return f.Err.Error()
	}
	return f.Detail + ": " + f.Err.Error()
}

// docForms are the words of record.Document.Form.
var docForms = [...]string{exchange.DocText: "text", exchange.DocPath: "path", exchange.DocURL: "url"}

func recordDocument(x *exchange.Exchange, status int, doc exchange.ErrorDoc) {
	x.Recorder.Record(record.Document{Line: doc.Line, Status: status, Form: docForms[doc.Form]})
}

// recordRestart reports that the request is processed again. why is "" for an
// internal redirect: the previous event says what requested it.
func recordRestart(x *exchange.Exchange, r *exchange.InternalRedirect, why string) {
	target := string(r.Path)
	if r.HasQuery {
		target += "?" + string(r.Query)
	}
	x.Recorder.Record(record.Restart{Path: target, Why: why})
}

// askRecorded is ask for an exchange with a recorder: it also reports rules of
// later translators that match.
func askRecorded(x *exchange.Exchange, list []exchange.Translator) error {
	by, err := askEach(x, list)
	for i := by + 1; i < len(list); i++ {
		late, ok := list[i].(exchange.Latecomer)
		if !ok {
			continue
		}
		late.Late(x, x.Path)
		// A rewrite to a path without [PT] makes it the name of a file.
		root := x.Site.DocumentRoot
		if p, ok := bytes.CutPrefix(x.Filename, []byte(root)); ok && root != "" && x.Mapped == nil && err == nil && !bytes.Equal(p, x.Path) {
			late.Late(x, p)
		}
	}
	return err
}
