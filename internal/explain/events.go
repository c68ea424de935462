package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/record"
)

// event prints one event; what is told elsewhere, or of no use to people, is left
// out.
func (p *printer) event(e record.Event) {
	switch e := e.(type) {
	case record.Host:
		p.host(&e)
	case record.Client:
		p.row("Client", "%s, by %s", visible(e.Address), p.directive(e.Line))
	case record.Note:
		label := "Note"
		if p.label == "Rewriting" {
			label = p.label // it belongs there
		}
		p.row(label, "%s", p.yellow("! "+visible(e.Text)))
	case record.Variable:
		p.variable(&e)
	case record.Rewrite:
		p.rewrite(&e)
	case record.Rule:
		p.rule(&e)
	case record.Rewritten:
		p.rewritten(&e)
	case record.Mapping:
		p.mapped(&e)
	case record.Access:
		p.access(&e)
	case record.Header:
		p.header(&e)
	case record.Backend:
		p.backend(&e)
	case record.Reverse:
		p.reverse(&e)
	case record.Answer:
		if !p.final {
			p.answer(&e)
		}
	case record.Document:
		p.row("Error page", "%s", p.directive(e.Line))
	}
}

// hows say why a virtual host was chosen.
var hows = map[record.How]string{
	record.ByName:    "its ServerName is the Host of the request",
	record.ByAlias:   "ServerAlias %s is the Host of the request",
	record.ByPattern: "ServerAlias %s matches the Host of the request",
	record.ByTag:     "the Host of the request is the address in its <VirtualHost>",
	record.ByDefault: "no ServerName and no ServerAlias matches the Host: it is the first of this address",
	record.ByAddress: "it is the only one of this address",
	record.ByMain:    "no <VirtualHost> is for this address: the main server",
	record.ByNobody:  "there is no <VirtualHost>",
}

func (p *printer) host(e *record.Host) {
	p.row("Host", "%s%s", visible(e.Name), p.at(e.Place))
	why := hows[e.How]
	if strings.Contains(why, "%s") {
		why = fmt.Sprintf(why, e.Matched)
	}
	if e.How == record.ByDefault || e.How == record.ByMain {
		why = p.yellow(why)
	}
	p.more("%s", why)
	if e.How == record.ByDefault && e.Asked != "" {
		p.more("the Host is %s; the others are %s", visible(e.Asked), visible(few(e.Others)))
	}
}

// few lists names, not all of many.
func few(names []string) string {
	const most = 8
	if n := len(names); n > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(names, ", ")
}

func (p *printer) variable(e *record.Variable) {
	text := e.Name + " = " + strconv.Quote(e.Value)
	if e.Unset {
		text = e.Name + " unset"
	}
	if p.label == "Rewriting" { // the rule itself follows
		p.sets = append(p.sets, text)
		return
	}
	p.row("Variables", "%s  %s", visible(text), p.directive(e.Line))
}

func (p *printer) rewrite(e *record.Rewrite) {
	where := "rules of the server"
	if e.Where != "server" {
		where = "rules of the section " + e.Where
	}
	if e.Rules == 0 {
		return
	}
	p.row("Rewriting", "%s on %s", visible(where), visible(e.Input))
}

func (p *printer) rule(e *record.Rule) {
	if !e.Matched && !p.style.All {
		p.unmatched++
		return
	}
	mark := p.dim("-")
	if e.Applied {
		mark = p.green("+")
	}
	p.row("Rewriting", "%s %s", mark, p.directive(e.Line))
	switch {
	case !e.Matched:
		p.more("does not match %s", visible(e.Input))
	case !e.Applied:
		p.more("matches %s, but not its conditions:", visible(e.Input))
	}
	for _, c := range e.Conditions {
		verdict := p.red("does not hold")
		if c.Holds {
			verdict = p.green("holds")
		}
		p.more("  %s: %s for %q%s", visible(c.Directive), verdict, c.Input, p.at(c.Place))
	}
	if e.Applied {
		p.effect(e)
	}
}

// effect says what an applied rule does.
func (p *printer) effect(e *record.Rule) {
	result := "leaves it unchanged"
	if e.Result != "" {
		result = "makes it " + e.Result
		if e.Query != "" {
			result += "?" + e.Query
		}
	}
	if e.Ends != "" {
		result += ", and ends the rules (" + e.Ends + ")"
	}
	if e.Skips > 0 {
		result += fmt.Sprintf(", and skips %d", e.Skips)
	}
	p.more("%s", visible(result))
	for _, s := range p.sets {
		p.more("sets %s", visible(s))
	}
	p.sets = nil
}

