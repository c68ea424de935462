// Package reqtimeout is mod_reqtimeout: how long a client may take to send its
// request.
//
// It only sets the times in the site; the front measures. A server that limits
// neither heads nor bodies has no times at all.
//
// Imports module and the layers below it.
package reqtimeout

import (
	"cmp"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
)

// conf holds a server's times. A stage is inherited whole or not at all.
type conf struct {
	handshake, head, body module.Opt[exchange.ReadTime]

	said fault.Limit // the last directive, as written
}

var slot = directive.Slot[conf]{Name: "reqtimeout", Merge: func(base, add *conf) *conf {
	return &conf{
		handshake: module.Over(base.handshake, add.handshake),
		head:      module.Over(base.head, add.head),
		body:      module.Over(base.body, add.body),
		said:      cmp.Or(add.said, base.said),
	}
}}

// httpd's defaults when the module is loaded.
var (
	defaultHead = exchange.ReadTime{First: 20 * time.Second, Most: 40 * time.Second, PerByte: time.Second / 500}
	defaultBody = exchange.ReadTime{First: 20 * time.Second, PerByte: time.Second / 500}
)

const id = "reqtimeout_module"

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_reqtimeout", ID: id,
		Rows:   []directive.Row{{Name: "RequestReadTimeout", Set: set}},
		Server: server,
	}
}

// server sets the times of a site.
func server(b *module.Builder, s *module.Server) error {
	c, ok := slot.Peek(s.Conf)
	switch {
	case ok:
	case b.Present(id):
		c = &conf{}
	default:
		return nil
	}
	t := exchange.ReadTimes{Handshake: c.handshake.V, Head: c.head.Or(defaultHead), Body: c.body.Or(defaultBody)}
	// httpd: a connection whose site limits no stage is not measured at all,
	// even if the request then names a site that does.
	if t.Head.First > 0 || t.Body.First > 0 || c.handshake.V.First > 0 {
		s.Site.Reading, s.Site.ReadingLimit = &t, c.said
		if c.said.Line == "" {
			s.Site.ReadingLimit.Line = "RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500"
		}
	}
	return nil
}
