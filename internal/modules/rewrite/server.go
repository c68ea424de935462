package rewrite

import (
	"bytes"
	"os"
	"path"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
)

// translator applies the rules of a server. It runs before all other mappings. It
// implements exchange.Translator.
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

// before is the query of the original request.
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
			x.Req.Close = true // httpd: no module maps it, and core treats it as a malformed request
			return nil, x.Reply(400)
		}
		return nil, exchange.ErrDeclined
	}
	return nil, u.local()
}

// setScriptURL sets SCRIPT_URL and SCRIPT_URI: the URL before any rewriting.
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

// local turns the result into a file name. If it begins with an existing folder of
// the file system it is not changed, otherwise it is below DocumentRoot.
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

// climbs reports whether a path leads above its root by "..".
func climbs(p string) bool {
	return strings.HasPrefix(path.Clean(strings.TrimLeft(p, "/")), "..")
}

// prefixExists reports whether the first segment of the result exists in the root
// of the file system, and the rule may refer to it: because its substitution
// begins with it literally, by the flag or option UnsafePrefixStat, or because the
// result is below DocumentRoot. httpd: prefix_stat.
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
