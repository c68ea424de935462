package dir

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/uri"
)

// dir adds the step of one combination of sections.
func dir(b *module.Builder, d *module.Dir) error {
	if !b.Present("dir_module") {
		return nil
	}
	c, ok := slot.Peek(d.Conf)
	if !ok {
		c = new(conf)
	}
	s := &step{slash: c.slash.Or(true), check: c.check.Or(false), redirect: c.redirect.V}
	s.indexLine, s.fallbackLine = c.indexLine, c.fallbackLine
	if !c.index.Set {
		s.indexLine.Directive = "DirectoryIndex index.html"
	}
	for _, name := range c.index.Or([]string{"index.html"}) {
		s.index = append(s.index, []byte(name))
	}
	s.names = bytes.Join(s.index, []byte(","))
	if c.fallback.V != "" {
		s.fallback = []byte(c.fallback.V)
	}
	d.Chain.Local = append(d.Chain.Local, s)
	return nil
}

// The handlers that matter here.
const (
	folderHandler   = "httpd/unix-directory" // of a folder for which no other is named
	proxyHandler    = "proxy-server"
	redirectHandler = "redirect-handler" // the rules of a section send the request elsewhere
)

// step looks at requests for folders and for what does not exist. It implements
// exchange.Step.
type step struct {
	index                   [][]byte // names, or URL-paths, encoded
	names                   []byte   // the same in one line
	fallback                []byte   // nil: none
	redirect                int      // status that an index is answered with; 0: the request becomes that for the index
	slash                   bool     // a folder without a slash at its end is redirected
	indexLine, fallbackLine record.Line

	check bool // a handler that is named has the request without an index
}

// Do implements exchange.Step. httpd: dir_fixups.
func (s *step) Do(x *exchange.Exchange) error {
	f := x.File()
	switch {
	case f.Mode.IsDir():
		return s.folder(x)
	case f.Mode == exchange.NoFile && x.HandlerName == "" && s.fallback != nil:
		return s.fallBack(x)
	}
	return nil
}

// folder is what a request for a folder means. httpd: fixup_dir.
func (s *step) folder(x *exchange.Exchange) error {
	if x.HandlerName == "" {
		x.HandlerName = folderHandler
	}
	if len(x.Path) == 0 || x.Path[len(x.Path)-1] != '/' {
		return s.addSlash(x)
	}
	if x.HandlerName == redirectHandler || s.check && x.HandlerName != folderHandler {
		return nil
	}
	var failed error
	for _, name := range s.index {
		sub := look(x, name)
		switch {
		case found(sub):
			if s.redirect != 0 {
				reply := x.Reply(s.redirect)
				reply.Location = x.Arena.Join(x.Origin(), sub.Path)
				if x.Recorder != nil {
					recordStatus(x, s.indexLine, reply)
				}
				return reply
			}
			become(x, sub, s.indexLine)
			return nil
		case isRedirect(sub.Status), len(s.index) == 1 && (sub.Status == 406 || sub.Status == 401):
			return passOn(x, sub)
		case sub.Status != 404 && sub.Status != 200:
			failed = refusal(x, sub)
		}
	}
	if failed == nil && len(s.names) > 0 {
		x.Notes.Set("dir-index-names", s.names) // for the log line of a folder that is not listed
	}
	return failed
}

// addSlash redirects to the same path with a slash at its end, which relative links
// of an index need.
func (s *step) addSlash(x *exchange.Exchange) error {
	if !s.slash {
		return nil
	}
	if v := x.Req.Verb; v != message.GET && v != message.HEAD && x.Env.Has("redirect-carefully") {
		return nil
	}
	b := uri.AppendURI(append(x.Arena.Alloc(len(x.Req.Host)+3*len(x.Path)+len(x.Args)+64), x.Origin()...), x.Path)
	b = append(b, '/')
	if x.HasArgs {
		b = append(append(b, '?'), x.Args...)
	}
	reply := x.Reply(301)
	reply.Location = b
	if x.Recorder != nil {
		recordStatus(x, record.Line{Directive: "DirectorySlash On"}, reply)
	}
	return reply
}

// fallBack has a request for which there is no file answered by another path.
// httpd: fixup_dflt.
func (s *step) fallBack(x *exchange.Exchange) error {
	sub := look(x, s.fallback)
	switch {
	case found(sub):
		become(x, sub, s.fallbackLine)
		return nil
	case isRedirect(sub.Status):
		return passOn(x, sub)
	case sub.Status != 404 && sub.Status != 200:
		return refusal(x, sub)
	}
	return nil
}

// look asks what would become of a request for name with the query of x.
func look(x *exchange.Exchange, name []byte) *exchange.Exchange {
	if x.HasArgs {
		name = x.Arena.Join(name, []byte("?"), x.Args)
	}
	return x.Lookups.Lookup(x, name)
}

// found reports whether a look-up ended at something that can be answered. httpd:
// what is local must be a regular file, for any path leads to some folder.
func found(sub *exchange.Exchange) bool {
	if sub.Status != 200 {
		return false
	}
	f := sub.File()
	return sub.HandlerName == proxyHandler || f != nil && f.Mode.IsRegular()
}

func isRedirect(status int) bool { return status >= 300 && status < 400 }

// passOn returns the response of a look-up with its header fields.
func passOn(x, sub *exchange.Exchange) error {
	x.Overlay(sub)
	return refusal(x, sub)
}

// refusal returns what a look-up ended with.
func refusal(x, sub *exchange.Exchange) error {
	if sub.Refusal != nil {
		return sub.Refusal
	}
	return x.Reply(sub.Status)
}
