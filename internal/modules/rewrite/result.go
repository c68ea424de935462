package rewrite

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/uri"
)

const proxyPrefix = "proxy:"

// proxy turns the result into the URL of a backend. In sections it is escaped here,
// because the step that canonicalises URLs has run already.
func (u *run) proxy(r *rule) {
	x := u.x
	if u.set.dir != "" && r.flags&flagNoEscape == 0 {
		escaped := uri.AppendURI(x.Arena.Alloc(3*len(x.Filename)), x.Filename)
		if u.traces(2) {
			u.tracef(2, u.set.dir, "escaped URI in per-dir context for proxy, %s -> %s", x.Filename, escaped)
		}
		x.Filename = escaped
	}
	x.Filename = qualify(x, x.Filename)
	if u.traces(2) {
		u.tracef(2, u.set.dir, "forcing proxy-throughput with %s", x.Filename)
	}
	x.Filename = x.Arena.Join([]byte(proxyPrefix), x.Filename)
}

// forward returns the handler for the URL of a rule with the P flag.
func (u *run) forward(raw bool) (exchange.Handler, error) {
	x := u.x
	url := x.Filename[len(proxyPrefix):]
	if x.Site.Targets == nil {
		id := "AH00669"
		if u.set.dir != "" {
			id = "AH10160"
		}
		x.Logf(logsink.Error, "rewrite", id, "attempt to make remote request from mod_rewrite without proxy enabled: %s", x.Filename)
		return nil, x.Reply(403)
	}
	if raw && x.HasArgs {
		url = x.Arena.Join(url, []byte("?"), x.Args)
	}
	h, err := x.Site.Targets.Target(x, url, raw)
	if err != nil {
		return nil, err
	}
	if x.Recorder != nil {
		x.Recorder.Record(record.Mapping{Line: u.changed.line, To: record.ToBackend, Target: string(x.Out.URL), Again: u.proxied})
	}
	x.HandlerName, x.Mapping = "proxy-server", u.changed.mapping
	if u.traces(1) {
		u.tracef(1, u.set.dir, "go-ahead with proxy request %s [OK]", x.Filename)
	}
	return h, nil
}

// redirect returns the response that redirects to the URL that the rules made.
// args is the query of the original request, had whether it has one.
func (u *run) redirect(result outcome, scheme int, had bool, args []byte) error {
	x, dir := u.x, u.set.dir
	location := x.Filename
	if result != verbatim {
		if u.traces(1) {
			u.tracef(1, dir, "escaping %s for redirect", location)
		}
		location = appendEscapedURL(x.Arena.Alloc(3*len(location)), location, scheme)
	}
	if x.HasArgs {
		query, verb, shown := x.Args, "copying", []byte(nil)
		if result != verbatim && !(had && bytes.Equal(x.Args, args)) {
			query = uri.AppendURI(x.Arena.Alloc(3*len(x.Args)), x.Args)
			verb, shown = "escaping", query
		}
		location = x.Arena.Join(location, []byte("?"), query)
		if u.traces(1) {
			u.tracef(1, dir, "%s %s to query string for redirect %s", verb, x.Args, shown)
		}
	}
	status := u.status
	if !isRedirect(status) {
		status = 302
	}
	if u.traces(1) {
		u.tracef(1, dir, "redirect to %s [REDIRECT/%d]", location, status)
	}
	u.recordStatus(status, location)
	reply := x.Reply(status)
	reply.Location = location
	return reply
}

// unsafeQuery refuses a query with bytes that must not be sent, unless it will be
// escaped.
func (u *run) unsafeQuery(result outcome, scheme int) error {
	x := u.x
	if escaped := scheme > 0 && result != verbatim; escaped || !x.HasArgs || uri.Sendable(x.Args) {
		return nil
	}
	id := "AH10410"
	if u.set.dir != "" {
		id = "AH10411"
	}
	x.Logf(logsink.Error, "rewrite", id, "Rewritten query string contains control characters or spaces")
	return x.Reply(403)
}
