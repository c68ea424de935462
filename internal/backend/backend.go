// Package backend is the list of the protocols towards backends. Each has a folder
// below this one: a codec of backend/attempt, but for tcp.
//
// Imports those folders and worker.
package backend

import (
	"github.com/headgate/headgate/internal/backend/ajp"
	"github.com/headgate/headgate/internal/backend/fcgi"
	"github.com/headgate/headgate/internal/backend/http1"
	"github.com/headgate/headgate/internal/backend/scgi"
	"github.com/headgate/headgate/internal/backend/tcp"
	"github.com/headgate/headgate/internal/backend/uwsgi"
	"github.com/headgate/headgate/internal/worker"
)

// Protocols returns the protocols by the scheme of a worker's URL. ws, wss and https
// are http's, with an upgrade or TLS.
func Protocols() map[string]worker.Protocol {
	return map[string]worker.Protocol{
		"http":  http1.New(),
		"fcgi":  fcgi.New(),
		"scgi":  scgi.New(),
		"uwsgi": uwsgi.New(),
		"ajp":   ajp.New(),
		"tcp":   tcp.New(),
	}
}
