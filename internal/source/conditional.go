package source

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// condition is one kind of section whose body is read or skipped.
type condition struct {
	name string
	test func(f *file, arg string) bool
}

// conditionRows returns all of them except IfVersion, which counts its arguments
// differently.
func conditionRows() []condition {
	return []condition{
		{"IfModule", func(f *file, arg string) bool { return f.hasModule(arg) }},
		{"IfDefine", func(f *file, arg string) bool { return f.res.IsDefined(arg) }},
		{"IfFile", func(f *file, arg string) bool { _, err := f.FS.Stat(f.rootRelative(arg)); return err == nil }},
		{"IfDirective", func(f *file, arg string) bool { return f.knows(arg) }},
		{"IfSection", func(f *file, arg string) bool { return f.knows("<" + arg) }},
	}
}

// knows reports whether a directive, or with a leading '<' a section, exists.
func (r *reader) knows(name string) bool {
	if section, ok := strings.CutPrefix(name, "<"); ok {
		folded := ascii.ToLower(section)
		return r.conditions[folded] != nil || folded == "ifversion" || folded == "macro" ||
			r.KnownSection != nil && r.KnownSection(section)
	}
	return r.rows[ascii.ToLower(name)] != nil || r.KnownDirective != nil && r.KnownDirective(name)
}

// decide evaluates the arguments. text is the error, if any.
func (c *condition) decide(f *file, args string) (yes bool, text string) {
	arg, ok := syntax.CutBracket(args)
	if !ok {
		return false, "<" + c.name + "> directive missing closing '>'"
	}
	arg, not := strings.CutPrefix(arg, "!")
	word, _ := syntax.Word(arg)
	if word == "" {
		return false, "<" + c.name + "> directive requires additional arguments"
	}
	return c.test(f, word) != not, ""
}

// conditional enters or skips the body. A condition that cannot be evaluated
// skips it; its contents are not reported.
func (f *file) conditional(name string, yes bool, text string, h syntax.Head, l syntax.Line) {
	if text != "" {
		f.failAt(l, name, text, syntax.TrailingComment(h.Args))
	}
	if yes && text == "" {
		f.tree.Enter(name, l.Site())
		return
	}
	f.soak(name, l, text == "")
}

// soak skips the body of the conditional section name. Nested sections must be
// closed in order; apart from that the lines are not examined.
//
// httpd: ap_soak_end_container. Variables are not expanded here, the last byte
// of a closing tag is cut off whatever it is, and a nested opening tag with
// text after its first word must be closed with its bracket.
func (f *file) soak(name string, at syntax.Line, report bool) {
	open := []string{name}
	for l, ok := f.next(); ok; l, ok = f.next() {
		word, rest := syntax.Word(l.Text)
		if !strings.HasPrefix(word, "<") {
			continue
		}
		if !strings.HasPrefix(word, "</") {
			if rest == "" {
				word = strings.TrimSuffix(word, ">")
			}
			open = append(open, word[1:])
			continue
		}
		closes := ""
		if len(word) > 2 {
			closes = word[2 : len(word)-1]
		}
		top := open[len(open)-1]
		if !ascii.EqualFold(closes, top) {
			if report {
				f.failAt(at, name, "Expected </"+top+"> but saw </"+closes+">", "seen at "+l.Pos.String())
			}
			report = false
			if open = unwind(open, closes); open == nil && f.tree.CloseQuietly(closes) {
				return // it closes a section around this one
			} else if open == nil {
				open = []string{name}
			}
			if len(open) == 0 {
				return
			}
			continue
		}
		if open = open[:len(open)-1]; len(open) == 0 {
			return
		}
	}
	if report && !f.stopped {
		f.failAt(at, name, "Expected </"+open[len(open)-1]+"> before end of configuration", "")
	}
	f.tree.Excuse()
}

// unwind closes open sections down to the one called name. It returns nil if
// there is none.
func unwind(open []string, name string) []string {
	for i := len(open) - 1; i >= 0; i-- {
		if ascii.EqualFold(open[i], name) {
			return open[:i]
		}
	}
	return nil
}

const badVersion = "Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers."

// testVersion evaluates <IfVersion [[!]op] version>. A blank may precede the
// closing bracket, so that the version can be quoted.
func (f *file) testVersion(args string) (yes bool, text string) {
	w, ok := take123.words(args)
	if !ok {
		return false, "<IfVersion " + take123.text + ", a comparison operator, a version (and a delimiter)"
	}
	for len(w) < 3 {
		w = append(w, "")
	}
	op, version, end := w[0], w[1], w[2]
	if version == "" {
		op, version = "=", op
	}
	if end == "" && version == ">" {
		op, version, end = "=", op, ">"
	}
	bare, closed := strings.CutSuffix(version, ">")
	if version == "" || end != ">" && !closed {
		return false, "<IfVersion> directive missing closing '>'"
	}
	if end != ">" {
		version = bare
	}
	return f.compareVersion(op, version)
}

func (f *file) compareVersion(op, version string) (yes bool, text string) {
	not := len(op) > 1 && op[0] == '!'
	base := op
	if not {
		base = op[1:]
	}
	switch base {
	case "~":
		yes, text = f.matchVersion(version)
	case "=", "==":
		if !strings.HasPrefix(version, "/") {
			return f.orderVersion(version, func(c int) bool { return c == 0 }, not)
		}
		if len(version) < 2 || !strings.HasSuffix(version, "/") {
			return false, "Missing delimiting / of regular expression."
		}
		yes, text = f.matchVersion(version[1 : len(version)-1])
	case "<":
		return f.orderVersion(version, func(c int) bool { return c < 0 }, not)
	case "<=":
		return f.orderVersion(version, func(c int) bool { return c <= 0 }, not)
	case ">":
		return f.orderVersion(version, func(c int) bool { return c > 0 }, not)
	case ">=":
		return f.orderVersion(version, func(c int) bool { return c >= 0 }, not)
	default:
		return false, "unrecognized operator '" + op + "'"
	}
	return text == "" && yes != not, text
}

func (f *file) matchVersion(pattern string) (bool, string) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false, "Unable to compile regular expression"
	}
	return re.MatchString(f.Version), ""
}

// orderVersion compares our version with the argument.
func (f *file) orderVersion(version string, holds func(int) bool, not bool) (bool, string) {
	theirs, ok := parseVersion(version)
	if !ok {
		return false, badVersion
	}
	ours, _ := parseVersion(f.Version)
	for i := range ours {
		if c := ours[i] - theirs[i]; c != 0 {
			return holds(c) != not, ""
		}
	}
	return holds(0) != not, ""
}

// parseVersion reads major[.minor[.patch]]; a missing part is zero.
func parseVersion(s string) (v [3]int, ok bool) {
	if s == "" || !ascii.IsDigit(s[0]) {
		return v, false
	}
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return v, false
	}
	for i, p := range parts {
		if p == "" {
			continue // httpd: "2." and "2..1" count as zero
		}
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return v, false
		}
		v[i] = int(n)
	}
	return v, true
}
