package reactor

import "golang.org/x/sys/unix"

// post gives a loop something to do, from any thread; false: the loop is over.
func (l *eloop) post(m mail) bool {
	l.mail.mu.Lock()
	if l.mail.ended {
		l.mail.mu.Unlock()
		return false
	}
	l.mail.list = append(l.mail.list, m)
	first := len(l.mail.list) == 1
	l.mail.mu.Unlock()
	// The loop says that it sleeps and then looks for mail, we do it the other
	// way round: one of the two sees the other.
	if first && l.asleep.Load() {
		one := [8]byte{0: 1, 7: 1} // not 0 in either byte order
		_, _ = unix.Write(l.bell, one[:])
	}
	return true
}

// call runs f on the loop and waits for it; not from the loop itself. False:
// the loop is over.
func (l *eloop) call(f func()) bool {
	done := make(chan struct{})
	if !l.post(mail{do: func() { f(); close(done) }}) {
		return false
	}
	<-done
	return true
}

func (l *eloop) hasMail() bool {
	l.mail.mu.Lock()
	defer l.mail.mu.Unlock()
	return len(l.mail.list) > 0
}

// readMail does what other threads want.
func (l *eloop) readMail() {
	l.mail.mu.Lock()
	list := l.mail.list
	l.mail.list = l.taken[:0]
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
