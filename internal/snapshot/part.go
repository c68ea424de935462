package snapshot

import (
	"iter"
	"sync/atomic"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/worker"
)

// Task is work in the background while a snapshot is current. Start is called
// once; Stop may be called without it, more than once, from any thread, and does
// not wait. run starts work on a loop (reactor.Engine.Run).
type Task interface {
	Start(run func(func(reactor.Loop)))
	Stop()
}

// Log is a log that a configuration names.
type Log struct {
	Dest   string // a file by absolute path, or "|program", or "syslog"
	Errors bool   // an ErrorLog, not a CustomLog
}

// Part is what is built, kept and released together: the servers of the files, or
// those of one text that was discovered. A snapshot with other texts has the parts of
// those that are the same, as they are: no check of a backend begins again, and no
// log is opened again.
type Part struct {
	Sites []*exchange.Site // of the files: the main server first, then virtual hosts in file order
	Hosts []*VHost
	About any // what it was built from, for pages (*module.Read)

	Workers worker.List    // every worker of every site, for sweeping and status
	Logs    []Log          // named by its directives, in their order; one may occur more than once
	Meters  []Metered      // what its servers count for the metrics page
	Tasks   []Task         // run while a snapshot with it is current
	Checks  *health.Checks // of members of balancers, likewise; nil: none

	Certs []*certfile.Pair                  // of all sites, to be looked at for changes
	Looks []func() (said string, err error) // look at further files for changes, as often; for the log, each change and fault once
	Keys  []string                          // files of certificates and keys: what the privileged helper may open for reading

	Begin   []func()     // run in their order right before the first snapshot with it becomes current; they do not wait
	Lease   *state.Lease // on the surviving state
	Closers []func()     // run once it is released; may take long
	Sweeps  []func()     // run once a second while it is current; they do not wait

	holders atomic.Int64 // snapshots that are not closed
	current atomic.Int64 // of these, those that are not retired
	begun   atomic.Bool  // Begin was called
	started atomic.Bool
}

// Metered is a server whose requests are counted.
type Metered struct {
	Name     string // of its virtual host, as a label
	Host     *metrics.Host
	Mappings []string         // that its configuration names: "ProxyPass /app"
	Workers  []*worker.Worker // that are not members of a balancer
}

// Folded returns how many of the servers that are counted have no separate metrics.
func (p *Part) Folded() (n int) {
	for i := range p.Meters {
		if p.Meters[i].Name == metrics.Other {
			n++
		}
	}
	return n
}

// hold counts one more snapshot.
func (p *Part) hold() {
	p.holders.Add(1)
	p.current.Add(1)
}

// begin runs Begin, once.
func (p *Part) begin() {
	if p.begun.CompareAndSwap(false, true) {
		for _, f := range p.Begin {
			f()
		}
	}
}

// start begins the work in the background, once.
func (p *Part) start(run func(func(reactor.Loop))) {
	if !p.started.CompareAndSwap(false, true) {
		return
	}
	p.Checks.Start(run)
	for _, t := range p.Tasks {
		t.Start(run)
	}
}

// leave says that a snapshot was retired. The last one ends the work in the
// background.
func (p *Part) leave() {
	if p.current.Add(-1) > 0 {
		return
	}
	p.Checks.Stop()
	for _, t := range p.Tasks {
		t.Stop()
	}
}

// release says that a snapshot was closed. The last one releases the resources, slow
// ones last.
func (p *Part) release() {
	if p.holders.Add(-1) > 0 {
		return
	}
	if p.Lease != nil {
		p.Lease.Release()
	}
	for _, c := range p.Closers {
		c()
	}
}

// Abandon releases a part that no snapshot has, on a separate goroutine, because log
// programs may take seconds to end.
func (p *Part) Abandon() {
	p.hold()
	p.leave()
	go p.release()
}

// each returns what all parts have.
func each[T any](s *Snapshot, of func(*Part) []T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, p := range s.Parts {
			for _, v := range of(p) {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// Sites returns the main server, then the virtual hosts, those of the files first.
func (s *Snapshot) Sites() iter.Seq[*exchange.Site] {
	return each(s, func(p *Part) []*exchange.Site { return p.Sites })
}

// Workers returns every worker of every site.
func (s *Snapshot) Workers() iter.Seq[*worker.Worker] {
	return each(s, func(p *Part) []*worker.Worker { return p.Workers.All() })
}

// Logs returns the logs that directives name.
func (s *Snapshot) Logs() iter.Seq[Log] { return each(s, func(p *Part) []Log { return p.Logs }) }

// Certs returns the certificates of all sites.
func (s *Snapshot) Certs() iter.Seq[*certfile.Pair] {
	return each(s, func(p *Part) []*certfile.Pair { return p.Certs })
}

// Looks returns what looks at further files for changes.
func (s *Snapshot) Looks() iter.Seq[func() (said string, err error)] {
	return each(s, func(p *Part) []func() (string, error) { return p.Looks })
}

// Keys returns the files of certificates and keys.
func (s *Snapshot) Keys() iter.Seq[string] { return each(s, func(p *Part) []string { return p.Keys }) }

// Sweeps returns what runs once a second while the snapshot is current.
func (s *Snapshot) Sweeps() iter.Seq[func()] {
	return each(s, func(p *Part) []func() { return p.Sweeps })
}

// Metered returns the servers whose requests are counted.
func (s *Snapshot) Metered() iter.Seq[Metered] {
	return each(s, func(p *Part) []Metered { return p.Meters })
}
