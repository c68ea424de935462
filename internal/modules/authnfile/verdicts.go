package authnfile

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passwd"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/waitqueue"
)

// How long verdicts are kept, and how many by each loop.
const (
	rightLife, mostRight = 5 * time.Minute, 4096
	wrongLife, mostWrong = 30 * time.Second, 1024
)

// How many requests wait until a password can be compared, how long one of them
// waits, and how long comparing may take.
const (
	mostQueued      = 256
	queuePatience   = 10 * time.Second
	comparePatience = time.Minute
)

// verdicts compares passwords and remembers the outcome.
type verdicts struct {
	secret [32]byte // what marks are keyed with; made with the process
	lanes  [64]lane // by loop

	// Comparisons that take long use the processor and nothing else, so that few run
	// at once: requests without passwords, and those whose verdict is known, go on.
	queue waitqueue.Queue[struct{}]
	most  atomic.Int64 // how many may run
	busy  atomic.Int64 // how many do; grows with the queue's lock held
}

// lane is the verdicts of one loop. Its lock is contended only where loops are
// goroutines.
type lane struct {
	mu           lock.Mutex // guards the rest
	right, wrong outcomes
	_            [40]byte // a separate cache line
}

// outcomes are marks of credentials with the times they are forgotten at, in
// nanoseconds.
type outcomes map[mark]int64

// mark stands for a user, a password and the stored form that it was compared with.
type mark [sha256.Size]byte

// allow says how many comparisons may run at once.
func (v *verdicts) allow(n int) { v.most.Store(int64(n)) }

// judge compares a password with its stored form.
func (v *verdicts) judge(x *exchange.Exchange, user, password []byte, stored string) module.AuthnResult {
	m := v.mark(user, password, stored)
	l := &v.lanes[uint(x.Loop.Index())%uint(len(v.lanes))]
	if r, known := l.recall(&m, x.Loop.Now()); known {
		return r
	}
	if !passwd.Cheap(stored) {
		if !v.enter(x.Loop) {
			x.Logf(logsink.Error, "authn_file", "", "user %s: too many passwords are being compared", user)
			return module.AuthnBusy
		}
		defer v.leave(x.Loop)
		if r, known := l.recall(&m, x.Loop.Now()); known { // another request found out meanwhile
			return r
		}
	}
	right, err := compareOn(x.Loop, stored, string(password))
	switch {
	case errors.Is(err, passwd.ErrUnknown):
		x.Logf(logsink.Error, "authn_file", "", "user %s: the password is stored in a form that is not supported", user)
	case err != nil:
		x.Logf(logsink.Error, "authn_file", "", "user %s: the password could not be compared: %v", user, err)
		return module.AuthnBusy
	}
	return l.keep(&m, right, x.Loop.Now())
}

// mark makes the mark of credentials.
func (v *verdicts) mark(user, password []byte, stored string) mark {
	var buf [512]byte
	b := append(buf[:0], v.secret[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(user)))
	b = append(b, user...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(password)))
	b = append(append(b, password...), stored...)
	return sha256.Sum256(b)
}

// comparison is the job of comparing.
type comparison struct{ stored, password string }

// compareOn compares, off the loop where that takes long.
func compareOn(l reactor.Loop, stored, password string) (bool, error) {
	if passwd.Cheap(stored) {
		return passwd.Match(stored, password)
	}
	ctx, cancel := context.WithTimeout(context.Background(), comparePatience)
	defer cancel()
	return reactor.Await(ctx, l, reactor.Computing, comparison{stored, password}, compare)
}

func compare(_ context.Context, c comparison) (bool, error) {
	return passwd.Match(c.stored, c.password)
}

// enter waits for the turn to compare. False: it does not come soon.
func (v *verdicts) enter(l reactor.Loop) bool {
	w, err := v.queue.Join(l, struct{}{}, mostQueued)
	if err != nil {
		return false
	}
	v.grant(l)
	if w.Wait(l.Now().Add(queuePatience)) != nil {
		v.grant(l)
		return false
	}
	return true
}

// leave lets the next one compare.
func (v *verdicts) leave(l reactor.Loop) {
	v.busy.Add(-1)
	v.grant(l)
}

func (v *verdicts) grant(l reactor.Loop) {
	v.queue.GrantAll(l, func(*struct{}) bool {
		if v.busy.Load() >= v.most.Load() {
			return false
		}
		v.busy.Add(1)
		return true
	})
}

// recall returns what was found out about credentials, if that is known still.
func (l *lane) recall(m *mark, now time.Time) (r module.AuthnResult, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until, ok := l.right[*m]; ok && now.UnixNano() < until {
		return module.AuthnGranted, true
	}
	until, ok := l.wrong[*m]
	return module.AuthnDenied, ok && now.UnixNano() < until
}

// keep remembers what was found out, and returns it as a result.
func (l *lane) keep(m *mark, right bool, now time.Time) module.AuthnResult {
	l.mu.Lock()
	defer l.mu.Unlock()
	if right {
		l.right.add(m, now, rightLife, mostRight)
		return module.AuthnGranted
	}
	l.wrong.add(m, now, wrongLife, mostWrong)
	return module.AuthnDenied
}

// add remembers a mark. Where there is no room one that is over goes, or else any.
func (o *outcomes) add(m *mark, now time.Time, life time.Duration, most int) {
	if *o == nil {
		*o = make(outcomes)
	}
	if len(*o) >= most {
		o.makeRoom(now)
	}
	(*o)[*m] = now.Add(life).UnixNano()
}

func (o *outcomes) makeRoom(now time.Time) {
	var any mark
	for m, until := range *o {
		if any = m; until <= now.UnixNano() {
			delete(*o, m)
		}
	}
	delete(*o, any)
}
