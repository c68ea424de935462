package ssl

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/state"
)

// tickets sets the keys of a configuration for session tickets. They are made and rotated
// by crypto/tls, daily, serve all loops and outlive reloads; SSLSessionTicketKeyFile
// replaces them (ticketFile). A ticket counts only at the server that has issued it, and while that
// demands the same certificates of clients: other sessions must not get in here.
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
		for i, e := range ss.Extra {
			if bytes.Equal(e, own) {
				ss.Extra = append(ss.Extra[:i:i], ss.Extra[i+1:]...) // a renewed ticket gets it again
				return ss, nil
			}
		}
		return nil, nil //nolint:nilnil // crypto/tls then makes a full handshake
	}
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
