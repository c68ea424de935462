package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// macro is one <Macro>: a text with parameters.
type macro struct {
	name     string // folded
	location string // httpd's: defined on line 1 of "f"
	params   []string
	body     []string     // logical lines, comments left out, with their "\n"
	at       []syntax.Pos // position of each of them
	broken   bool         // its definition was reported; its uses are not

	ignoreEmpty, ignoreNesting bool
}

const (
	paramPrefixes = "$%@" // first bytes of parameter names; @ quotes the argument
	maxMacroLine  = 8192  // httpd: MAX_STRING_LEN, the size of its line buffer
	maxMacroDepth = 200   // of macros using macros; httpd has no limit
)

// where names the macro as in httpd's messages.
func (m *macro) where() string { return fmt.Sprintf("macro '%s' (%s)", m.name, m.location) }

// defineMacro handles <Macro name params...> up to its closing line.
func (f *file) defineMacro(args string, l syntax.Line) {
	if f.macros == nil {
		f.macros = map[string]*macro{}
	}
	m := &macro{location: fmt.Sprintf("defined on line %d of \"%s\"", f.in.Line(), f.in.Name())}
	text := f.macroHead(m, args, l)
	if text == "" {
		if text = checkParams(m); text == "" {
			f.warnParams(m, l)
		}
	}
	if text != "" {
		f.failAt(l, "Macro", text, "")
	}
	m.broken = text != ""
	if !f.macroBody(m, l) && !m.broken {
		m.broken = true
		f.failAt(l, "Macro", m.where()+"\n\tcontents error: expected token not found: </Macro>", "")
	}
	if !m.broken {
		f.warnUnused(m, l)
	}
	if m.name != "" {
		f.macros[m.name] = m
	}
}

// macroHead reads the opening line into m.
func (f *file) macroHead(m *macro, args string, l syntax.Line) (fault string) {
	head, ok := syntax.CutBracket(args)
	switch {
	case !ok:
		return "<Macro> directive missing closing '>'"
	case head == "":
		return "<Macro macro definition: empty name"
	}
	f.warnTrailing("AH02801", "non blank chars found after <Macro closing '>'", args[len(head)+1:], l)
	name, rest := syntax.Word(head)
	if name == "" {
		return "<Macro macro definition: name not found"
	}
	m.name = ascii.ToLower(name)
	if old := f.macros[m.name]; old != nil {
		f.warn(l.Site(), "AH02802", "Macro", fmt.Sprintf("macro '%s' multiply defined: %s, re%s", m.name, old.location, m.location), "")
	}
	if strings.IndexByte(paramPrefixes, m.name[0]) >= 0 {
		f.warn(l.Site(), "AH02803", "Macro", m.where()+" better prefix a macro name with any of '"+paramPrefixes+"'", "")
	}
	m.params = syntax.Words(f.macroFlags(m, rest, l))
	return ""
}

// macroFlags takes /IgnoreEmptyArgs and /IgnoreBadNesting off the parameters.
func (f *file) macroFlags(m *macro, rest string, l syntax.Line) string {
	for strings.HasPrefix(rest, "/") {
		for _, flag := range []struct {
			name string
			set  *bool
		}{{"/IgnoreEmptyArgs", &m.ignoreEmpty}, {"/IgnoreBadNesting", &m.ignoreNesting}} {
			if ascii.HasPrefixFold(rest, flag.name) {
				*flag.set = true
				if rest = rest[len(flag.name):]; rest == "" {
					return ""
				}
			}
		}
		if rest[0] != ' ' {
			word, after, found := strings.Cut(rest, " ")
			f.warn(l.Site(), "AH02804", "Macro", m.where()+": unknown flag '"+word+"'", "")
			if found {
				rest = " " + after
			}
		}
		rest = rest[1:]
	}
	return rest
}

