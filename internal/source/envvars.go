package source

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ReadEnvvars reads Debian's /etc/apache2/envvars, which apache2ctl sources in
// a shell before it starts httpd, and returns the variables that httpd would
// then find in its environment. base is the environment before that.
//
// No shell is run. The accepted language covers what such files contain:
// assignments, export, unset, if with [ ], && and
//
// , quotes, ${NAME} with the usual operators, and ". file". ulimit and umask
// are skipped, because Headgate does not set them. Anything else is an error
// that names file and line.
//
// As in apache2ctl, APACHE_CONFDIR is the directory of the file unless base has it.
func ReadEnvvars(file string, base func(string) (string, bool)) (map[string]string, error) {
	return readEnvvars(osFS{}, file, base)
}

func readEnvvars(f FS, file string, base func(string) (string, bool)) (map[string]string, error) {
	if base == nil {
		base = func(string) (string, bool) { return "", false }
	}
	s := &shell{fs: f, base: base, vars: map[string]string{}, unset: map[string]bool{}, exported: map[string]bool{}}
	if _, ok := base("APACHE_CONFDIR"); !ok {
		s.set("APACHE_CONFDIR", path.Dir(file))
		s.exported["APACHE_CONFDIR"] = true
	}
	if err := s.source(file); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name, v := range s.vars {
		_, inherited := base(name)
		if s.exported[name] || inherited && !s.unset[name] {
			out[name] = v
		}
	}
	return out, nil
}

// shell executes the supported part of the shell's language.
type shell struct {
	fs       FS
	base     func(string) (string, bool)
	vars     map[string]string
	unset    map[string]bool // names of base that were unset
	exported map[string]bool

	depth  int // of files sourced
	tokens []shellToken
	at     int
}

const maxSourced = 16

func (s *shell) get(name string) (string, bool) {
	if v, ok := s.vars[name]; ok {
		return v, true
	}
	if s.unset[name] {
		return "", false
	}
	return s.base(name)
}

func (s *shell) set(name, value string) { s.vars[name] = value }

// cannot makes the error for the current line.
func (s *shell) cannot(what string) error {
	line := 0
	if s.at < len(s.tokens) {
		line = s.tokens[s.at].line
	}
	return &shellError{line, "cannot read " + strconv.Quote(what) + " without a shell"}
}

// source executes one file.
func (s *shell) source(file string) error {
	if s.depth++; s.depth > maxSourced {
		return fmt.Errorf("%s: files source each other more than %d deep", file, maxSourced)
	}
	defer func() { s.depth-- }()
	text, err := s.fs.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading environment variables: %w", err)
	}
	tokens, err := shellSplit(string(text))
	if err == nil {
		outer, at := s.tokens, s.at
		s.tokens, s.at = tokens, 0
		_, err = s.list(true)
		s.tokens, s.at = outer, at
	}
	if e, ours := err.(*shellError); ours { //nolint:errorlint // never wrapped: made above
		return fmt.Errorf("%s:%w", file, e)
	}
	return err
}

func (s *shell) peek() shellToken { return s.tokens[s.at] }

func (s *shell) isEnd() bool { return s.at == len(s.tokens)-1 }

// isWord reports whether the next token is the given reserved word.
func (s *shell) isWord(words ...string) bool {
	t := s.peek()
	return !t.op && slices.Contains(words, t.text)
}

// list executes commands up to one of the reserved words, or to the end when
// there is none, and returns whether the last one succeeded. With run false it
// only skips them.
func (s *shell) list(run bool, until ...string) (ok bool, err error) {
	ok = true
	for {
		for !s.isEnd() && s.peek().op && (s.peek().text == "\n" || s.peek().text == ";") {
			s.at++
		}
		switch {
		case s.isEnd() && len(until) > 0:
			return false, &shellError{s.peek().line, "end of file where " + until[len(until)-1] + " was expected"}
		case s.isEnd(), s.isWord(until...):
			return ok, nil
		}
		if ok, err = s.andOr(run); err != nil {
			return false, err
		}
	}
}

// andOr executes commands joined by && and ||.
func (s *shell) andOr(run bool) (ok bool, err error) {
	if ok, err = s.command(run); err != nil {
		return false, err
	}
	for {
		op := s.peek()
		if !op.op || op.text != "&&" && op.text != "||" {
			return ok, nil
		}
		s.at++
		for s.peek().op && s.peek().text == "\n" {
			s.at++
		}
		now := run && ok == (op.text == "&&")
		res, err := s.command(now)
		if err != nil {
			return false, err
		}
		if now {
			ok = res
		}
	}
}

// command executes an if or a simple command.
func (s *shell) command(run bool) (bool, error) {
	switch {
	case s.isWord("!"):
		s.at++
		ok, err := s.command(run)
		return !ok, err
	case s.isWord("if"):
		return s.ifCommand(run)
	case s.isWord("for", "while", "until", "case", "function", "{", "}", "then", "else", "elif", "fi", "do", "done", "esac"):
		return false, s.cannot(s.peek().text)
	}
	return s.simple(run)
}

