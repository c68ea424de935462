package config

import "github.com/headgate/headgate/internal/source"

// Extend returns the configuration with other guests, under another generation. The
// files, and the guests that are the same, are taken over as they were built, so that
// a change costs what has changed, however much there is besides. Found has what was
// found in the guests that are new.
//
// It is for a configuration whose snapshot is current, or was replaced by what Extend
// returned. nil: a guest that is new, or gone, is not for itself, and everything must
// be loaded.
func (l *Loaded) Extend(guests []source.Text, generation uint64) *Loaded {
	if l.files == nil {
		return nil
	}
	next := &Loaded{Source: l.Source, Main: l.Main, Uses: l.Uses, Left: map[string][]string{}, files: l.files, wide: l.wide}
	before := make(map[string]*guest, len(l.guests))
	for _, g := range l.guests {
		if g.part != nil {
			before[g.text.Name] = g
		}
	}
	var fresh []*guest
	others, with := l.files.beside(), 0
	for _, t := range guests {
		next.order = append(next.order, t.Name)
		g := before[t.Name]
		switch {
		case g != nil && g.text.Text == t.Text:
			others.add(g)
		case l.wide[t.Name] == t.Text:
			with++
			continue
		default:
			read := l.Source.ReadGuest(t)
			if isWide(read.Root) {
				return nil
			}
			g = newGuest(t, read)
			fresh = append(fresh, g)
		}
		next.guests = append(next.guests, g)
	}
	if with != len(l.wide) {
		return nil
	}
	for _, g := range fresh {
		g.build(l.files, others)
		others.add(g)
		next.took(g)
	}
	next.compose(generation)
	return next
}

// took notes what was found in a guest that was built.
func (l *Loaded) took(g *guest) {
	if g.part != nil {
		l.Found = append(l.Found, g.found...)
	}
}
