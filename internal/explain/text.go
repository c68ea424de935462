package explain

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/record"
)

// Style says how a report is printed as text.
type Style struct {
	Colour bool
	Folder string // places below it are printed without it; "": all are printed whole
	All    bool   // also rules that did not match, and edits that were not made
}

// Text writes the report for people: the outcome first, then how it came.
func (r *Report) Text(w io.Writer, s Style) error {
	p := &printer{w: w, style: s}
	p.top(r)
	for i, pass := range r.Passes {
		if i > 0 {
			p.line("")
			p.line("%s %s", p.bold("Again at "+pass.Path), p.dim("("+pass.Why+")"))
		}
		p.final = i == len(r.Passes)-1
		p.pass(pass)
	}
	p.response(r)
	p.block("Error log", r.Log)
	return p.err
}

// printer writes lines under labels and keeps the first error.
type printer struct {
	w     io.Writer
	style Style
	label string // of the block being written
	err   error

	final     bool     // this is the last pass
	sets      []string // variables that the present rule sets
	unmatched int      // rules of the present list that were not told
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// labelWidth is the width of the left column.
const labelWidth = 14

// row writes a line in the block of a label, which is printed where the block
// begins.
func (p *printer) row(label, format string, args ...any) {
	shown := ""
	if label != p.label {
		p.line("")
		p.label, shown = label, label
	}
	pad := strings.Repeat(" ", max(labelWidth-len(shown), 0))
	text := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	p.line("%s", p.bold(shown)+pad+" "+text)
}

// more writes a line further in.
func (p *printer) more(format string, args ...any) { p.row(p.label, "  "+format, args...) }

func (p *printer) block(label string, lines []string) {
	for _, l := range lines {
		p.row(label, "%s", visible(l))
	}
}

// The colours. Without colour they change nothing.
func (p *printer) paint(code, s string) string {
	if !p.style.Colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *printer) bold(s string) string   { return p.paint("1", s) }
func (p *printer) dim(s string) string    { return p.paint("2", s) }
func (p *printer) red(s string) string    { return p.paint("31", s) }
func (p *printer) green(s string) string  { return p.paint("32", s) }
func (p *printer) yellow(s string) string { return p.paint("33", s) }

// at prints a place behind what stands there.
func (p *printer) at(place string) string {
	if place == "" || place == "-" {
		return ""
	}
	if f := p.style.Folder; f != "" {
		place = strings.TrimPrefix(place, strings.TrimSuffix(f, string(filepath.Separator))+string(filepath.Separator))
	}
	return "  " + p.dim("("+place+")")
}

func (p *printer) directive(l record.Line) string { return visible(l.Directive) + p.at(l.Place) }

// visible makes what a terminal would act on visible.
func visible(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			q := strconv.QuoteToASCII(s)
			return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
		}
	}
	return s
}

// top is the request and its outcome.
func (p *printer) top(r *Report) {
	q := &r.Request
	p.line("%s %s", p.bold(visible(q.Method)), p.bold(visible(q.URL)))
	p.line("%s", p.arrow(&r.Outcome))
	if r.Outcome.By.Directive != "" {
		p.line("   by %s", p.directive(r.Outcome.By))
	}
	if r.Outcome.Page != nil {
		from := ""
		if r.Outcome.Backend != "" {
			from = ", from " + visible(r.Outcome.Backend)
		}
		p.line("   page by %s%s", p.directive(*r.Outcome.Page), from)
	}
	if n := r.late(); n > 0 {
		p.line("   %s", p.yellow("what comes too late is told below"))
	}
	if r.Outcome.Why != "" {
		p.line("   %s", visible(r.Outcome.Why))
	}
	p.label = ""
	p.row("Request", "from %s to %s%s", withoutPort(q.From), q.To, map[bool]string{true: ", encrypted"}[q.TLS])
	if q.Host != "" {
		p.more("%s", visible(q.Host))
	}
}

// withoutPort is an address for people: the port of a client means nothing.
func withoutPort(s string) string {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().String()
	}
	return s
}

// arrow is the outcome in one line.
func (p *printer) arrow(o *Outcome) string {
	status := strconv.Itoa(o.Status)
	if t := http.StatusText(o.Status); t != "" {
		status += " " + t
	}
	switch {
	case o.Kind == Forwarded:
		return p.green("=> forwarded to " + visible(o.Backend))
	case o.Kind == Redirects:
		return p.yellow("=> " + status + ", to " + visible(o.Location))
	case o.Status == 0:
		return p.red("=> no response: the connection is closed")
	case o.Status >= 400:
		return p.red("=> " + status)
	}
	return p.green("=> " + status)
}

// response is what the client gets.
func (p *printer) response(r *Report) {
	p.label = ""
	p.block("Response", r.Head)
	if r.Outcome.Kind == Forwarded {
		p.row("Response", "%s", p.dim("if the backend responds "+strconv.Itoa(r.Request.Backend)+"; see --status and --response-header"))
	}
}

// pass prints the events of one pass.
func (p *printer) pass(pass *Pass) {
	p.label = ""
	from, to := lastSections(pass.Events)
	var late []record.Late
	var ifs []record.If
	for i, e := range pass.Events {
		switch e := e.(type) {
		case record.Late:
			if !contains(late, e) {
				late = append(late, e)
			}
		case record.If:
			if i > from && i < to {
				ifs = append(ifs, e)
			}
		case record.Sections:
			if i == to {
				p.sections(&e, ifs)
			}
		default:
			p.event(e)
		}
	}
	for _, l := range late {
		p.row("Too late", "%s", p.yellow(visible(l.Directive))+p.at(l.Place))
		p.more("matches too, but %s decides", p.directive(l.By))
		if path, _, _ := strings.Cut(pass.Path, "?"); l.Path != path {
			p.more("it matches %s", visible(l.Path))
		}
	}
}

func contains(list []record.Late, e record.Late) bool {
	for _, l := range list {
		if l.Line == e.Line {
			return true
		}
	}
	return false
}

// lastSections returns the index of the last list of sections, and that of the
// one before it: an earlier one was only what was known by then.
func lastSections(list []record.Event) (from, to int) {
	from, to = -1, -1
	for i, e := range list {
		if _, ok := e.(record.Sections); ok {
			from, to = to, i
		}
	}
	return from, to
}
