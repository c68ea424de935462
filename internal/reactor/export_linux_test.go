package reactor

// SetCeiling stands in for the limit of descriptors.
func (e *Epoll) SetCeiling(n int64) { e.ceiling = n }

// Steer is what the engine has the system do with a group of sockets.
var Steer = steer
