package manage

import (
	"crypto/rand"
	"fmt"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/proxy/param"
)

// nonce returns nonce= of a balancer, or one that is made when it is first asked
// for. The lock is held.
//
// Ours: one that was made survives a reload, so that a form that is open still
// works.
func (m *Manager) nonce(s *subject, b *balance.Balancer) string {
	if s.Params.Given(param.OfBalancer, "nonce") {
		return b.Nonce
	}
	n := m.nonces[s.key]
	if n == "" {
		var r [16]byte
		_, _ = rand.Read(r[:]) // it never fails
		n = fmt.Sprintf("%x-%x-%x-%x-%x", r[:4], r[4:6], r[6:8], r[8:10], r[10:])
		if m.nonces == nil {
			m.nonces = make(map[string]string)
		}
		m.nonces[s.key] = n
	}
	return n
}
