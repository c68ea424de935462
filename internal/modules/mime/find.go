package mime

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
)

// finder looks at the extensions of a name. It implements exchange.Step. httpd:
// find_ct.
type finder struct {
	byName   map[string]*meaning
	types    map[string]*kind
	longest  int    // the longest extension that means something
	language []byte // DefaultLanguage; nil: none
	match    match
	pathInfo bool
	labels   bool // some extension, or the default, has an encoding or a language
}

// meaning is an extension as it is looked up.
type meaning struct {
	kind                        *kind
	charset, encoding, language []byte
	handler                     string
	mapping                     *exchange.Mapping
	filters                     bool
}

// dir adds the step of one combination of sections.
func dir(b *module.Builder, d *module.Dir) error {
	if !b.Present("mime_module") {
		return nil
	}
	t := b.Aux.Get(typesKey{}).(*types)
	f := t.without
	if c, ok := slot.Peek(d.Conf); ok {
		if f = c.made.Load(); f == nil {
			f = newFinder(c.settled(), t)
			c.made.Store(f)
		}
		if err := addFilters(b, d, c.settled()); err != nil {
			return err
		}
	}
	d.Chain.Types = append(d.Chain.Types, f)
	d.Chain.Labels = f.labels
	return nil
}

// newFinder makes the step for a configuration.
func newFinder(c *conf, t *types) *finder {
	f := &finder{types: t.kinds, longest: t.longest, match: c.match, pathInfo: c.pathInfo.V, byName: make(map[string]*meaning, len(c.byName))}
	if c.language.V != "" {
		f.language, f.labels = []byte(c.language.V), true
	}
	for name, e := range c.byName {
		f.longest = max(f.longest, len(name))
		f.byName[name] = newMeaning(e)
		f.labels = f.labels || e.encoding != "" || e.language != ""
	}
	return f
}

func newMeaning(e extension) *meaning {
	m := &meaning{kind: e.kind, handler: e.handler, mapping: e.mapping, filters: len(e.output)+len(e.input) > 0}
	for _, p := range []struct {
		to   *[]byte
		text string
	}{{&m.charset, e.charset}, {&m.encoding, e.encoding}, {&m.language, e.language}} {
		if p.text != "" {
			*p.to = []byte(p.text)
		}
	}
	return m
}

// Do implements exchange.Step.
func (f *finder) Do(x *exchange.Exchange) error {
	if x.Media.Known { // x has become another request, whose name was looked at
		return nil
	}
	file := x.File()
	if file != nil && file.Mode.IsDir() {
		x.Media.Type, x.Media.Known = folderType, true
		return nil
	}
	s := search{finder: f, x: x, mapped: file == nil, forced: x.Media.Type}
	x.Media.Known = true
	s.name(f.subject(x, file))
	s.finish()
	return nil
}

// folderType is the type of a folder (httpd: DIR_MAGIC_TYPE).
var folderType = []byte("httpd/unix-directory")

// subject returns the name whose extensions count.
func (f *finder) subject(x *exchange.Exchange, file *exchange.LocalFile) []byte {
	switch {
	case file == nil:
		name, _, _ := bytes.Cut(x.Filename, []byte("?"))
		return name
	case f.pathInfo:
		return x.Arena.Join(file.Name, file.Rest)
	}
	return file.Name
}

// search is one look at a name.
type search struct {
	*finder
	x       *exchange.Exchange
	mapped  bool   // the request is for a backend: it has no handler but that
	forced  []byte // the type is known already
	kind    *kind
	charset []byte
}

// maxExtension limits extensions, so that looking one up needs no memory.
const maxExtension = 64

