// Package uniqueid is mod_unique_id: UNIQUE_ID in the environment of every
// request. It is active only if LoadModule names it; otherwise it costs
// nothing.
//
// Imports module and the layers below it.
package uniqueid

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module.
func New() *module.Module {
	s := new(step)
	_, _ = rand.Read(s.process[:]) // it never fails
	return &module.Module{
		Name: "mod_unique_id", ID: "unique_id_module",
		Server: func(b *module.Builder, srv *module.Server) error {
			if b.Loaded == nil || !b.Loaded("unique_id_module") {
				return nil
			}
			srv.Site.PostRead = append(srv.Site.PostRead, s)
			srv.Site.Early = true
			return nil
		},
	}
}

// step sets the variable: 18 bytes that encode the second, this process and the
// request in it, in httpd's alphabet.
type step struct {
	process [10]byte
	count   atomic.Uint32
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@-"

// Do implements exchange.Step. httpd: set_unique_id; a request after an
// internal redirect keeps the id of the first.
func (s *step) Do(x *exchange.Exchange) error {
	if v, ok := x.Env.Get("REDIRECT_UNIQUE_ID"); ok {
		x.Env.Set("UNIQUE_ID", v)
		return nil
	}
	var id [18]byte
	binary.BigEndian.PutUint32(id[:], uint32(x.Times.Start.Unix()))
	copy(id[4:], s.process[:])
	binary.BigEndian.PutUint32(id[14:], s.count.Add(1))
	out := x.Arena.Alloc(24)
	for i := 0; i < len(id); i += 3 {
		v := uint32(id[i])<<16 | uint32(id[i+1])<<8 | uint32(id[i+2])
		out = append(out, alphabet[v>>18], alphabet[v>>12&63], alphabet[v>>6&63], alphabet[v&63])
	}
	x.Env.Set("UNIQUE_ID", out)
	return nil
}
