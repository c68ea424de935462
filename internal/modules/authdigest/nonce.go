package authdigest

import (
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/fault"
)

// remembers reports whether clients and their nonces are kept.
func (m *method) remembers() bool { return m.conf.ncCheck || m.conf.life == 0 }

// judgeNonce judges the nonce of an answer that is right otherwise. httpd:
// check_nonce and check_nc.
func (m *method) judgeNonce(l *login) *fault.Fault {
	nonce, user := string(l.nonce), string(l.x.User)
	l.stale = true
	stamp, ok := m.clients.stamp(nonce, l.name, string(l.opaque))
	if !ok {
		return refuse("AH01776", "invalid nonce ", nonce, " received - hash is not ours")
	}
	if age := l.x.Loop.Now().Sub(time.UnixMicro(stamp)); m.conf.life > 0 && age > m.conf.life {
		f := refuse("AH01778", "user ", user, ": nonce expired (", age.String(), " old - max lifetime ", m.conf.life.String(), ") - sending new nonce")
		f.Kind = fault.InvalidInput // it happens to everybody, and is logged at info
		return f
	}
	if m.remembers() {
		if f := m.count(l, nonce, user); f != nil {
			return f
		}
	}
	l.stale = false
	return nil
}

// count judges how often a nonce is used.
func (m *method) count(l *login, nonce, user string) *fault.Fault {
	nc, err := strconv.ParseUint(string(l.nc), 16, 64)
	if err != nil && m.conf.ncCheck {
		l.stale = false
		return refuse("AH01773", "invalid nc ", string(l.nc), " received - not a number")
	}
	switch u, highest := m.clients.take(l.client(), nonce, nc, m.conf.life == 0, m.conf.ncCheck); u {
	case unknown:
		return refuse("AH10618", "client ", string(l.opaque), " is no longer known - sending new nonce")
	case repeated:
		return refuse("AH01779", "user ", user, ": one-time-nonce ", nonce, " already used - sending new nonce")
	case replayed:
		l.stale = false
		return refuse("AH01774", "Warning, possible replay attack: nonce-count check failed: ", strconv.FormatUint(nc, 10),
			" is not above ", strconv.FormatUint(highest, 10), " for nonce ", nonce)
	}
	return nil
}
