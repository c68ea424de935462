//go:build !linux

package reactor_test

import (
	"net"
	"testing"
)

// deferAccept does nothing: only Linux can.
func deferAccept(*testing.T, net.Listener) {}
