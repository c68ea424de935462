package reactor

import "runtime/debug"

// Detach implements Conn.
func (c *econn) Detach() {
	if c.session != nil && c.flags&isClosed == 0 {
		c.flags |= isDetached
	}
}

// detached ends the session of a connection that stays open.
func (c *econn) detached() {
	s := c.session
	c.session = nil
	defer func() {
		if v := recover(); v != nil {
			c.loop.engine.hooks.panicked(v, debug.Stack())
		}
	}()
	s.Closed()
}

// Spawn implements Loop.
func (l *eloop) Spawn(r Runner) {
	co := l.takeCoro()
	co.runner, co.spawned = r, true
	l.wake(co)
}
