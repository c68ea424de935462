package status

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/discover"
)

// shownSource is a source of automatic configuration, ready to show.
type shownSource struct {
	Name, Where, State, Error, Tag, Heard, Seen, Changes, Services, Refused string

	List   []shownService
	Hidden int // services that are not in the list

	Wrong       []shownWrong
	HiddenWrong int // that are not in the list
}

type (
	shownService struct{ Name, Takes, Members, Refused string }
	shownWrong   struct{ Name, Why string }
)

// reports returns what was discovered.
func (r report) reports() []discover.Report {
	if r.discovered == nil {
		return nil
	}
	return r.discovered()
}

// sources returns it for the page.
func (r report) sources() (list []shownSource) {
	for _, d := range r.reports() {
		s := shownSource{
			Name: d.Source, Where: d.Where, State: d.State(), Tag: "good", Heard: "–", Seen: fmt.Sprint(d.Seen), Changes: fmt.Sprint(d.Changes),
			Services: fmt.Sprint(len(d.Services())), Refused: fmt.Sprint(d.Refused()),
		}
		if d.Kind != discover.KindDocker && d.Kind != discover.KindFile {
			s.Changes, s.Services, s.Refused = "–", "–", "–"
		}
		if !d.OK {
			s.Tag = "bad"
		}
		if d.Error != "" {
			s.Error = d.Error
		}
		if !d.Heard.IsZero() {
			s.Heard = fmt.Sprint(int64(max(r.now.Sub(d.Heard), 0).Seconds()))
		}
		s.services(&d)
		s.wrong(&d)
		list = append(list, s)
	}
	return list
}

// services lists what a source contributes.
func (s *shownSource) services(d *discover.Report) {
	if len(d.Members) > 0 {
		s.List = append(s.List, shownService{Name: d.Where, Members: strings.Join(d.Members, ", ")})
	}
	for _, p := range d.Services() {
		if len(s.List) == most {
			s.Hidden++
			continue
		}
		takes := strings.Join(p.Hosts, ", ")
		if paths := strings.Join(p.Paths, " "); paths != "" && paths != "/" {
			takes += " " + paths
		}
		s.List = append(s.List, shownService{
			Name: p.Name[strings.IndexByte(p.Name, '/')+1:], Takes: strings.TrimSpace(takes), Members: strings.Join(p.Members, ", "),
			Refused: strings.Join(p.Refused, "; "),
		})
	}
}

// wrong lists what is not used, conflicts first.
func (s *shownSource) wrong(d *discover.Report) {
	add := func(name, why string) {
		if len(s.Wrong) == most {
			s.HiddenWrong++
			return
		}
		s.Wrong = append(s.Wrong, shownWrong{name, why})
	}
	for _, c := range d.Conflicts {
		add(c.Loser, c.What)
	}
	for _, p := range d.Pieces {
		if len(p.Refused) > 0 {
			add(p.Name, strings.Join(p.Refused, "; "))
		}
	}
	for _, p := range d.Problems {
		add(p.Subject, p.Text)
	}
}

// autoSources writes them for programs. httpd has no such lines.
func (r report) autoSources(line func(string, ...any)) {
	for _, d := range r.reports() {
		line("HeadgateDiscovered[%s]State: %s", d.Source, d.State())
		line("HeadgateDiscovered[%s]Seen: %d", d.Source, d.Seen)
		line("HeadgateDiscovered[%s]Services: %d", d.Source, len(d.Services()))
		line("HeadgateDiscovered[%s]LeftOut: %d", d.Source, d.Refused())
		line("HeadgateDiscovered[%s]Conflicts: %d", d.Source, len(d.Conflicts))
	}
}
