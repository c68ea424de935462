package discover

import (
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/labels"
)

// culprit is a container whose labels do not compile: it is left out, so that what it
// shares a virtual host with is not.
type culprit struct {
	labels string // with which it does not
	why    string
}

// Refused implements Source. A text that is refused may be that of several services.
func (d *docker) Refused(texts map[string][]string) (again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range texts {
		if _, known := d.suspects[name]; !known {
			d.suspects[name] = true
			again = true
		}
	}
	for name := range d.suspects {
		if texts[name] == nil {
			delete(d.suspects, name) // what is refused again is looked into again
		}
	}
	return again
}

// innocent leaves out the culprits that have not changed since, as problems.
func (d *docker) innocent(all []*labels.Container) (left []*labels.Container, excluded []Problem) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.culprits) == 0 {
		return all, nil
	}
	for _, c := range all {
		bad, ok := d.culprits[c.ID]
		if ok && bad.labels == written(c.Labels) {
			excluded = append(excluded, Problem{Subject: c.Name, Text: "it is left out, as its labels do not compile: " + bad.why})
			continue
		}
		left = append(left, c)
	}
	slices.SortFunc(excluded, func(a, b Problem) int { return strings.Compare(a.Subject, b.Subject) })
	return left, excluded
}

// written is a set of labels as one text.
func written(m map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b.WriteString(k + "\x00" + m[k] + "\x00")
	}
	return b.String()
}

// convict looks for the services whose text alone does not compile, in the virtual
// hosts that were refused. It reports whether there are more culprits than before.
func (d *docker) convict(prefix string, found *labels.Result, all []*labels.Container, o labels.Options, f *Facts) (more bool) {
	if f.Compiles == nil || !d.suspicious() {
		return false
	}
	for _, site := range found.Sites {
		name := siteName(prefix, site)
		d.mu.Lock()
		suspect := d.suspects[name]
		if suspect {
			d.suspects[name] = false
		}
		d.mu.Unlock()
		if !suspect {
			continue
		}
		for _, s := range found.Services {
			if slices.Contains(site.Services, s.Name) {
				more = d.judge(s, all, o, f) || more
			}
		}
	}
	return more
}

// suspicious reports whether there are texts to look into.
func (d *docker) suspicious() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, open := range d.suspects {
		if open {
			return true
		}
	}
	return false
}

// judge makes the containers of a service culprits if its text alone does not compile.
func (d *docker) judge(s *labels.Service, all []*labels.Container, o labels.Options, f *Facts) bool {
	var own []labels.Container
	for _, c := range all {
		if slices.ContainsFunc(s.Members, func(m labels.Member) bool { return m.Container == c.Name }) {
			own = append(own, *c)
		}
	}
	alone := labels.Translate(own, o)
	err := f.Compiles(alone.Config())
	if err == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range own {
		d.culprits[c.ID] = culprit{labels: written(c.Labels), why: err.Error()}
	}
	return true
}