func (s *shell) ifCommand(run bool) (bool, error) {
	done, ok := false, true
	for {
		s.at++ // if, elif
		yes, err := s.list(run && !done, "then")
		if err != nil {
			return false, err
		}
		s.at++ // then
		now := run && !done && yes
		res, err := s.list(now, "elif", "else", "fi")
		if err != nil {
			return false, err
		}
		if now {
			done, ok = true, res
		}
		if s.isWord("elif") {
			continue
		}
		if s.isWord("else") {
			s.at++
			now := run && !done
			res, err := s.list(now, "fi")
			if err != nil {
				return false, err
			}
			if now {
				ok = res
			}
		}
		s.at++ // fi
		return ok, nil
	}
}

// simple executes one simple command.
func (s *shell) simple(run bool) (bool, error) {
	start := s.at
	for !s.peek().op {
		s.at++
	}
	words := s.tokens[start:s.at]
	if t := s.peek(); t.op && t.text != "\n" && t.text != ";" && t.text != "&&" && t.text != "||" && !s.isEnd() {
		return false, s.cannot(t.text)
	}
	if len(words) == 0 {
		return false, s.cannot(s.peek().text)
	}
	if !run {
		return true, nil
	}
	end := s.at
	s.at = start // for the line in errors
	ok, err := s.execute(words)
	s.at = end
	return ok, err
}

func (s *shell) execute(words []shellToken) (bool, error) {
	if name, raw, isSet := assignment(words[0].text); isSet {
		v, _, err := s.word(raw)
		if err != nil {
			return false, err
		}
		s.set(name, v)
		if len(words) == 1 {
			return true, nil
		}
		if _, _, more := assignment(words[1].text); more {
			return s.execute(words[1:])
		}
		return false, s.cannot(words[1].text)
	}
	var args []string
	for _, w := range words[1:] {
		v, present, err := s.word(w.text)
		if err != nil {
			return false, err
		}
		if present {
			args = append(args, v)
		}
	}
	switch name := words[0].text; name {
	case "export":
		return true, s.export(args)
	case "unset":
		for _, a := range args {
			delete(s.vars, a)
			delete(s.exported, a)
			s.unset[a] = true
		}
		return true, nil
	case ".", "source":
		if len(args) != 1 {
			return false, s.cannot(name)
		}
		return true, s.source(args[0])
	case "[", "test":
		if name == "[" {
			if len(args) == 0 || args[len(args)-1] != "]" {
				return false, s.cannot("[ without ]")
			}
			args = args[:len(args)-1]
		}
		return s.test(args)
	case ":", "true", "ulimit", "umask":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, s.cannot(name)
	}
}

// assignment splits NAME=value.
func assignment(word string) (name, value string, ok bool) {
	n := nameLength(word)
	if n == 0 || n == len(word) || word[n] != '=' {
		return "", "", false
	}
	return word[:n], word[n+1:], true
}

func (s *shell) export(args []string) error {
	for _, a := range args {
		name, value, has := strings.Cut(a, "=")
		if nameLength(name) != len(name) || name == "" {
			return s.cannot("export " + a)
		}
		if has {
			s.set(name, value)
		} else if v, ok := s.get(name); ok {
			s.set(name, v)
		}
		s.exported[name] = true
	}
	return nil
}

// test evaluates the arguments of [ ].
func (s *shell) test(args []string) (bool, error) {
	if len(args) > 3 {
		for _, join := range []string{"-o", "-a"} {
			if i := slices.Index(args, join); i > 0 && i < len(args)-1 {
				a, err := s.test(args[:i])
				if err != nil {
					return false, err
				}
				b, err := s.test(args[i+1:])
				return join == "-o" && (a || b) || join == "-a" && a && b, err
			}
		}
	}
	switch {
	case len(args) == 0:
		return false, nil
	case len(args) == 1:
		return args[0] != "", nil
	case len(args) == 3 && isBinaryTest(args[1]):
		return compareTest(args[0], args[1], args[2]), nil
	case args[0] == "!":
		ok, err := s.test(args[1:])
		return !ok, err
	case len(args) == 2:
		return s.unaryTest(args[0], args[1])
	}
	return false, s.cannot("[ " + strings.Join(args, " ") + " ]")
}

func isBinaryTest(op string) bool {
	return slices.Contains([]string{"=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"}, op)
}

func compareTest(a, op, b string) bool {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	switch op {
	case "=", "==":
		return a == b
	case "!=":
		return a != b
	case "-eq":
		return x == y
	case "-ne":
		return x != y
	case "-lt":
		return x < y
	case "-le":
		return x <= y
	case "-gt":
		return x > y
	default:
		return x >= y
	}
}

// unaryTest tests a string or a file. A file that exists counts as readable and
// executable.
func (s *shell) unaryTest(op, arg string) (bool, error) {
	switch op {
	case "-n":
		return arg != "", nil
	case "-z":
		return arg == "", nil
	}
	info, err := s.fs.Stat(arg)
	switch op {
	case "-e", "-r", "-w", "-x", "-h", "-L":
		return err == nil, nil
	case "-f":
		return err == nil && info.Mode().IsRegular(), nil
	case "-d":
		return err == nil && info.IsDir(), nil
	case "-s":
		return err == nil && info.Size() > 0, nil
	}
	return false, s.cannot("[ " + op + " ]")
}
