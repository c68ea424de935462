package proxyhtml

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/internal/ascii"
)

// withoutMarkup are the elements whose text ends at their end tag only.
var withoutMarkup = []string{"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"}

// enter begins the text of an element if that has no markup.
func (r *rewriter) enter(element []byte) {
	i := slices.IndexFunc(withoutMarkup, func(name string) bool { return ascii.EqualFoldBytes(element, name) })
	if i < 0 {
		return
	}
	r.mode, r.raw, r.escaped, r.double = inRaw, withoutMarkup[i], false, false
	r.mapped = r.maps2text && i < 2
}

// emit passes on a part of a script, style or comment, or collects it where it may
// be rewritten.
func (r *rewriter) emit(p []byte) {
	if !r.mapped {
		r.out = append(r.out, p...)
		return
	}
	for len(p) > 0 {
		n := min(len(p), maxRaw-len(r.part))
		r.part, p = append(r.part, p[:n]...), p[n:]
		if len(r.part) < maxRaw {
			break
		}
		// Ours: httpd keeps all of it, whatever its size.
		cut := bytes.LastIndexByte(r.part, '\n') + 1
		if cut == 0 {
			cut = len(r.part)
		}
		text, _ := r.script(r.part[:cut], false)
		r.out = append(r.out, text...)
		r.part = append(r.part[:0], r.part[cut:]...)
	}
}

// emitted ends what emit has collected.
func (r *rewriter) emitted() {
	if len(r.part) > 0 {
		text, _ := r.script(r.part, false)
		r.out = append(r.out, text...)
		r.part = r.part[:0]
	}
	r.mapped = false
}

// rawText passes on the text of an element without markup, up to its end tag.
func (r *rewriter) rawText(p []byte, end bool) int {
	for i := 0; i < len(p); i++ {
		if p[i] != '<' && (p[i] != '-' || !r.escaped) {
			continue
		}
		rest := p[i:]
		switch {
		case len(rest) < len(r.raw)+3 && !end:
			r.emit(p[:i])
			return i
		case p[i] == '-':
			if bytes.HasPrefix(rest, []byte("-->")) {
				r.escaped, r.double = false, false
			}
		case r.named(rest[1:], "/"):
			if r.double {
				r.double = false
				continue
			}
			if i > 0 {
				r.emit(p[:i])
				return i
			}
			r.emitted()
			r.mode, r.quote, r.seen = inTag, inElement, 2
			return r.tag(p)
		case r.raw != "script":
		case bytes.HasPrefix(rest, []byte("<!--")):
			r.escaped = true
			i++ // the dashes may be those of -->
		case r.escaped && r.named(rest[1:], ""):
			r.double = true
		}
	}
	r.emit(p)
	return len(p)
}

// named reports whether p begins with the name of the element, after a mark, and a
// byte that ends a name.
func (r *rewriter) named(p []byte, mark string) bool {
	n := len(mark) + len(r.raw)
	return len(p) > n && ascii.HasPrefixFoldBytes(p, mark+r.raw) && (isSpace(p[n]) || p[n] == '/' || p[n] == '>')
}

// comment passes on a comment, or drops it.
func (r *rewriter) comment(p []byte, end bool) int {
	if !r.opened {
		if len(p) < len("<!-->")+1 && !end {
			return 0
		}
		r.opened = true
		for _, whole := range []string{"<!-->", "<!--->"} {
			if bytes.HasPrefix(p, []byte(whole)) {
				r.mode = inText
				return r.keep(p, len(whole))
			}
		}
		r.keep(p, len("<!--"))
		r.mapped = r.maps2text && !r.strip
		return len("<!--")
	}
	for i := 0; ; i++ {
		n := bytes.Index(p[i:], []byte("--"))
		if n < 0 {
			n = max(len(p)-3, 0)
			r.inside(p[:n])
			return n
		}
		i += n
		for _, mark := range []string{"-->", "--!>"} {
			if bytes.HasPrefix(p[i:], []byte(mark)) {
				r.inside(p[:i])
				r.emitted()
				r.mode = inText
				return i + r.keep(p[i:], len(mark))
			}
		}
	}
}

// keep passes on a mark of a comment unless comments are dropped.
func (r *rewriter) keep(p []byte, n int) int {
	if !r.strip {
		r.out = append(r.out, p[:n]...)
	}
	return n
}

// inside takes a part of a comment's text.
func (r *rewriter) inside(p []byte) {
	if !r.strip {
		r.emit(p)
	}
}

// unfinished passes on what is left at the end of the page.
func (r *rewriter) unfinished(p []byte) {
	switch {
	case r.mode == inComment:
		r.inside(p)
	case r.mode == inRaw:
		r.emit(p)
	case r.mode != inDoctype || r.doctype == "":
		r.out = append(r.out, p...)
	}
	r.emitted()
}
