package exchange

import (
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// BackendTLS makes new connections to backends encrypted. Connections that equal
// values have made for the same name are alike.
type BackendTLS interface {
	// Secure makes the handshake on a connection, which it owns from then on, and
	// returns the connection to use. name is the name that the backend must have, "":
	// any, which only health checks allow; sni is the name that is sent, "": none;
	// backend is its worker; by is when all of it must be done. The fault does not say
	// which backend it was.
	Secure(conn reactor.Conn, name, sni, backend string, by time.Time) (reactor.Conn, *fault.Fault)
}
