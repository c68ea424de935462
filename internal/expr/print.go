package expr

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// String returns the condition in a canonical form, which parses to an equal
// condition.
func (b *Bool) String() string {
	var w printer
	w.cond(b.root, false)
	return w.String()
}

// String returns the expression in a canonical form, which parses to an equal
// expression.
func (s *String) String() string {
	var w printer
	w.template(s.root, 0)
	return w.String()
}

type printer struct{ strings.Builder }

// relSymbols are the operators of string comparisons, by relation. relNames has
// those of numbers.
var relSymbols = [...]string{"==", "!=", "<", "<=", ">", ">="}

// cond prints a condition. With nested set, || and && get parentheses.
func (w *printer) cond(n *node, nested bool) {
	switch n.kind {
	case kindTrue:
		w.WriteString("true")
	case kindFalse:
		w.WriteString("false")
	case kindNot:
		w.WriteString("!")
		w.cond(n.list[0], true)
	case kindOr, kindAnd:
		w.joined(n, nested)
	case kindInteger:
		w.between(n, "-"+ascii.ToLower(relNames[n.rel]))
	case kindText, kindSSL:
		w.between(n, relSymbols[n.rel])
	case kindMatch:
		w.word(n.a)
		w.match(n)
	case kindIn:
		w.word(n.a)
		w.WriteString(" in ")
		w.list(n)
	case kindUnary:
		w.WriteString("-" + n.op.name + " ")
		w.word(n.a)
	case kindBinary:
		w.between(n, "-"+n.op.name)
	}
}

func (w *printer) joined(n *node, nested bool) {
	sep := " || "
	if n.kind == kindAnd {
		sep = " && "
	}
	if nested {
		w.WriteString("(")
	}
	for i, part := range n.list {
		if i > 0 {
			w.WriteString(sep)
		}
		w.cond(part, true)
	}
	if nested {
		w.WriteString(")")
	}
}

func (w *printer) between(n *node, op string) {
	w.word(n.a)
	w.WriteString(" " + op + " ")
	w.word(n.b)
}

func (w *printer) match(n *node) {
	if n.neg {
		w.WriteString(" !~ ")
	} else {
		w.WriteString(" =~ ")
	}
	if n.delim != '/' {
		w.WriteString("m")
	}
	w.WriteByte(n.delim)
	w.WriteString(n.re.String())
	w.WriteByte(n.delim)
	if n.fold {
		w.WriteString("i")
	}
}

func (w *printer) list(n *node) {
	if n.ext != nil {
		w.call(n.ext.Name, n.b)
		return
	}
	w.WriteString("{")
	for i, item := range n.list {
		if i > 0 {
			w.WriteString(", ")
		}
		w.word(item)
	}
	w.WriteString("}")
}

func (w *printer) call(name string, arg *node) {
	w.WriteString(name + "(")
	w.word(arg)
	w.WriteString(")")
}

// word prints a word as it is written in a condition.
func (w *printer) word(n *node) {
	switch n.kind {
	case wordText:
		if n.number {
			w.WriteString(n.text)
			return
		}
		w.WriteString("'")
		w.text(n.text)
		w.WriteString("'")
	case wordFunc:
		w.call(n.fn.name, n.a)
	case wordExtern:
		if n.a != nil {
			w.call(n.ext.Name, n.a)
			return
		}
		w.atom(n)
	case wordConcat:
		for i, part := range n.list {
			if i > 0 {
				w.WriteString(" . ")
			}
			w.word(part)
		}
	default:
		w.atom(n)
	}
}

// atom prints words that are written alike in conditions and in strings.
func (w *printer) atom(n *node) {
	switch n.kind {
	case wordVar:
		w.WriteString("%{" + n.v.String() + "}")
	case wordHeader:
		w.WriteString("%{" + n.name + "}")
	case wordExtern:
		w.WriteString("%{" + n.ext.Name + "}")
	case wordGroup:
		w.WriteString("$" + strconv.Itoa(n.group))
	}
}

// template prints a word as it is written in a string, or in the argument of a
// variable, where end is the closing brace.
func (w *printer) template(n *node, end byte) {
	switch n.kind {
	case wordText:
		if n.text == "" && end != 0 {
			w.WriteString(`\0`) // an argument must not be empty
		}
		w.text(n.text)
	case wordConcat:
		for _, part := range n.list {
			w.template(part, 0)
		}
	case wordFunc:
		w.inline(n.fn.name, n.a)
	case wordExtern:
		if n.a == nil {
			w.atom(n)
			return
		}
		w.inline(n.ext.Name, n.a)
	default:
		w.atom(n)
	}
}

func (w *printer) inline(name string, arg *node) {
	w.WriteString("%{" + name + ":")
	w.template(arg, '}')
	w.WriteString("}")
}

// text prints text and escapes the characters that have a meaning in strings.
func (w *printer) text(s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\n':
			w.WriteString(`\n`)
		case '\\', '\'', '"', '%', '$', '}':
			w.WriteByte('\\')
			w.WriteByte(c)
		default:
			w.WriteByte(c)
		}
	}
}
