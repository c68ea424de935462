package ssl

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/state"
)

// tickets sets the keys of a configuration for session tickets. They are made and rotated
// by crypto/tls, daily, serve all loops and outlive reloads; SSLSessionTicketKeyFile
// replaces them (ticketFile). A ticket counts only at the server that has issued it, and while that
// demands the same certificates of clients: other sessions must not get in here. It counts
// as long as SSLSessionCacheTimeout says.
func tickets(b *module.Builder, s *module.Server, c *conf, cfg *tls.Config, v *exchange.Verify) {
	if cfg.SessionTicketsDisabled {
		return
	}
	keys := state.Attach(b.Lease, "tls session tickets", func() (*tls.Config, func()) { return new(tls.Config), nil })
	own := []byte("headgate server " + s.Key)
	if c.ticket.Set && !b.Blind {
		f, err := sharedKeys(b, c.ticket.V.path)
		if err != nil {
			b.Fail(c.ticket.V.pos, "SSLSessionTicketKeyFile", err)
			return
		}
		// Servers that share the file may have other addresses.
		keys, own = &f.keys, []byte("headgate server "+hostPort(s))
	}
	if v != nil {
		own = fmt.Appendf(own, " verifies %d %d %x", v.Demand.Mode, v.Demand.Depth, v.Checker.Key())
	}
	bind(cfg, keys, own, c.life.Or(defaultLife), b.Clock)
}

const (
	defaultLife = 5 * time.Minute    // httpd: SSL_SESSION_CACHE_TIMEOUT
	openSSLLife = 2 * time.Hour      // where SSLSessionCacheTimeout is 0 (OpenSSL: tls1_default_timeout)
	longestLife = 7 * 24 * time.Hour // of crypto/tls, and RFC 8446, section 4.6.1
)

// bind has the tickets of cfg be encrypted by keys, hold own, and count for life.
func bind(cfg *tls.Config, keys *tls.Config, own []byte, life time.Duration, now *clock.Clock) {
	cfg.WrapSession = func(cs tls.ConnectionState, ss *tls.SessionState) ([]byte, error) {
		if sizeOf(cs.PeerCertificates) > mostInTicket {
			return noTicket, nil
		}
		ss.Extra = append(ss.Extra, own)
		return keys.EncryptTicket(cs, ss)
	}
	cfg.UnwrapSession = func(identity []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		ss, err := keys.DecryptTicket(identity, cs)
		if err != nil || ss == nil {
			return nil, err
		}
		if made, ok := created(ss); !ok || now.Now().Sub(made) > life {
			return nil, nil //nolint:nilnil // as below
		}
		for i, e := range ss.Extra {
			if bytes.Equal(e, own) {
				ss.Extra = append(ss.Extra[:i:i], ss.Extra[i+1:]...) // a renewed ticket gets it again
				return ss, nil
			}
		}
		return nil, nil //nolint:nilnil // crypto/tls then makes a full handshake
	}
}

// created returns when a session began. With TLS 1.2 that is the full handshake, also of a
// ticket that was renewed since; crypto/tls then drops what Extra has, so that the time is
// taken from the state's encoding, where it follows version, kind and cipher suite; a test
// says so if that changes.
func created(ss *tls.SessionState) (at time.Time, ok bool) {
	const before, size = 2 + 1 + 2, 8
	text, err := ss.Bytes()
	if err != nil || len(text) < before+size {
		return at, false
	}
	return time.Unix(int64(binary.BigEndian.Uint64(text[before:])), 0), true //nolint:gosec // what time.Unix returned
}

// mostInTicket is how many bytes of a client's certificates a ticket may have in it.
// What does not fit 64 KiB would end the connection.
const mostInTicket = 16 << 10

// noTicket is a ticket that resumes nothing. crypto/tls cannot send none.
var noTicket = []byte{0}

func sizeOf(list []*x509.Certificate) (n int) {
	for _, c := range list {
		n += len(c.Raw)
	}
	return n
}