func (p *printer) rewritten(e *record.Rewritten) {
	n := p.unmatched
	p.unmatched = 0
	switch {
	case n == 0:
	case n == 1:
		p.row("Rewriting", "%s", p.dim("  1 rule does not match"))
	default:
		p.row("Rewriting", "%s", p.dim(fmt.Sprintf("  %d rules do not match", n)))
	}
}

func (p *printer) mapped(e *record.Mapping) {
	p.row("Mapping", "%s", p.directive(e.Line))
	target := strings.TrimPrefix(e.Target, "proxy:")
	switch e.To {
	case record.ToExcluded:
		p.more("takes it from the ProxyPass rules behind")
	case record.ToStatus:
		text := strconv.Itoa(e.Status)
		if e.Target != "" {
			text += " to " + e.Target
		}
		p.more("=> %s", visible(text))
	default:
		p.more("=> %s %s", e.To, visible(target)) // no target: what the rule makes cannot be sent
	}
}

func (p *printer) access(e *record.Access) {
	verdict := fmt.Sprintf("%-8s", e.Verdict)
	switch {
	case e.Verdict == "granted" || e.Verdict == "matches":
		verdict = p.green(verdict)
	case e.Verdict == "denied" || e.Verdict == "needs user":
		verdict = p.red(verdict)
	}
	if !e.Final {
		p.row("Access", "%s  %s", verdict, p.directive(e.Line))
		return
	}
	text := "=> " + e.Verdict
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if p.label != "Access" {
		text += " by " + p.directive(e.Line)
	}
	p.row("Access", "%s", text)
}

func (p *printer) header(e *record.Header) {
	label := "Request edit"
	if e.Of == "response" {
		label = "Response edit"
	}
	if e.Skipped == "" && e.Name != "" && len(e.Before)+len(e.After) == 0 && !p.style.All {
		return // there is nothing that it could change
	}
	if e.Skipped != "" {
		p.row(label, "%s %s: %s", p.dim("-"), p.directive(e.Line), visible(e.Skipped))
		return
	}
	p.row(label, "%s %s", p.green("+"), p.directive(e.Line))
	before, after := strings.Join(e.Before, " | "), strings.Join(e.After, " | ")
	switch {
	case e.Name == "":
	case slices.Equal(e.Before, e.After):
		p.more("%s", p.dim(visible(e.Name+" stays "+orNone(before, e.Before))))
	case len(e.After) == 0:
		p.more("%s", visible(e.Name+": "+before+" is taken off"))
	case len(e.Before) == 0:
		p.more("%s", visible(e.Name+": "+after))
	default:
		p.more("%s", visible(e.Name+": "+before+" => "+after))
	}
}

func orNone(text string, list []string) string {
	if len(list) == 0 {
		return "absent"
	}
	return text
}

func (p *printer) backend(e *record.Backend) {
	of := ""
	if e.Balancer != "" {
		of = ", a member of " + visible(e.Balancer)
	}
	p.row("Backend", "worker %s%s%s", visible(e.Worker), of, map[bool]string{false: ", connections are not kept"}[e.Reuses])
	if of != "" {
		p.more("%s", p.dim("as its first request: which member a running server elects depends on those before"))
	}
	for _, l := range e.Head {
		p.more("%s", visible(l))
	}
}

func (p *printer) reverse(e *record.Reverse) {
	if e.Becomes == e.Location {
		p.row("Backend", "%s", p.yellow("a redirect of it to "+visible(e.Location)+" would go out unchanged: no ProxyPassReverse is for it"))
		return
	}
	p.row("Backend", "%s", p.dim("a redirect of it to "+visible(e.Location)+" would become "+visible(e.Becomes)))
}

func (p *printer) answer(e *record.Answer) {
	text := strconv.Itoa(e.Status)
	if e.Location != "" {
		text += " to " + e.Location
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	p.row("Answer", "%s", visible(text))
}

// sections prints the list of sections with the conditions that were asked.
func (p *printer) sections(e *record.Sections, ifs []record.If) {
	if len(e.List)+len(ifs) == 0 {
		return
	}
	for i, s := range e.List {
		p.row("Sections", "%d. %s%s", i+1, visible(s.Tag), p.at(s.Place))
	}
	for _, c := range ifs {
		if c.Holds {
			continue
		}
		why := "does not hold"
		if !c.Asked {
			why = "is not asked: one before it holds"
		}
		p.row("Sections", "%s %s%s: %s", p.dim("-"), visible(c.Tag), p.at(c.Place), why)
	}
}
