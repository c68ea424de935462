package expr

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// token is the kind of a token. The names are those in httpd's messages.
type token string

const (
	tokEnd     token = "$end"
	tokError   token = "T_ERROR"
	tokTrue    token = "T_TRUE"
	tokFalse   token = "T_FALSE"
	tokAnd     token = "T_OP_AND"
	tokOr      token = "T_OP_OR"
	tokNot     token = "T_OP_NOT"
	tokConcat  token = "T_OP_CONCAT"
	tokIn      token = "T_OP_IN"
	tokMatch   token = "T_OP_REG"
	tokNoMatch token = "T_OP_NRE"
	tokInteger token = "integer comparison" // with lexer.rel
	tokText    token = "string comparison"
	tokUnary   token = "T_OP_UNARY"
	tokBinary  token = "T_OP_BINARY"
	tokDigit   token = "T_DIGIT"
	tokID      token = "T_ID"
	tokGroup   token = "T_REGEX_BACKREF"
	tokString  token = "T_STR_BEGIN"
	tokVar     token = "T_VAR_BEGIN"
	tokRegex   token = "T_REGEX"
	tokParen   token = "'('"
	tokClose   token = "')'"
	tokBrace   token = "'{'"
	tokUnbrace token = "'}'"
	tokComma   token = "','"
)

// relNames are the suffixes of token names of comparisons, by relation.
var relNames = [...]string{"EQ", "NE", "LT", "LE", "GT", "GE"}

// delimiters are the characters that can enclose a regular expression after m.
const delimiters = "/#$%^,;:?|-!.'\""

// keywords are the identifiers that are operators or constants.
var keywords = map[string]struct {
	tok token
	rel relation
}{
	"true": {tokTrue, 0}, "false": {tokFalse, 0},
	"and": {tokAnd, 0}, "or": {tokOr, 0}, "not": {tokNot, 0}, "in": {tokIn, 0},
	"eq": {tokInteger, relEqual}, "ne": {tokInteger, relNotEqual},
	"lt": {tokInteger, relLess}, "le": {tokInteger, relLessEqual},
	"gt": {tokInteger, relGreater}, "ge": {tokInteger, relGreaterEqual},
}

// symbols are tried in order, so longer ones come first.
var symbols = []struct {
	text string
	tok  token
	rel  relation
}{
	{"=~", tokMatch, 0}, {"!~", tokNoMatch, 0},
	{"==", tokText, relEqual}, {"!=", tokText, relNotEqual},
	{"<=", tokText, relLessEqual}, {">=", tokText, relGreaterEqual},
	{"&&", tokAnd, 0}, {"||", tokOr, 0}, {"%{", tokVar, 0},
	{"=", tokText, relEqual}, {"<", tokText, relLess}, {">", tokText, relGreater},
	{"!", tokNot, 0}, {".", tokConcat, 0},
	{"(", tokParen, 0}, {")", tokClose, 0}, {"{", tokBrace, 0}, {"}", tokUnbrace, 0}, {",", tokComma, 0},
}

// lexer splits an expression into tokens. Of strings and variables it reads only
// the opening; the parser reads the rest from src itself.
type lexer struct {
	src string
	pos int

	// The current token.
	tok  token
	rel  relation
	text string // name, digits, the opening quote, or the pattern
	fold bool   // the pattern ignores case (flag i)
	quot byte   // the pattern's delimiter

	err error
}

// ParseError says why an expression was refused. Reason is httpd's message.
type ParseError struct {
	Source string
	Reason string
}

// Error implements error.
func (e *ParseError) Error() string { return e.Reason }

func (l *lexer) fail(format string, args ...any) {
	if l.err == nil {
		l.err = &ParseError{Source: l.src, Reason: fmt.Sprintf(format, args...)}
	}
	l.pos, l.tok = len(l.src), tokEnd
}

