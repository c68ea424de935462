package source

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// readTime is one plain directive executed while reading (httpd's EXEC_ON_READ,
// and Error). run returns httpd's error text, "" for success.
type readTime struct {
	name  string
	takes arity
	usage string
	run   func(f *file, l syntax.Line, raw string, words []string) string
}

// readTimeRows returns all of them. It is a function and not a variable because
// running one may read a file whose lines use the rows again.
func readTimeRows() []readTime {
	return []readTime{
		{"Include", take1, "Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file", include},
		{"IncludeOptional", take1, "Name or pattern of the config file(s) to be included; ignored if the file does not exist or the pattern does not match any files", includeOptional},
		{"Define", take12, "Define a variable, optionally to a value.  Same as passing -D to the command line.", define},
		{"UnDefine", take1, "Undefine the existence of a variable. Undo a Define.", undefine},
		{"LoadModule", take2, "a module name and the name of a shared object file to load it from", loadModule},
		{"LoadFile", iterate, "shared object file or library to load into the server at runtime", loadFile},
		{"ServerRoot", take1, "Common directory of server-related files (logs, confs, etc.)", serverRoot},
		{"Use", rawArgs, "", useMacro},
		{"UndefMacro", take1, "Remove a macro definition.", undefMacro},
		{"MacroIgnoreEmptyArgs", rawArgs, "", func(f *file, _ syntax.Line, _ string, _ []string) string { f.ignoreEmpty = true; return "" }},
		{"MacroIgnoreBadNesting", rawArgs, "", func(f *file, _ syntax.Line, _ string, _ []string) string { f.ignoreNesting = true; return "" }},
		{"Error", rawArgs, "", raiseError},
	}
}

// arity is how httpd counts the arguments of a directive.
type arity struct {
	min, max int // max < 0: any number
	text     string
}

var (
	take1   = arity{1, 1, "takes one argument"}
	take12  = arity{1, 2, "takes 1-2 arguments"}
	take2   = arity{2, 2, "takes two arguments"}
	take123 = arity{1, 3, "takes one, two or three arguments"}
	iterate = arity{1, -1, "requires at least one argument"}
	rawArgs = arity{0, 0, ""}
)

// words splits args; ok is false when their number is wrong. An optional
// argument that is empty counts as absent, a mandatory one as missing.
func (a arity) words(args string) (words []string, ok bool) {
	if a == rawArgs {
		return nil, true
	}
	rest := args
	for len(words) != a.max && (rest != "" || len(words) < a.min) {
		var w string
		w, rest = syntax.Word(rest)
		if w == "" && len(words) < a.min {
			return nil, false
		}
		words = append(words, w)
	}
	return words, rest == ""
}

func serverRoot(f *file, _ syntax.Line, _ string, w []string) string {
	dir := absolute(f.FS, w[0])
	if info, err := f.FS.Stat(dir); err != nil || !info.IsDir() {
		return "ServerRoot must be a valid directory"
	}
	f.res.ServerRoot = dir
	return ""
}

// raiseError is the Error directive. httpd: the error has an id because it is
// raised when directives are applied, and no later line can prevent that.
func raiseError(f *file, l syntax.Line, raw string, _ []string) string {
	text := raw
	switch {
	case raw == "":
		text = "The Error directive was used with no message."
	case len(raw) > 1 && (raw[0] == '"' || raw[0] == '\'') && raw[len(raw)-1] == raw[0]:
		text = raw[1 : len(raw)-1]
	}
	f.fail(Diagnostic{Pos: l.Pos, Macro: l.Macro, ID: syntax.WalkError, Directive: "Error", Text: text})
	return ""
}

func define(f *file, _ syntax.Line, _ string, w []string) string {
	name := w[0]
	if strings.Contains(name, ":") {
		return "Variable name must not contain ':'"
	}
	if !f.res.IsDefined(name) {
		f.res.Defines[name] = ""
	}
	if len(w) > 1 && w[1] != "" {
		f.res.Defines[name] = w[1]
		f.vars[ascii.ToLower(name)] = w[1]
	}
	return ""
}

func undefine(f *file, _ syntax.Line, _ string, w []string) string {
	if strings.Contains(w[0], ":") {
		return "Variable name must not contain ':'"
	}
	delete(f.res.Defines, w[0])
	delete(f.vars, ascii.ToLower(w[0]))
	return ""
}

// expand replaces each ${NAME} in a line once: by the value of a Define,
// ignoring case, else by the environment. An unknown name is left unchanged,
// with a warning unless it holds a colon (then it refers to a rewrite map).
// False means that the line grew too long, which has been reported.
func (f *file) expand(l syntax.Line) (string, bool) {
	s := l.Text
	if !strings.Contains(s, "${") {
		return s, true
	}
	if f.literal {
		return s, f.guestVariable(l)
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			break
		}
		b.WriteString(s[:i])
		b.WriteString(f.variable(s[i:i+end+1], l))
		s = s[i+end+1:]
		if b.Len() > syntax.MaxLine {
			f.fail(Diagnostic{Text: fmt.Sprintf("Error reading %s at line %d: %s", f.in.Name(), f.in.Line(), syntax.ErrLineTooLong)})
			return "", false
		}
	}
	b.WriteString(s)
	return b.String(), true
}

// variable returns the value of ref, "${NAME}", or ref itself.
func (f *file) variable(ref string, l syntax.Line) string {
	name := ref[2 : len(ref)-1]
	if v, ok := f.vars[ascii.ToLower(name)]; ok {
		return v
	}
	if f.Env != nil {
		if v, ok := f.Env(name); ok {
			return v
		}
	}
	if !strings.Contains(name, ":") {
		known := make([]string, 0, len(f.res.Defines))
		for k := range f.res.Defines {
			known = append(known, k)
		}
		f.warn(l.Site(), "AH00111", "", "Config variable "+ref+" is not defined", syntax.DidYouMean(name, sorted(known)))
	}
	return ref
}
