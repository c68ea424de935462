package reactor

// SetCeiling stands in for the limit of descriptors.
func (e *Epoll) SetCeiling(n int64) { e.ceiling = n }