// checkParams refuses empty and duplicate names.
func checkParams(m *macro) (fault string) {
	for i, p := range m.params {
		if p == "" {
			return fmt.Sprintf("%s: empty argument #%d name", m.where(), i+1)
		}
		if j := slices.Index(m.params[i+1:], p); j >= 0 {
			return fmt.Sprintf("argument name conflict in %s: argument '%s': #%d and #%d, change argument names!", m.where(), p, i+1, i+j+2)
		}
	}
	return ""
}

// warnParams warns of parameter names that would be replaced unexpectedly.
func (f *file) warnParams(m *macro, l syntax.Line) {
	for i, p := range m.params {
		if strings.IndexByte(paramPrefixes, p[0]) < 0 {
			f.warn(l.Site(), "AH02796", "Macro", fmt.Sprintf("%s argument name '%s' (#%d) without expected prefix, better prefix argument names with one of '%s'.", m.where(), p, i+1, paramPrefixes), "")
		}
		if strings.HasPrefix(p, "${") {
			f.warn(l.Site(), "AH02805", "Macro", fmt.Sprintf("%s argument name '%s' (#%d) clashes with 'Define' syntax '${...}', better use '$(...)'.", m.where(), p, i+1), "")
		}
		for j, q := range m.params[i+1:] {
			if strings.HasPrefix(p, q) || strings.HasPrefix(q, p) {
				f.warn(l.Site(), "AH02797", "Macro", fmt.Sprintf("%s: argument name prefix conflict (%s #%d and %s #%d), be careful about your macro definition!", m.where(), p, i+1, q, i+j+2), "")
			}
		}
	}
}

// macroBody collects the lines up to the </Macro> that belongs to m; false when
// it is missing. Sections are counted for warnings only.
func (f *file) macroBody(m *macro, head syntax.Line) bool {
	start, macros, sections := f.in.Line(), 1, 1
	quiet := m.broken || m.ignoreNesting || f.ignoreNesting
	for l, ok := f.next(); ok; l, ok = f.next() {
		if strings.HasPrefix(l.Text, "#") {
			continue
		}
		first, _ := syntax.Word(l.Text)
		switch {
		case strings.HasPrefix(first, "</"):
			if sections--; sections < 0 && !quiet {
				f.warn(l.Site(), "AH02793", "Macro", fmt.Sprintf("bad (negative) nesting on line %d of %s", f.in.Line()-start, m.where()), "")
			}
		case strings.HasPrefix(first, "<"):
			sections++
		}
		if ascii.EqualFold(first, "</Macro>") {
			f.warnTrailing("AH02794", "non blank chars found after directive closing", l.Text[strings.LastIndexByte(l.Text, '>')+1:], l)
			if macros--; macros == 0 {
				if sections != 0 && !quiet {
					f.warn(head.Site(), "AH02795", "Macro", fmt.Sprintf("bad cumulated nesting (%+d) in %s", sections, m.where()), "")
				}
				return true
			}
		} else if ascii.EqualFold(first, "<Macro") {
			macros++
		}
		m.body = append(m.body, l.Text+"\n")
		m.at = append(m.at, l.Pos)
	}
	f.tree.Excuse()
	return f.stopped
}

// warnTrailing warns of text after a closing bracket, which is ignored.
func (f *file) warnTrailing(id, what, text string, l syntax.Line) {
	if t := strings.TrimLeft(text, " \t"); t != "" && t[0] != '#' {
		f.warn(l.Site(), id, "Macro", fmt.Sprintf("%s on line %d of %s: %s", what, f.in.Line(), f.in.Name(), text), "")
	}
}

// warnUnused warns of an empty macro and of parameters that the body does not
// use.
func (f *file) warnUnused(m *macro, l syntax.Line) {
	if len(m.body) == 0 {
		f.warn(l.Site(), "AH02799", "Macro", m.where()+": empty contents!", "")
		return
	}
	used := make([]bool, len(m.params))
	for _, line := range m.body {
		for rest := line; ; {
			at, which := m.nextParam(rest)
			if which < 0 {
				break
			}
			used[which] = true
			rest = rest[at+len(m.params[which]):]
		}
	}
	for i, p := range m.params {
		if !used[i] {
			f.warn(l.Site(), "AH02800", "Macro", fmt.Sprintf("%s: argument '%s' (#%d) never used", m.where(), p, i+1), "")
		}
	}
}