// name looks at all extensions of a name. Dots that it begins with belong to its
// first part.
func (s *search) name(name []byte) {
	name = name[bytes.LastIndexByte(name, '/')+1:]
	begin := 0
	for begin < len(name) && name[begin] == '.' {
		begin++
	}
	m := &s.x.Media
	m.Parts, m.Unsaid = 1, 1
	i := bytes.IndexByte(name[begin:], '.')
	if i < 0 {
		return
	}
	rest := name[begin+i+1:]
	for len(rest) > 0 {
		ext := rest
		if i := bytes.IndexByte(rest, '.'); i >= 0 {
			ext, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if len(ext) == 0 {
			continue
		}
		if s.extension(ext) || s.match&matchAny != 0 {
			m.Found = true
		} else if m.Parts < 64 {
			m.Unsaid |= 1 << m.Parts
		}
		m.Parts++
	}
}

// extension takes what one extension says, and reports whether it says something
// that negotiation goes by.
func (s *search) extension(ext []byte) (found bool) {
	var buf [maxExtension]byte
	if len(ext) > s.longest || len(ext) > maxExtension {
		return false
	}
	lower := buf[:copy(buf[:], ext)]
	ascii.LowerBytes(lower)
	m := s.byName[string(lower)]
	if m == nil || m.kind == nil {
		if k, ok := s.types[string(lower)]; ok {
			s.kind, found = k, true
		}
	}
	if m == nil {
		return found
	}
	if m.kind != nil {
		s.kind, found = m.kind, true
	}
	if m.charset != nil {
		s.charset, found = m.charset, true
	}
	media := &s.x.Media
	if m.language != nil {
		media.Languages, found = s.list(media.Languages, ",", m.language), true
	}
	if m.encoding != nil {
		media.Encoding, found = s.list(media.Encoding, ", ", m.encoding), true
	}
	if s.mapped {
		return found
	}
	if m.handler != "" {
		s.handle(m)
	}
	return found || m.handler != "" && s.match&matchHandlers != 0 || m.filters && s.match&matchFilters != 0
}

// list returns a list with one more item.
func (s *search) list(old []byte, comma string, more []byte) []byte {
	if old == nil {
		return more
	}
	out := append(s.x.Arena.Alloc(len(old)+len(comma)+len(more)), old...)
	return append(append(out, comma...), more...)
}

// handle names the handler.
func (s *search) handle(m *meaning) {
	x := s.x
	x.HandlerName = m.handler
	if m.mapping == nil {
		return
	}
	if strings.HasPrefix(m.handler, "proxy:") {
		x.Mapping = m.mapping
	}
	if x.Recorder != nil {
		x.Recorder.Record(record.Mapping{Line: m.mapping.Line(), To: record.ToHandler, Target: m.handler})
	}
}

// finish makes the type, and names the default language.
func (s *search) finish() {
	m := &s.x.Media
	if m.Languages == nil {
		m.Languages = s.language
	}
	if bytes.HasPrefix(m.Encoding, oldPrefix) {
		m.Encoding = s.asAccepted(m.Encoding)
	}
	if s.kind == nil || s.forced != nil {
		return
	}
	if k := s.kind; s.charset == nil || k.broken {
		m.Type = k.plain
	} else {
		b := s.x.Arena.Alloc(len(k.head) + len("; charset=") + len(s.charset) + len(k.tail))
		b = append(append(b, k.head...), "; charset="...)
		m.Type = append(append(b, s.charset...), k.tail...)
	}
	if !s.mapped && s.x.HandlerName == "" {
		s.x.HandlerName = s.kind.handler
	}
}

// oldPrefix begins the old names of encodings.
var oldPrefix = []byte("x-")

// asAccepted returns an encoding with an old name by the name that the client
// accepts: gzip for x-gzip. httpd: fix_encoding of mod_negotiation.
func (s *search) asAccepted(encoding []byte) []byte {
	accepted, ok := s.x.Req.Header.Get(message.AcceptEncoding)
	if !ok {
		return encoding
	}
	for item := range bytes.SplitSeq(accepted, []byte(",")) {
		name, _, _ := bytes.Cut(item, []byte(";"))
		name = bytes.TrimSpace(name)
		if ascii.EqualFoldBytes(name, encoding) {
			return encoding
		}
		if ascii.EqualFoldBytes(name, encoding[len(oldPrefix):]) {
			return encoding[len(oldPrefix):]
		}
	}
	return encoding
}
