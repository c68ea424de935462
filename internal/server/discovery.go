package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/filewatch"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
)

// discovery is what the server takes over besides its files, guarded by life. A
// configuration without HeadgateDiscover has no hub, and keeps no files.
type discovery struct {
	hub     *discover.Hub  // also in seen
	options config.Options // of the latest load that took effect, with its files
	loaded  *config.Loaded // what is in effect
	claims  *config.Claims // what these have
	outcome

	said map[string]bool // problems and conflicts that were logged and are still there

	seen atomic.Pointer[discover.Hub] // for pages, which do not wait for a reload

	watcher *filewatch.Watcher // of the files; nil: never asked for
	ended   bool               // the server stops: nothing more is begun
	tried   *source.Kept       // the files of a load that failed since the latest one that took effect
}

// outcome is what has become of what is discovered. A load replaces it.
type outcome struct {
	wanted []source.Text         // what is discovered
	guests []source.Text         // of these, what is in effect
	faults map[string]guestFault // of these, what cannot be compiled, by name
}

// guestFault is a text that cannot be compiled.
type guestFault struct {
	text   string
	why    []string
	logged bool
}

// firstWord is how long a start waits for sources to say what there is.
const firstWord = 2 * time.Second

// discovering begins to discover what a configuration says that is about to take
// effect, and stops what it does not say any more.
func (s *Server) discovering(loaded *config.Loaded, o config.Options) {
	d, snap := &s.discovery, loaded.Snapshot
	d.options, d.loaded, d.tried = config.Options{}, nil, nil
	if len(snap.Discover) > 0 || snap.Watch {
		d.options = o
		if o.Files != nil {
			o.Files.Again()
		}
	}
	d.claims = nil
	if len(snap.Discover) > 0 {
		d.claims, d.loaded = loaded.Claims(), loaded
		if d.hub == nil && !d.ended {
			d.hub = discover.NewHub(discover.Options{Merge: s.merge, Event: s.onSource})
			d.seen.Store(d.hub)
		}
	}
	if d.hub != nil {
		d.hub.Configure(snap.Discover)
		d.hub.Touch()
	}
}

// discoverFirst is discovering at the start: it waits for what there is, and loads
// the configuration with that.
func (s *Server) discoverFirst(loaded *config.Loaded, o config.Options) *config.Loaded {
	s.discovering(loaded, o)
	d := &s.discovery
	if d.hub == nil {
		return loaded
	}
	d.hub.Wait(firstWord)
	d.wanted = s.translate(loaded.Snapshot)
	if len(d.wanted) == 0 {
		s.tookGuests(nil) // pages and tables show that there is nothing
		return loaded
	}
	with, err := s.loadIsolated(d.options)
	if err != nil {
		return loaded
	}
	s.retire(loaded.Snapshot)
	d.loaded = with
	s.tookGuests(nil)
	return with
}

// translate returns what the sources contribute beside the files of a snapshot.
func (s *Server) translate(snap *snapshot.Snapshot) (texts []source.Text) {
	for _, p := range s.discovery.hub.Translate(s.facts(snap)) {
		if !p.Saved && p.Config != "" {
			texts = append(texts, source.Text{Name: p.Name, Text: p.Config})
		}
	}
	return texts
}

// merge takes over what is discovered, by a new snapshot of the files as they were
// read for the current one. The hub calls it.
func (s *Server) merge() {
	s.life.Lock()
	defer s.life.Unlock()
	d := &s.discovery
	if !s.running || d.hub == nil || d.claims == nil {
		return
	}
	wanted := s.translate(s.pipeline.Current())
	if slices.Equal(wanted, d.wanted) && d.settled() {
		s.tookGuests(d.guests) // problems and states may be others
		return
	}
	before := d.guests
	d.wanted = wanted
	o := d.options
	o.Generation = s.generation + 1
	began := time.Now()
	loaded, err := s.loadIsolated(o)
	if err != nil {
		s.logf(logsink.Error, "", nil, "what was discovered is not taken over: %v; the configuration stays as it was", err)
		s.logReport(loaded)
		return
	}
	s.swap(loaded.Snapshot)
	d.loaded = loaded
	s.publish(s.describe(loaded.Snapshot))
	s.tookGuests(before)
	s.logGuests(loaded, before, time.Since(began))
	_ = s.o.Notify.Ready(s.status())
}

// settled reports whether everything that is wanted is in effect, or refused.
func (d *discovery) settled() bool { return len(d.guests)+len(d.faults) == len(d.wanted) }

// refused returns why texts are left out, by name.
func (d *discovery) refused() map[string][]string {
	out := make(map[string][]string, len(d.faults))
	for name, f := range d.faults {
		out[name] = f.why
	}
	return out
}

// loadIsolated is loadGuests, and once more without what makes a text of several
// services wrong: the others must not be left out with it, not even for a moment.
func (s *Server) loadIsolated(o config.Options) (*config.Loaded, error) {
	d := &s.discovery
	loaded, err := s.loadGuests(o, d.loaded)
	if err != nil || !d.hub.Refused(d.refused()) {
		return loaded, err
	}
	s.logFaults()
	wanted := s.translate(d.loaded.Snapshot)
	if slices.Equal(wanted, d.wanted) {
		return loaded, nil
	}
	s.retire(loaded.Snapshot)
	d.wanted = wanted
	return s.loadGuests(o, d.loaded)
}

