package status

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/scoreboard"
)

// shownLoop is an event loop, ready to show.
type shownLoop struct{ Loop, Clients, Coroutines, Accepted, Busy, Lag, Tag string }

// loads describes the event loops; nil: the engine does not measure them.
func (r report) loads() []scoreboard.Load {
	if r.board.Loads == nil {
		return nil
	}
	return r.board.Loads()
}

// lagBad is from what lag on a loop is shown as bad.
const lagBad = 100 * time.Millisecond

func (r report) loops() (list []shownLoop) {
	for _, l := range r.loads() {
		one := shownLoop{
			Loop: strconv.Itoa(l.Loop), Clients: fmt.Sprint(l.Clients), Coroutines: fmt.Sprint(l.Coroutines), Accepted: fmt.Sprint(l.Accepted),
			Busy: l.Busy.Round(time.Millisecond).String(), Lag: l.Lag.Round(10 * time.Microsecond).String(), Tag: "good",
		}
		if l.Lag >= lagBad {
			one.Tag = "bad"
		}
		list = append(list, one)
	}
	return list
}

// shownPool is the connections to a backend, ready to show.
type shownPool struct{ Backend, InUse, Idle, Limit, Waiting string }

// pools returns the backends that have connections, or requests that wait for one, and
// how many more there are than the page lists.
func (r report) pools() (list []shownPool, hidden int) {
	for w := range r.snapshot.Workers() {
		open, idle := w.State.Counts()
		waiting := w.State.Waiting()
		if open+idle+waiting == 0 {
			continue
		}
		if len(list) == most {
			hidden++
			continue
		}
		one := shownPool{Backend: w.Name, InUse: fmt.Sprint(max(open-idle, 0)), Idle: fmt.Sprint(idle), Limit: "none", Waiting: fmt.Sprint(waiting)}
		if w.Max > 0 {
			one.Limit = fmt.Sprint(w.Max)
		}
		list = append(list, one)
	}
	return list, hidden
}

// shownReload is a reload, ready to show.
type shownReload struct{ At, Generation, Took, Outcome, Tag string }

func (r report) reloads() (list []shownReload) {
	for _, o := range r.board.Reloads().Latest {
		one := shownReload{
			At: o.At.Format(clockForm), Generation: fmt.Sprint(o.Generation), Took: o.Took.Round(time.Millisecond).String(), Outcome: "ok", Tag: "good",
		}
		if !o.OK {
			one.Outcome, one.Tag = "failed: "+o.Error, "bad"
		}
		list = append(list, one)
	}
	return list
}

// shownCert is a certificate, ready to show.
type shownCert struct{ File, Subject, Until, Left, Tag string }

// certificate is one that the server shows to clients.
type certificate struct {
	file, subject string
	until         time.Time
}

// certificates returns those of the server, the first to expire first.
func (r report) certificates() (list []certificate) {
	seen := make(map[certificate]bool)
	for p := range r.snapshot.Certs() {
		leaf := p.Certificate().Leaf
		if leaf == nil {
			continue
		}
		c := certificate{p.Files[0], leaf.Subject.String(), leaf.NotAfter}
		if !seen[c] {
			seen[c] = true
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b certificate) int { return cmp.Or(a.until.Compare(b.until), cmp.Compare(a.file, b.file)) })
	return list
}

// expiry returns the certificates as the page has them, and how many more there are.
func (r report) expiry() (list []shownCert, hidden int) {
	all := r.certificates()
	for _, c := range all[:min(len(all), most)] {
		days := int(c.until.Sub(r.now).Hours() / 24)
		one := shownCert{File: c.file, Subject: c.subject, Until: c.until.UTC().Format("2006-01-02 15:04 MST"), Left: fmt.Sprintf("%d days", days), Tag: "good"}
		switch {
		case r.now.After(c.until):
			one.Left, one.Tag = "expired", "bad"
		case days < 14:
			one.Tag = "warn"
		}
		list = append(list, one)
	}
	return list, max(len(all)-most, 0)
}

// autoServer writes what httpd has no keys for. Its names begin with Headgate, so that
// they are never mistaken for a later httpd's.
func (r report) autoServer(line func(string, ...any)) {
	for i, l := range r.loads() {
		line("HeadgateLoop[%d]Connections: %d", i, l.Clients)
		line("HeadgateLoop[%d]Coroutines: %d", i, l.Coroutines)
		line("HeadgateLoop[%d]BusySeconds: %g", i, l.Busy.Seconds())
		line("HeadgateLoop[%d]LagSeconds: %g", i, l.Lag.Seconds())
	}
	all := r.board.Reloads()
	r.autoSources(line)
	line("HeadgateReloadsOK: %d", all.OK)
	line("HeadgateReloadsFailed: %d", all.Failed)
	line("HeadgateLogLinesLost: %d", r.logs.Lost())
	if list := r.certificates(); len(list) > 0 {
		line("HeadgateCertificateExpiry: %d", list[0].until.Unix())
	}
}

// busyShare is a tile: how much of their time the loops were busy since they began to
// measure.
func (r report) busyShare() (tile, bool) {
	list := r.loads()
	if len(list) == 0 || r.uptime() <= 0 {
		return tile{}, false
	}
	var busy time.Duration
	for _, l := range list {
		busy += l.Busy
	}
	share := 100 * busy.Seconds() / (r.uptime().Seconds() * float64(len(list)))
	return tile{"Event loops busy", fmt.Sprintf("%.2g %%", min(share, 100))}, true
}
