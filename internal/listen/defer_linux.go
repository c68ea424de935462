package listen

import "golang.org/x/sys/unix"

// deferTime is how long the system keeps a connection that has sent nothing yet, in
// seconds.
//
// httpd: 30. So many would keep silent connections in the queue of half-open ones,
// whose length is limited.
const deferTime = 1

// DeferAccept has the system report a connection when its client has sent something,
// or after a second; or again at once. It has no effect on a socket that is not TCP.
func (l *Listener) DeferAccept(on bool) {
	seconds := 0
	if on {
		seconds = deferTime
	}
	_ = unix.SetsockoptInt(l.FD(), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, seconds)
}
