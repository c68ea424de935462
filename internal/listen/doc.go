// Package listen reads Listen directives and opens what they name: sockets for
// an epoll engine (the bare descriptor) or for goroutines (net.Listener),
// alone or as SO_REUSEPORT groups of one per loop; it takes over sockets from
// systemd or from an earlier process, and says who holds a port that is taken.
//
// A Listener is owned by whoever opened it and survives reloads by being kept.
// TCP_NODELAY and the like are the accepting engine's business. Imports nothing
// of this module (layer 4 for those who use it with protocols).
package listen
