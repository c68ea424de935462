package reactor

import "golang.org/x/sys/unix"

// post sends mail to a loop, from any thread; false: the loop has ended.
func (l *eloop) post(m mail) bool {
	l.mail.mu.Lock()
	if l.mail.ended {
		l.mail.mu.Unlock()
		return false
	}
	l.mail.list = append(l.mail.list, m)
	first := len(l.mail.list) == 1
	if first {
		l.mail.some.Store(true)
	}
	l.mail.mu.Unlock()
	// The loop first says that it sleeps and then looks for mail (some); we do
	// it the other way round, so one of the two sees the other. If there was
	// mail already its sender has written to the wakeup descriptor, or is about
	// to.
	if first && l.asleep.Load() {
		one := [8]byte{0: 1, 7: 1} // not 0 in either byte order
		_, _ = unix.Write(l.wakeFD, one[:])
	}
	return true
}

// call runs f on the loop and waits for it. It must not be called on the loop
// itself. False: the loop has ended.
func (l *eloop) call(f func()) bool {
	done := make(chan struct{})
	if !l.post(mail{do: func() { f(); close(done) }}) {
		return false
	}
	<-done
	return true
}

// hasMail is called each round without a lock: some changes only together with
// the list, under the lock. Mail that is posted at this moment is seen in the
// next round, or its sender writes to the wakeup descriptor.
func (l *eloop) hasMail() bool { return l.mail.some.Load() }

// readMail executes the requests of other threads.
func (l *eloop) readMail() {
	if !l.hasMail() {
		return
	}
	l.mail.mu.Lock()
	list := l.mail.list
	l.mail.list = l.taken[:0]
	l.mail.some.Store(false)
	l.mail.mu.Unlock()
	for i := range list {
		l.open(&list[i])
		list[i] = mail{}
	}
	l.taken = list
}

func (l *eloop) open(m *mail) {
	switch {
	case m.parker != nil:
		if m.parker.co != nil {
			l.wake(m.parker.co)
		}
	case m.drop != nil:
		_ = m.drop.Close()
	case m.do != nil:
		m.do()
	}
}
