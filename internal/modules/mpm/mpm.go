// Package mpm maps the directives of httpd's process models: there is one
// process here, so most say nothing, and MaxRequestWorkers is the number of
// exchanges in flight.
//
// Imports module and what lies below it.
package mpm

import (
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// conf is what the directives say.
type conf struct {
	maxWorkers int
	graceful   time.Duration
}

var slot = directive.Slot[conf]{Name: "mpm"}

// New gives the module.
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

func setMaxWorkers(c *directive.Call) error {
	n, err := c.Int(c.Arg(0), 1, 1<<30)
	if err != nil {
		return err
	}
	slot.Of(c.Server).maxWorkers = n
	return nil
}

func setGraceful(c *directive.Call) error {
	n, err := c.Int(c.Arg(0), 0, 1<<30)
	if err != nil {
		return err
	}
	slot.Of(c.Server).graceful = time.Duration(n) * time.Second
	return nil
}

func finish(b *module.Builder) error {
	if c, ok := slot.Peek(b.Main.Server); ok {
		b.Snapshot.MaxInFlight, b.Snapshot.GracefulTimeout = c.maxWorkers, c.graceful
	}
	return nil
}