// loadGuests loads a configuration with what was discovered, apart from the texts
// that cannot be compiled. base is what is in effect, where the files are the same.
// The error is that of the files alone.
func (s *Server) loadGuests(o config.Options, base *config.Loaded) (*config.Loaded, error) {
	d := &s.discovery
	faults := map[string]guestFault{}
	left := make([]source.Text, 0, len(d.wanted))
	for _, t := range d.wanted {
		if f, ok := d.faults[t.Name]; ok && f.text == t.Text {
			faults[t.Name] = f
			continue
		}
		left = append(left, t)
	}
	refused := map[string][]string{}
	loaded, left, err := s.fit(o, base, left, refused)
	if err != nil {
		return loaded, err
	}
	for _, t := range d.wanted {
		if why := refused[t.Name]; why != nil {
			faults[t.Name] = guestFault{text: t.Text, why: why}
		}
	}
	d.guests, d.faults = left, faults
	return loaded, nil
}

// fit loads a configuration with as many of the guests as can be compiled with it.
// Those that cannot are added to refused. Where they are for themselves, only what is
// new beside base is compiled.
func (s *Server) fit(o config.Options, base *config.Loaded, guests []source.Text, refused map[string][]string) (*config.Loaded, []source.Text, error) {
	take := func(l *config.Loaded) (*config.Loaded, []source.Text, error) {
		maps.Copy(refused, l.Left)
		return l, config.Without(guests, l.Left), nil
	}
	if base != nil {
		if loaded := base.Extend(guests, o.Generation); loaded != nil {
			return take(loaded)
		}
	}
	for {
		o.Guests = guests
		loaded := config.Load(o, s.rt, s.o.Modules)
		if loaded.OK() && loaded.Snapshot != nil {
			return take(loaded)
		}
		if len(guests) == 0 {
			return loaded, nil, &ConfigError{Loaded: loaded}
		}
		blamed, others := loaded.Blame()
		if len(blamed) == 0 {
			// The fault is at a place in a file: without guests it is the file's.
			o.Guests = nil
			alone := config.Load(o, s.rt, s.o.Modules)
			if !alone.OK() || alone.Snapshot == nil {
				return alone, nil, &ConfigError{Loaded: alone}
			}
			s.retire(alone.Snapshot)
			culprit := s.search(o, guests)
			blamed = map[string][]string{guests[culprit].Name: others}
		}
		for name, why := range blamed {
			refused[name] = why
		}
		guests = config.Without(guests, blamed)
	}
}

// search returns the first guest with which those before it cannot be compiled.
func (s *Server) search(o config.Options, guests []source.Text) int {
	good, bad := 0, len(guests) // so many can be compiled; so many cannot
	for bad-good > 1 {
		n := (good + bad) / 2
		o.Guests = guests[:n]
		loaded := config.Load(o, s.rt, s.o.Modules)
		if loaded.OK() && loaded.Snapshot != nil {
			s.retire(loaded.Snapshot)
			good = n
		} else {
			bad = n
		}
	}
	return bad - 1
}

// tookGuests tells the hub what is in effect now.
func (s *Server) tookGuests(before []source.Text) {
	d := &s.discovery
	was := make(map[string]string, len(before))
	for _, t := range before {
		was[t.Name] = t.Text
	}
	now := make(map[string]string, len(d.guests))
	for _, t := range d.guests {
		now[t.Name] = t.Text
	}
	d.hub.Took(d.refused(), func(name string) bool { return was[name] != now[name] })
	s.logComplaints()
	if s.o.OnDiscovered != nil {
		s.o.OnDiscovered(s.Discovered())
	}
}

// logGuests logs what has changed, and the warnings about it.
func (s *Server) logGuests(l *config.Loaded, before []source.Text, took time.Duration) {
	d := &s.discovery
	was := make(map[string]string, len(before))
	for _, t := range before {
		was[t.Name] = t.Text
	}
	fresh := map[string]bool{}
	var parts []string
	for _, t := range d.guests {
		old, known := was[t.Name]
		delete(was, t.Name)
		switch {
		case !known:
			parts = append(parts, "+"+short(t.Name))
		case old != t.Text:
			parts = append(parts, "~"+short(t.Name))
		default:
			continue
		}
		fresh[t.Name] = true
	}
	for _, t := range before {
		if _, gone := was[t.Name]; gone {
			parts = append(parts, "-"+short(t.Name))
		}
	}
	s.logf(logsink.Notice, "", nil, "discovered: %s; configuration %d after %v", listed(parts), s.generation, took.Round(time.Millisecond))
	s.logFaults()
	for _, m := range l.Found {
		if level, ok := levels[m.Severity]; ok && fresh[m.Pos.File] {
			s.logf(level, m.ID, nil, "%s", m.House())
		}
	}
}

// logFaults logs what is left out, once.
func (s *Server) logFaults() {
	d := &s.discovery
	for _, name := range slices.Sorted(maps.Keys(d.faults)) {
		f := d.faults[name]
		if f.logged {
			continue
		}
		f.logged = true
		d.faults[name] = f
		s.logf(logsink.Error, "", nil, "discovered: %s is left out: %s", short(name), strings.Join(f.why, "; "))
	}
}

// short is the name of a text as people know it.
func short(name string) string { return strings.TrimPrefix(name, snapshot.GuestPrefix) }

// mostListed is how many names one line of the log has.
const mostListed = 8

// listed joins names, with a number for those that have no room.
func listed(names []string) string {
	if len(names) == 0 {
		return "nothing new"
	}
	if n := len(names) - mostListed; n > 0 {
		return strings.Join(names[:mostListed], " ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, " ")
}

// onSource logs that a source can be heard no more, or again.
func (s *Server) onSource(source, state, text string) {
	if state == "ok" {
		s.logf(logsink.Notice, "", nil, "discovered: %s can be heard again", source)
		return
	}
	s.logf(logsink.Error, "", nil, "discovered: %s cannot be heard: %s; what it said before stays", source, text)
}
