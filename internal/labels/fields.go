package labels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// field is a label of ours or of Traefik's.
type field struct {
	name    string // as the container has it
	folded  string // in lower case: names of labels have no case
	value   string
	verdict Verdict
	note    string
	bad     bool // refused for its value: what it belongs to cannot be what its author meant
	judged  bool
}

// ok notes that the label is honoured.
func (f *field) ok(format string, args ...any) { f.judge(Honoured, format, args) }

// mapped notes that what the label asks for is done in another way.
func (f *field) mapped(format string, args ...any) { f.judge(Mapped, format, args) }

// harmless notes why there is nothing to do.
func (f *field) harmless(format string, args ...any) { f.judge(Harmless, format, args) }

func (f *field) judge(v Verdict, format string, args []any) {
	if f.verdict == Refused && f.judged {
		return // a refusal is final
	}
	f.verdict, f.judged = v, true
	f.note = fmt.Sprintf(format, args...)
}

// fields are the labels of one container that concern us, sorted by name.
type fields struct {
	c    *Container
	all  []*field
	byID map[string]*field // by folded name
	t    *translation
}

// fieldsOf picks the labels that concern us and checks names and values. ok is false when the container has too many labels
// to be looked at.
func (t *translation) fieldsOf(c *Container) (fs *fields, ok bool) {
	if len(c.Labels) > maxLabels {
		t.problem(c, "", "it has %d labels, the limit is %d: none was looked at", len(c.Labels), maxLabels)
		return nil, false
	}
	fs = &fields{c: c, byID: map[string]*field{}, t: t}
	for name, value := range c.Labels {
		folded := ascii.ToLower(name)
		if strings.HasPrefix(folded, "headgate.") || strings.HasPrefix(folded, "traefik.") {
			fs.all = append(fs.all, &field{name: name, folded: folded, value: value})
		}
	}
	slices.SortFunc(fs.all, func(a, b *field) int { return strings.Compare(a.name, b.name) })
	for _, f := range fs.all {
		fs.admit(f)
	}
	return fs, true
}

// admit checks a label by itself.
func (fs *fields) admit(f *field) {
	switch {
	case len(f.name) > maxName:
		f.name, f.bad = f.name[:maxName]+"…", true
		fs.refuse(f, "the name of the label has more than %d bytes", maxName)
	case !printable(f.name):
		f.name, f.bad = fmt.Sprintf("%+q", f.name), true
		fs.refuse(f, "the name of the label has characters other than printable ones of ASCII")
	case fs.byID[f.folded] != nil:
		first := fs.byID[f.folded]
		f.bad, first.bad = true, true
		fs.refuse(f, "the label is there twice, as %s too", first.name)
		fs.refuse(first, "the label is there twice, as %s too", f.name)
	default:
		fs.byID[f.folded] = f
		if f.folded == "headgate.conf" {
			break // has lines; conf.go checks them
		}
		err := checkValue(f.value)
		if err == errVariable && strings.HasSuffix(f.folded, ".replacement") {
			break // ${1} is a group; mwpath.go translates it
		}
		if err != nil {
			f.bad = true
			fs.refuse(f, "%v", err)
		}
	}
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// refuse notes that a label is refused, and why.
func (fs *fields) refuse(f *field, format string, args ...any) {
	if f.judged && f.verdict == Refused {
		return
	}
	f.verdict, f.judged, f.note = Refused, true, fmt.Sprintf(format, args...)
	fs.t.problem(fs.c, f.name, "%s", f.note)
}

// get returns a label by its name in lower case, nil if it is not there.
func (fs *fields) get(folded string) *field { return fs.byID[folded] }

// verdicts adds the verdict on each label to the result.
func (fs *fields) verdicts() {
	for _, f := range fs.all {
		if !f.judged {
			fs.refuse(f, "unknown label")
		}
		fs.t.labels = append(fs.t.labels, Label{Container: shown(fs.c.Name), Name: f.name, Verdict: f.verdict, Note: f.note})
	}
}

// isTrue reads a switch as Traefik and Docker Compose write it.
func isTrue(s string) (on, ok bool) {
	switch ascii.ToLower(strings.TrimSpace(s)) {
	case "true", "on", "yes", "1", "t":
		return true, true
	case "false", "off", "no", "0", "f", "":
		return false, true
	}
	return false, false
}

// list splits a value at commas.
func list(s string) (words []string) {
	for w := range strings.SplitSeq(s, ",") {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}
