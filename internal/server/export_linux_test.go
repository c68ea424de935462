package server

import "golang.org/x/sys/unix"

// Deferring returns for each listening socket whether the system keeps its connections
// until they have sent something.
func (s *Server) Deferring() (out []bool) {
	s.life.Lock()
	defer s.life.Unlock()
	for _, k := range s.sockets.serving {
		for _, fd := range k.FDs() {
			n, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT)
			out = append(out, err == nil && n > 0)
		}
	}
	return out
}

// For tests of how a server follows its processors.
var (
	Capacity = capacity
	Followed = followed
)
