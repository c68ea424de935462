package reactor

// end closes a client after its session's last Serve: together with those that end
// in the same round, after their messages.
func (c *econn) end() {
	if c.pending != nil {
		_ = c.sendLast() // the connection ends, whether or not this arrives
	}
	switch {
	case c.flags&isClosed != 0:
		c.ended()
	case c.flags&isBatched != 0:
		c.flags |= isEnding
	default:
		c.loop.addEnding(c)
	}
}

// addEnding has a client closed with the batch.
func (l *eloop) addEnding(c *econn) {
	if l.batchIsEmpty() {
		l.out.since = l.now
	}
	l.ending = append(l.ending, c)
}

// batchIsEmpty reports that there is nothing to send and nothing to close.
func (l *eloop) batchIsEmpty() bool { return len(l.out.items)+len(l.ending) == 0 }

// closeEnding closes the clients that have ended. A close sends the end of the
// output, and the peer then works on the whole response: if it is on this processor,
// it may get the processor after each close. With one call for all of them it waits
// for the last.
func (l *eloop) closeEnding() {
	if l.ring != nil && len(l.ending) >= ringLeast {
		l.closeMany(l.ending)
	}
	for _, c := range l.ending {
		c.ended()
	}
	clear(l.ending)
	l.ending = l.ending[:0]
}

// closeMany closes connections by one call for as many as fit a ring. It leaves some
// open if the ring fails.
func (l *eloop) closeMany(all []*econn) {
	for n := 0; n < len(all); {
		for ; n < len(all) && !l.ring.Full(); n++ {
			if all[n].flags&isClosed == 0 {
				l.ring.PutClose(all[n].fd, n)
			}
		}
		done, e := l.ring.Submit()
		for range done {
			if i, _, e := l.ring.Result(); e == 0 {
				all[i].forget()
			}
		}
		if e != 0 {
			l.doubtRing(e)
			return
		}
	}
}

// forget removes a connection from its loop: its descriptor is closed, or will be at
// once.
func (c *econn) forget() {
	l := c.loop
	c.flags = c.flags&^isIdle | isClosed
	c.watcher = nil
	c.dropEarly()
	l.conns.remove(c)
	l.slots[c.slot] = nil
	l.free = append(l.free, c.slot)
	l.engine.open.Add(-1)
	if c.flags&isDetached != 0 {
		l.clients.Add(-1)
	}
}
