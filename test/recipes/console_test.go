package recipes

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/testkit"
)

// act is one command of a console block with the expected results.
type act struct {
	line    int
	command []string // the words after $
	answers map[string]*answer
	wants   []want
}

// answer is a response of a backend.
type answer struct {
	status int
	fields []string
	body   string
}

// want is one expected line.
type want struct {
	line  int
	where string // "" is the response, else a backend's port
	kind  kind
	text  string
}

type kind int

const (
	isFirst  kind = iota // status or request line
	hasField             // this field with this value
	noField
	inBody
	nothing
	noConnection // curl: (35), curl: (60)
)

var (
	comment  = regexp.MustCompile(`^# (\d+|TLS) (answers|sees|has) (.+)$`)
	withTLS  = regexp.MustCompile(`^# (\d+) ((?:is|wants) .+)$`)
	isDown   = regexp.MustCompile(`^# (\d+) is down$`)
	oneField = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+: `)
	absent   = regexp.MustCompile(`^no ([A-Za-z0-9-]+)$`)
)

// parseConsole reads the lines of a console block. It adds to down the backends that are, and
// to kinds what is said of the TLS of others.
func parseConsole(page string, b block, down map[string]bool, kinds map[string]string) (acts []*act, err error) {
	answers := map[string]*answer{}
	body := false
	for i, line := range b.lines {
		at := b.line + 1 + i
		fail := func(why string) error { return fmt.Errorf("%s:%d: %s: %q", page, at, why, line) }
		comment := comment.FindStringSubmatch(line)
		switch {
		case isDown.MatchString(line):
			down[isDown.FindStringSubmatch(line)[1]] = true
		case withTLS.MatchString(line):
			m := withTLS.FindStringSubmatch(line)
			kinds[m[1]] = m[2]
		case comment != nil && comment[2] == "answers":
			answered(answers, comment[1], comment[3])
		case strings.HasPrefix(line, "$ "):
			words, err := testkit.Words(line[2:])
			if err != nil {
				return nil, fail(err.Error())
			}
			acts = append(acts, &act{line: at, command: words, answers: answers})
			answers, body = map[string]*answer{}, false
		case len(acts) == 0:
			if strings.TrimSpace(line) != "" {
				return nil, fail("before the first command")
			}
		case line == "":
			body = true
		default:
			w, ok := wanted(line, comment, body)
			if !ok {
				return nil, fail("cannot read the line")
			}
			w.line = at
			last := acts[len(acts)-1]
			last.wants = append(last.wants, w)
		}
	}
	for _, a := range acts {
		if a.command[0] == "curl" && len(a.wants) == 0 {
			return nil, fmt.Errorf("%s:%d: this request has no expected result", page, a.line)
		}
	}
	return acts, nil
}

// answered adds the part of a response that one comment describes.
func answered(all map[string]*answer, port, text string) {
	a := all[port]
	if a == nil {
		a = &answer{status: 200, body: "ok"}
		all[port] = a
	}
	word, rest, _ := strings.Cut(text, " ")
	if n, err := strconv.Atoi(word); err == nil {
		a.status, a.body = n, rest
	} else {
		a.fields = append(a.fields, text)
	}
}

// script prints the response for testkit.ParseAnswer.
func (a *answer) script() []string {
	if a == nil {
		return []string{"respond", "200", "ok"}
	}
	bare := a.status < 200 || a.status == 204 || a.status == 304
	words := []string{"respond", strconv.Itoa(a.status)}
	if bare {
		words[0] = "head"
	}
	for _, f := range a.fields {
		words = append(words, "-h", f)
	}
	switch {
	case a.status == 101:
		words = append(words, ";", "close")
	case !bare:
		words = append(words, a.body)
	}
	return words
}

// wanted reads an expected line.
func wanted(line string, comment []string, body bool) (w want, ok bool) {
	text := line
	if comment != nil {
		w.where, text = comment[1], comment[3]
	} else if body {
		return want{kind: inBody, text: line}, true
	}
	w.text = text
	switch {
	case comment == nil && strings.HasPrefix(text, "curl: ("):
		w.kind = noConnection
	case comment != nil && text == "nothing":
		w.kind = nothing
	case absent.MatchString(text):
		w.kind, w.text = noField, absent.FindStringSubmatch(text)[1]
	case oneField.MatchString(text):
		w.kind = hasField
	case comment != nil || strings.HasPrefix(text, "HTTP/"):
		w.kind = isFirst
	default:
		return w, false
	}
	return w, true
}

// message is a request or response in comparable form, with ports masked.
type message struct {
	first  string
	fields []testkit.Field
	body   string
}

// unmet returns why a message is not as expected, "" if it is. m is nil if there was none.
func (w want) unmet(m *message) string {
	switch {
	case w.kind == nothing && m != nil:
		return "it saw " + m.first
	case w.kind == nothing:
		return ""
	case m == nil:
		return "there was no request"
	}
	switch w.kind {
	case isFirst:
		if !like(w.text, m.first) {
			return "it is " + m.first
		}
	case hasField:
		name, value, _ := strings.Cut(w.text, ": ")
		found := testkit.Lookup(m.fields, name)
		for _, v := range found {
			if like(value, v) {
				return ""
			}
		}
		return fmt.Sprintf("%s is %q", name, found)
	case noField:
		if found := testkit.Lookup(m.fields, w.text); len(found) > 0 {
			return fmt.Sprintf("%s is %q", w.text, found)
		}
	case inBody:
		if !like("..."+w.text+"...", m.body) {
			return fmt.Sprintf("the body is %q", m.body)
		}
	}
	return ""
}

// like compares with a text in which "..." stands for any text.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$").MatchString(text)
}
