package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/headgate/headgate/internal/control"
)

// ctlPatience is how long the server may take to respond.
const ctlPatience = 30 * time.Second

// ask sends a request to a running server and prints the result: as JSON, or by show.
func (p process) ask(i instance, do string, args, result any, asJSON bool, show func() error) int {
	ctx, stop := context.WithTimeout(context.Background(), ctlPatience)
	defer stop()
	switch err := i.ask(ctx, do, args, result); {
	case errors.Is(err, control.ErrNone), errors.Is(err, control.ErrDenied), errors.Is(err, control.ErrCut):
		return p.failed("pid %d: %v", i.process.PID, err)
	case err != nil:
		return p.failed("%v", err)
	}
	if asJSON {
		show = func() error {
			e := json.NewEncoder(p.stdout)
			e.SetIndent("", "  ")
			return e.Encode(result)
		}
	}
	if show() != nil {
		return exitFailed
	}
	return exitOK
}
