// Package listen reads Listen directives and opens their sockets: for an epoll
// engine (the bare descriptor) or for goroutines (net.Listener), alone or as
// SO_REUSEPORT groups with one socket per loop. It takes over sockets from
// systemd or from an earlier process, and says which process holds a port that
// is taken.
//
// A Listener belongs to the caller that opened it; to survive a reload it is
// kept open. The accepting engine sets TCP_NODELAY and other options of
// connections. Imports nothing of this module, but is at layer 4 because its
// callers use it with protocols.
package listen