// nextParam finds the first parameter in s, and the longest where several begin
// at the same byte.
func (m *macro) nextParam(s string) (at, which int) {
	at, which = -1, -1
	for i, p := range m.params {
		j := strings.Index(s, p)
		if j >= 0 && (which < 0 || j < at || j == at && len(p) > len(m.params[which])) {
			at, which = j, i
		}
	}
	return at, which
}

// substitute replaces the parameters in one line by the arguments.
//
// httpd: after a replacement the search skips as many bytes as the argument is
// long, although quoting may have made it longer.
func (m *macro) substitute(line string, args []string) (string, bool) {
	from := 0
	for {
		at, which := m.nextParam(line[from:])
		if which < 0 {
			return line, true
		}
		from += at
		name, arg := m.params[which], args[which]
		put := arg
		if name[0] == '@' && name != arg {
			put = `"` + strings.ReplaceAll(strings.ReplaceAll(arg, `\`, `\\`), `"`, `\"`) + `"`
		}
		if len(line)-len(name)+len(put) >= maxMacroLine && name != arg {
			return "", false
		}
		line = line[:from] + put + line[from+len(name):]
		from += len(arg)
	}
}

// useMacro handles Use name arguments...
func useMacro(f *file, l syntax.Line, raw string, _ []string) string {
	if f.macros == nil {
		return "no macro defined before Use"
	}
	name, rest := syntax.Word(raw)
	name = ascii.ToLower(name)
	if name == "" {
		return "no macro name specified with Use"
	}
	m := f.macros[name]
	switch {
	case m == nil:
		known := make([]string, 0, len(f.macros))
		for k := range f.macros {
			known = append(known, k)
		}
		f.failAt(l, "Use", "macro '"+name+"' undefined", syntax.DidYouMean(name, sorted(known)))
		return ""
	case m.broken:
		return ""
	case strings.Contains(f.in.Name(), "macro '"+m.name+"'"):
		return "recursive use of macro '" + m.name + "' is invalid"
	case f.in.Depth() >= maxMacroDepth:
		return fmt.Sprintf("macros are used inside macros more than %d times over", maxMacroDepth)
	}
	args := syntax.Words(rest)
	if len(args) != len(m.params) {
		f.failAt(l, "Use", fmt.Sprintf("%s used with %d arguments instead of %d", m.where(), len(args), len(m.params)), syntax.TrailingComment(rest))
		return ""
	}
	return f.expandMacro(m, args, l)
}

func (f *file) expandMacro(m *macro, args []string, l syntax.Line) string {
	where := fmt.Sprintf("%s used on line %d of \"%s\"", m.where(), f.in.Line(), f.in.Name())
	for i, a := range args {
		if a == "" && !m.ignoreEmpty && !f.ignoreEmpty {
			f.warn(l.Site(), "AH02798", "Use", fmt.Sprintf("%s: empty argument #%d", where, i+1), "")
		}
	}
	lines := make([]string, len(m.body))
	for i, line := range m.body {
		var ok bool
		if lines[i], ok = m.substitute(line, args); !ok {
			return fmt.Sprintf("%s error while substituting: while processing line %d of %s cannot substitute, buffer size too small", where, i+1, m.where())
		}
	}
	if len(lines) > 0 {
		f.in.Insert(lines, m.at, &syntax.Expansion{Macro: m.name, Source: where, Used: l.Pos, Parent: l.Macro})
	}
	return ""
}

func undefMacro(f *file, _ syntax.Line, _ string, w []string) string {
	if f.macros == nil {
		return "no macro defined before UndefMacro"
	}
	name := ascii.ToLower(w[0])
	if f.macros[name] == nil {
		return "cannot remove undefined macro '" + name + "'"
	}
	delete(f.macros, name)
	return ""
}
