package proxyhtml

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
)

const (
	maxTag = 64 << 10  // a longer tag passes on unchanged
	maxRaw = 128 << 10 // a longer script is rewritten in parts
)

// mode says what a page is in the middle of.
type mode uint8

const (
	inText    mode = iota
	inTag          // of which hold has the beginning
	inLongTag      // the same, and it passes on
	inComment      // <!-- … -->
	inMarkup       // other markup that begins with <!, <? or </ and ends with >
	inDoctype
	inCDATA // of XHTML
	inRaw   // the text of an element that has no markup, such as script
)

// scanner follows the tokenization of HTML (WHATWG, section 13.2.5), as far as it
// decides where tags, comments and scripts begin and end. It is fed with pieces of
// a page and calls its rewriter for what may change.
type scanner struct {
	mode  mode
	hold  []byte // what is not decided yet
	quote byte   // in a tag: the quote of the value that goes on, or where else in the tag this is: see tagState
	seen  int    // so many bytes of the tag in hold were looked at
	raw   string // in inRaw: the element
	// In a script: after <!--, and after <script in that.
	escaped, double bool
	opened          bool // in a comment: <!-- went on
	xml             bool // the page is XHTML
}

// feed takes the next piece of the page; end: it is the last one.
func (r *rewriter) feed(p []byte, end bool) {
	if len(r.hold) > 0 {
		r.hold = append(r.hold, p...)
		p = r.hold
	}
	n := 0
	for n < len(p) {
		used := r.step(p[n:], end)
		if used == 0 {
			break
		}
		n += used
	}
	if end {
		r.unfinished(p[n:])
		n = len(p)
	}
	r.hold = append(r.hold[:0], p[n:]...)
}

// step consumes a part of p and returns its length; 0: more is needed.
func (r *rewriter) step(p []byte, end bool) int {
	switch r.mode {
	case inText:
		return r.text(p, end)
	case inTag, inLongTag:
		return r.tag(p)
	case inComment:
		return r.comment(p, end)
	case inRaw:
		return r.rawText(p, end)
	case inCDATA:
		return r.until(p, []byte("]]>"), true)
	case inDoctype:
		return r.until(p, []byte(">"), r.doctype == "")
	}
	return r.until(p, []byte(">"), true)
}

// text passes on text up to the next markup, whose kind it finds out.
func (r *rewriter) text(p []byte, end bool) int {
	at := bytes.IndexByte(p, '<')
	if at != 0 {
		if at < 0 {
			at = len(p)
		}
		r.out = append(r.out, p[:at]...)
		return at
	}
	if len(p) < len("<![CDATA[") && !end && mayGrow(p) {
		return 0
	}
	switch {
	case len(p) < 2:
		return r.pass(p, 1)
	case ascii.IsAlpha(p[1]), p[1] == '/' && len(p) > 2 && ascii.IsAlpha(p[2]):
		r.mode, r.quote, r.seen = inTag, inElement, 2 // past the slash
		return r.tag(p)
	case bytes.HasPrefix(p, []byte("<!--")):
		r.mode, r.opened = inComment, false
		return r.comment(p, end)
	case ascii.HasPrefixFoldBytes(p, "<!doctype"):
		r.mode = inDoctype
		return r.step(p, end)
	case r.xml && bytes.HasPrefix(p, []byte("<![CDATA[")):
		r.mode = inCDATA
		return r.pass(p, len("<![CDATA["))
	case p[1] == '!', p[1] == '?', p[1] == '/' && len(p) > 2:
		r.mode = inMarkup
		return r.pass(p, 2)
	}
	return r.pass(p, 1)
}

// mayGrow reports whether the kind of markup cannot be told from p, its beginning.
func mayGrow(p []byte) bool {
	if len(p) < 2 {
		return true
	}
	switch p[1] {
	case '/':
		return len(p) < 3
	case '!':
		for _, s := range []string{"<!--", "<!doctype", "<![CDATA["} {
			if len(p) < len(s) && ascii.EqualFoldBytes(p, s[:len(p)]) {
				return true
			}
		}
	}
	return false
}

func (r *rewriter) pass(p []byte, n int) int {
	r.out = append(r.out, p[:n]...)
	return n
}

// until ends markup at a mark. What comes before it goes on at once, or is dropped.
func (r *rewriter) until(p, mark []byte, keep bool) int {
	n := bytes.Index(p, mark)
	if n >= 0 {
		n += len(mark)
		r.mode = inText
	} else if n = len(p) - len(mark) + 1; n <= 0 {
		return 0
	}
	if keep {
		r.out = append(r.out, p[:n]...)
	}
	return n
}

// tag looks for the end of a tag, past quoted values. A whole start tag goes to
// rewriter.startTag.
func (r *rewriter) tag(p []byte) int {
	for i := r.seen; i < len(p); i++ {
		if i == maxTag && r.mode == inTag {
			r.mode, r.seen = inLongTag, 0
			return r.pass(p, i)
		}
		if p[i] == '>' && r.quote != '"' && r.quote != '\'' {
			long := r.mode == inLongTag
			r.mode, r.seen = inText, 0
			if long {
				return r.pass(p, i+1)
			}
			r.startTag(p[:i+1])
			return i + 1
		}
		r.quote = tagState(r.quote, p[i])
	}
	r.seen = len(p)
	if r.mode == inLongTag {
		r.seen = 0
		return r.pass(p, len(p))
	}
	return 0
}

// The places in a tag that are not in quotes.
const (
	inElement   = 'e' // in the name of the element
	beforeName  = 'b' // of an attribute
	inName      = 'n'
	afterName   = 'a'
	beforeValue = '='
	inValue     = 'v' // without quotes
)

// tagState returns the place after c, as nextAttribute sees it.
func tagState(at, c byte) byte {
	switch at {
	case '"', '\'':
		if c == at {
			return beforeName
		}
		return at
	case inValue:
		if isSpace(c) {
			return beforeName
		}
		return at
	case beforeValue:
		switch {
		case isSpace(c):
			return at
		case c == '"', c == '\'':
			return c
		}
		return inValue
	}
	switch {
	case c == '/', isSpace(c) && at != inName && at != afterName:
		return beforeName
	case isSpace(c):
		return afterName
	case at == inElement:
		return at
	case c == '=' && at != beforeName:
		return beforeValue
	}
	return inName
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }
