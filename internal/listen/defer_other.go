//go:build !linux

package listen

// DeferAccept does nothing: only Linux keeps connections that have sent nothing.
func (l *Listener) DeferAccept(bool) {}
