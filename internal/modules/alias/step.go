package alias

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/wire"
)

// dir adds the rules of one combination of sections, and of its server.
func dir(b *module.Builder, d *module.Dir, evals *exchange.Evaluator) error {
	s, ok := serverSlot.Peek(d.Server.Conf)
	if !ok {
		s = new(serverConf)
	}
	c, ok := dirSlot.Peek(d.Conf)
	if !ok {
		c = new(dirConf)
	}
	r := redirector{whole: c.redirect, relative: c.relative.Or(false), evals: evals}
	if r.whole.Set || len(s.redirects)+len(s.aliases) > 0 || c.alias.V != nil {
		t := &translator{redirector: r, aliases: s.aliases, alias: c.alias.V, aliasLine: c.aliasLine, root: b.ServerRoot}
		t.rules = s.redirects
		d.Chain.Translate = append(d.Chain.Translate, t)
	}
	if r.rules = c.redirects; r.whole.Set || len(r.rules) > 0 {
		d.Chain.Fixups = append(d.Chain.Fixups, &r)
	}
	return nil
}

// redirector redirects requests by the rules of a server or of sections.
type redirector struct {
	whole    module.Opt[whole]
	rules    []*rule
	relative bool
	evals    *exchange.Evaluator
}

// Do implements exchange.Step.
func (r *redirector) Do(x *exchange.Exchange) error {
	if r.whole.Set {
		w := r.whole.V
		if w.target == nil {
			recordStatus(x, w.line, w.status, nil)
			return answer(x, w.status)
		}
		url, err := r.evals.String(w.target, x)
		if err != nil {
			return failed("AH02826", "Can't evaluate redirect expression: "+err.Error())
		}
		return r.send(x, w.line, w.status, escape(x, url))
	}
	rule, url, tooLong := find(x, r.rules, true)
	switch {
	case tooLong:
		return failed("AH00672", "Regex substitution in '"+rule.target+"' failed. Replacement too long?")
	case rule == nil:
		return nil
	}
	return r.send(x, rule.line, rule.status, url)
}

// send returns the response of a redirect. httpd: translate_alias_redir,
// fixup_redir.
func (r *redirector) send(x *exchange.Exchange, line record.Line, status int, url []byte) error {
	if !moves(status) {
		recordStatus(x, line, status, nil)
		return answer(x, status)
	}
	if bytes.HasPrefix(url, slash) && !r.relative {
		short := url
		url = x.Arena.Join(x.Origin(), url)
		x.Logf(logsink.Debug, "alias", "AH00673", "incomplete redirection target of '%s' for URI '%s' modified to '%s'", short, x.Path, url)
	}
	if !isURL(url) && !(r.relative && bytes.HasPrefix(url, slash)) {
		return failed("AH00674", "cannot redirect '"+string(x.Path)+"' to '"+string(url)+
			"'; target is not a valid absoluteURI or abs_path")
	}
	if x.HasArgs && bytes.IndexByte(url, '?') < 0 {
		url = x.Arena.Join(url, mark, x.Args)
	}
	reply := answer(x, status)
	reply.Location = clean(url)
	recordStatus(x, line, status, reply.Location)
	return reply
}

var slash, mark = []byte("/"), []byte("?")

// clean replaces bytes that would end the Location field by blanks.
func clean(url []byte) []byte {
	for i, c := range url {
		if c == '\r' || c == '\n' || c == 0 {
			url[i] = ' '
		}
	}
	return url
}

// answer returns the reply with a status. httpd: an unknown status becomes 500.
func answer(x *exchange.Exchange, status int) *exchange.Reply {
	if status < 200 || wire.StatusText(status) == "" {
		status = 500
	}
	return x.Reply(status)
}

// failed returns the fault for a redirect or alias that cannot be made.
func failed(id, detail string) error {
	return &fault.Fault{
		Side: fault.Proxy, Phase: fault.Map, Kind: fault.Internal, Cause: fault.ConfigurationError, Status: 500, ID: id, Module: "alias", Detail: detail,
	}
}

// translator applies mod_alias while a request is mapped.
type translator struct {
	redirector
	aliases []*rule
	alias   *expr.String
	root    string // ServerRoot

	aliasLine record.Line
}

// Translate implements exchange.Translator.
func (t *translator) Translate(x *exchange.Exchange) (exchange.Handler, error) {
	if len(x.Path) > 0 && x.Path[0] != '/' {
		return nil, exchange.ErrDeclined
	}
	if err := t.Do(x); err != nil {
		return nil, err
	}
	file, from, err := t.file(x)
	if err != nil {
		return nil, err
	}
	if len(file) == 0 {
		return nil, exchange.ErrDeclined
	}
	x.Filename = t.absolute(x, file)
	if from != nil && from.re == nil {
		x.ContextPrefix, x.ContextRoot = x.Arena.String(from.path), t.absolute(x, x.Arena.String(from.target))
	}
	if from != nil && from.script {
		x.HandlerName = cgiScript
	}
	if x.Recorder != nil {
		line := t.aliasLine
		if from != nil {
			line = from.line
		}
		x.Recorder.Record(record.Mapping{Line: line, To: record.ToFile, Target: string(x.Filename)})
	}
	return nil, exchange.ErrDone
}

// cgiScript is the name of the handler for requests that a ScriptAlias maps. No
// such handler exists, so a program is neither run nor sent to the client.
const cgiScript = "cgi-script"

// absolute returns a file name with ServerRoot before it, if it is relative.
func (t *translator) absolute(x *exchange.Exchange, name []byte) []byte {
	if len(name) > 0 && name[0] == '/' {
		return name
	}
	return x.Arena.Join([]byte(t.root), slash, name)
}

// file returns the file name that an alias makes, and the alias. name is empty if
// no alias matches. from is nil for the Alias of a section.
func (t *translator) file(x *exchange.Exchange) (name []byte, from *rule, err error) {
	if t.alias != nil {
		name, err = t.evals.String(t.alias, x)
		if err != nil {
			return nil, nil, failed("AH02825", "Can't evaluate alias expression: "+err.Error())
		}
		if len(name) > 0 {
			return name, nil, nil
		}
	}
	from, name, tooLong := find(x, t.aliases, false)
	if tooLong {
		return nil, nil, failed("AH00672", "Regex substitution in '"+from.target+"' failed. Replacement too long?")
	}
	return name, from, nil
}
