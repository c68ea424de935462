// Package mpm maps the directives of httpd's process models. There is one
// process here, so most have no effect, and MaxRequestWorkers limits the
// exchanges in flight.
//
// Imports module and the layers below it.
package mpm

import (
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// conf holds the directives' values.
type conf struct {
	maxWorkers int
	graceful   time.Duration
}

var slot = directive.Slot[conf]{Name: "mpm"}

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mpm_event", ID: "mpm_event_module", Static: true, Rows: rows(), Finish: finish}
}

const oneProcess = "there is one process with its own event loops: the number is not needed"

func rows() []directive.Row {
	list := []directive.Row{
		{Name: "MaxRequestWorkers", Tier: directive.Mapped, Note: "the number of exchanges in flight at once; further ones wait their turn", Set: setMaxWorkers},
		{Name: "MaxClients", Tier: directive.Mapped, Note: "as MaxRequestWorkers: the number of exchanges in flight at once", Set: setMaxWorkers},
		{Name: "GracefulShutdownTimeout", Set: setGraceful},
	}
	for _, n := range []string{
		"StartServers", "ServerLimit", "MinSpareServers", "MaxSpareServers", "MinSpareThreads", "MaxSpareThreads",
		"ThreadLimit", "ThreadsPerChild", "ThreadStackSize", "MaxConnectionsPerChild", "MaxRequestsPerChild",
		"AsyncRequestWorkerFactor", "MaxMemFree", "ListenCoresBucketsRatio",
	} {
		list = append(list, directive.Row{Name: n, Tier: directive.Mapped, Note: oneProcess})
	}
	return list
}

// leastWorkers is httpd's value for a MaxRequestWorkers below 1: its default of
// ThreadsPerChild.
const leastWorkers = 25

func setMaxWorkers(c *directive.Call) error {
	n := c.Number(c.Arg(0))
	if n < 1 {
		c.Warn("%s of %d is not possible, increasing to %d", c.Row.Name, n, leastWorkers)
		n = leastWorkers
	}
	slot.Of(c.Server).maxWorkers = n
	return nil
}

// setGraceful: httpd accepts any number; after a negative time everything is
// cut at once.
func setGraceful(c *directive.Call) error {
	d := time.Duration(c.Number(c.Arg(0))) * time.Second
	if d < 0 {
		d = time.Nanosecond
	}
	slot.Of(c.Server).graceful = d
	return nil
}

func finish(b *module.Builder) error {
	if c, ok := slot.Peek(b.Main.Server); ok {
		b.Settings.MaxInFlight, b.Settings.GracefulTimeout = c.maxWorkers, c.graceful
	}
	return nil
}
