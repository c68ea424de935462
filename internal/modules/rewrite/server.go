package rewrite

import (
	"bytes"
	"os"
	"path"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
)

// translator applies the rules of a server, before anything else maps the
// request. It implements exchange.Translator.
type translator struct {
	set *ruleset
}

// Translate implements exchange.Translator. httpd: hook_uri2file.
func (t *translator) Translate(x *exchange.Exchange) (exchange.Handler, error) {
	u := t.set.begin(x)
	defer u.end()
	if x.Notes.Has(endNote) {
		if u.traces(8) {
			u.tracef(8, "", "Declining, no further rewriting due to END flag")
		}
		return nil, exchange.ErrDeclined
	}
	if !t.set.options.has(allowAnyURI) && (len(x.Path) == 0 || x.Path[0] != '/') {
		if u.traces(8) {
			u.tracef(8, "", "Declining, request-URI '%s' is not a URL-path. Consult the manual entry for the RewriteOptions directive "+
				"for options and caveats about matching other strings.", x.Path)
		}
		return nil, exchange.ErrDeclined
	}
	setScriptURL(x)
	was := before{x.Args, x.HasArgs}
	x.Filename = x.Path
	if u.traces(2) {
		u.tracef(2, "", "init rewrite engine with requested uri %s", x.Filename)
	}
	result := u.apply()
	if result == unchanged {
		if u.traces(1) {
			u.tracef(1, "", "pass through %s", x.Filename)
		}
		x.Filename = nil
		return nil, exchange.ErrDeclined
	}
	return u.translated(result, was)
}

// before is the query that a request came with.
type before struct {
	args []byte
	has  bool
}

// translated applies the decision of the rules.
func (u *run) translated(result outcome, was before) (exchange.Handler, error) {
	x := u.x
	if result == answered {
		x.Filename = nil
		u.recordStatus(u.status, nil)
		return nil, x.Reply(u.status)
	}
	scheme, _ := absolute(x.Filename)
	if err := u.unsafeQuery(result, scheme); err != nil {
		x.Filename = nil
		return nil, err
	}
	switch {
	case bytes.HasPrefix(x.Filename, []byte(proxyPrefix)):
		return u.forward(result == verbatim)
	case scheme > 0:
		err := u.redirect(result, scheme, was.has, was.args)
		x.Filename = nil
		return nil, err
	case bytes.HasPrefix(x.Filename, []byte(passPrefix)):
		x.Path, x.Filename = x.Filename[len(passPrefix):], nil
		if len(x.Path) == 0 || x.Path[0] != '/' {
			x.Req.Close = true // httpd: nobody maps it, and core takes it for a broken request
			return nil, x.Reply(400)
		}
		return nil, exchange.ErrDeclined
	}
	return nil, u.local()
}

// setScriptURL sets the variables that tell the URL from before all rewriting.
func setScriptURL(x *exchange.Exchange) {
	url := x.Path
	if x.Main != nil {
		url, _ = x.Main.Env.Get("SCRIPT_URL")
	} else if v, ok := x.Env.Get("REDIRECT_SCRIPT_URL"); ok {
		url = v
	}
	x.Env.Set("SCRIPT_URL", url)
	x.Env.Set("SCRIPT_URI", x.Arena.Join(x.Origin(), url))
}

// local makes the result the name of a file: one that begins with a folder of
// the machine's stays, any other is below DocumentRoot.
func (u *run) local() error {
	x := u.x
	if u.traces(2) {
		u.tracef(2, "", "local path result: %s", x.Filename)
	}
	if len(x.Filename) == 0 || x.Filename[0] != '/' {
		return x.Reply(400)
	}
	if u.reduced || !u.prefixExists() {
		if climbs(string(x.Filename)) {
			if u.traces(1) {
				u.tracef(1, "", "prefixing with document_root of %s FAILED", x.Filename)
			}
			return x.Reply(403)
		}
		x.Filename = x.Arena.Join([]byte(x.Site.DocumentRoot), x.Filename)
		if u.traces(2) {
			u.tracef(2, "", "prefixed with document_root to %s", x.Filename)
		}
	}
	x.Mapping = u.changed.mapping
	u.recordFile()
	if u.traces(1) {
		u.tracef(1, "", "go-ahead with %s [OK]", x.Filename)
	}
	return exchange.ErrDone
}

// climbs reports whether a path leads above the root it begins at.
func climbs(p string) bool {
	return strings.HasPrefix(path.Clean(strings.TrimLeft(p, "/")), "..")
}

// prefixExists reports whether the first part of the result is something in the
// machine's root, and the rule may mean that: it says so literally, or has the
// flag UnsafePrefixStat, or leads below DocumentRoot. httpd: prefix_stat.
func (u *run) prefixExists() bool {
	x := u.x
	name := x.Filename
	end := bytes.IndexByte(name[1:], '/') + 1
	if end == 0 {
		end = len(name)
	}
	first := string(name[:end])
	if _, err := os.Stat(first); err != nil {
		return false
	}
	if u.last == nil {
		if u.traces(3) {
			u.tracef(3, "", "prefix_stat no lastsub subst prefix %s", first)
		}
		return true
	}
	ok := u.last.flags&flagPrefixStat != 0 || u.set.options.has(unsafePrefixStat)
	if u.traces(3) {
		stat := 0
		if ok {
			stat = 1
		}
		u.tracef(3, "", "prefix_stat compare statpath %s and lastsub output %s STATOK %d ", first, u.last.output, stat)
	}
	return ok || strings.HasPrefix(u.last.output, first) || bytes.HasPrefix(name, []byte(x.Site.DocumentRoot))
}