// unexpected refuses the current token.
func (l *lexer) unexpected() {
	name := string(l.tok)
	switch l.tok {
	case tokInteger:
		name = "T_OP_" + relNames[l.rel]
	case tokText:
		name = "T_OP_STR_" + relNames[l.rel]
	case tokRegex:
		if l.fold {
			name += "_I"
		}
	}
	l.fail("syntax error, unexpected %s", name)
}

// next reads the next token.
func (l *lexer) next() {
	for l.pos < len(l.src) && strings.IndexByte(" \t\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	l.text, l.rel, l.fold = "", 0, false
	if l.err != nil || l.pos >= len(l.src) {
		l.tok = tokEnd
		return
	}
	switch c := l.src[l.pos]; {
	case c == '"' || c == '\'':
		l.tok, l.text = tokString, l.src[l.pos:l.pos+1]
		l.pos++
	case c == '$' && l.pos+1 < len(l.src) && ascii.IsDigit(l.src[l.pos+1]):
		l.tok, l.text = tokGroup, l.src[l.pos+1:l.pos+2]
		l.pos += 2
	case c == '/':
		l.pos++
		l.regex('/')
	case c == 'm' && l.pos+1 < len(l.src) && strings.IndexByte(delimiters, l.src[l.pos+1]) >= 0:
		l.pos += 2
		l.regex(l.src[l.pos-1])
	case ascii.IsDigit(c):
		l.tok, l.text = tokDigit, l.run(l.pos, ascii.IsDigit)
	case ascii.IsAlpha(c):
		l.word()
	case c == '-':
		l.dash()
	default:
		l.symbol()
	}
}

func isName(c byte) bool { return ascii.IsAlpha(c) || ascii.IsDigit(c) || c == '_' }

// run consumes everything up to from, and the bytes in a class that follow. It
// returns the consumed text.
func (l *lexer) run(from int, in func(byte) bool) string {
	start := l.pos
	for l.pos = from; l.pos < len(l.src) && in(l.src[l.pos]); l.pos++ {
	}
	return l.src[start:l.pos]
}

func (l *lexer) word() {
	l.tok, l.text = tokID, l.run(l.pos, isName)
	if k, ok := keywords[l.text]; ok {
		l.tok, l.rel = k.tok, k.rel
	}
}

// dash reads a negative number or an operator that begins with a dash.
func (l *lexer) dash() {
	start := l.pos + 1
	switch {
	case start < len(l.src) && ascii.IsDigit(l.src[start]):
		l.tok, l.text = tokDigit, l.run(start, ascii.IsDigit)
		return
	case start >= len(l.src) || !ascii.IsAlpha(l.src[start]) && l.src[start] != '_':
		l.symbol()
		return
	}
	l.text = l.run(start, isName)[1:]
	l.tok = tokBinary
	if k, ok := keywords[l.text]; ok && (k.tok == tokInteger || k.tok == tokIn) {
		l.tok, l.rel = k.tok, k.rel
	} else if len(l.text) == 1 {
		l.tok = tokUnary
	}
}

func (l *lexer) symbol() {
	for _, s := range symbols {
		if strings.HasPrefix(l.src[l.pos:], s.text) {
			l.tok, l.rel = s.tok, s.rel
			l.pos += len(s.text)
			return
		}
	}
	l.fail("Parse error near '%c'", l.src[l.pos])
}

// regex reads a pattern up to its delimiter, which cannot be escaped.
func (l *lexer) regex(delim byte) {
	end := strings.IndexByte(l.src[l.pos:], delim)
	if end < 0 {
		l.fail("syntax error, unexpected $end, expecting T_REGEX or T_REGEX_I")
		return
	}
	l.tok, l.quot, l.text = tokRegex, delim, l.src[l.pos:l.pos+end]
	l.pos += end + 1
	if l.pos < len(l.src) && l.src[l.pos] == 'i' {
		l.fold = true
		l.pos++
	}
}
