package stapling

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/responder"
)

const (
	lookEvery = 250 * time.Millisecond
	// mostAtOnce limits requests that are under way, over all certificates.
	mostAtOnce = 8
	// leastWait is the shortest time between two requests about a certificate.
	leastWait = time.Second
)

// Keeper keeps the responses of all certificates in use. It outlives reloads.
type Keeper struct {
	client *responder.Client
	now    func() time.Time
	stop   context.CancelFunc // nil until Use
	ctx    context.Context
	busy   sync.WaitGroup // the goroutine that looks, and the requests

	mu       lock.Mutex // guards what follows
	subjects []*subject
	entries  map[key]*entry
	running  int  // requests
	saved    kept // what the file should have
	file     string
	dirty    bool   // the file has something else
	unsaved  string // why it could not be written, logged once
}

// subject is a Subject with the entry of its current certificate.
type subject struct {
	Subject
	leaf  *x509.Certificate
	entry *entry
}

// key is what a response depends on.
type key struct {
	leaf [sha256.Size]byte
	Settings
}

// entry is the response about a certificate.
type entry struct {
	key    key
	staple []byte    // what clients get; nil: nothing
	good   bool      // it is a response that was checked
	until  time.Time // from then on it is not used; zero: no such time
	due    time.Time // of the next request
	never  bool      // there will be no request: Check says why
	busy   bool      // a request is under way
	said   string    // the latest failure, logged once
	used   bool      // by a subject; for forget
}

// NewKeeper returns a Keeper that does nothing yet.
func NewKeeper() *Keeper {
	return &Keeper{client: responder.NewClient(nil), now: time.Now, entries: make(map[key]*entry)}
}

// Use makes subjects those that responses are kept for, and file the place where
// responses outlive a restart ("": they do not).
func (k *Keeper) Use(file string, list []Subject) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.subjects = nil
	k.add(file, list)
	k.forget()
}

// Add has responses kept for more subjects, until the function is called that it
// returns, or Use.
func (k *Keeper) Add(file string, list []Subject) (end func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	added := k.add(file, list)
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.subjects = slices.DeleteFunc(k.subjects, func(s *subject) bool { return slices.Contains(added, s) })
		k.forget()
	}
}

// add adds subjects, and begins to look with the first ones. k.mu is held.
func (k *Keeper) add(file string, list []Subject) (added []*subject) {
	first := k.stop == nil
	if first && file != "" {
		k.saved = k.restored(file, list)
	}
	k.file = file
	for _, s := range list {
		sub := &subject{Subject: s}
		k.bind(sub, s.Pair.Certificate())
		added = append(added, sub)
	}
	k.subjects = append(k.subjects, added...)
	if first {
		k.ctx, k.stop = context.WithCancel(context.Background())
		k.busy.Go(k.run)
	}
	return added
}

// forget drops the entries that no subject uses. k.mu is held.
func (k *Keeper) forget() {
	for _, e := range k.entries {
		e.used = false
	}
	for _, s := range k.subjects {
		s.entry.used = true
	}
	for id, e := range k.entries {
		if !e.used && !e.busy {
			delete(k.entries, id)
		}
	}
}

// bind finds the entry for a certificate of a subject. k.mu is held.
func (k *Keeper) bind(s *subject, c *tls.Certificate) {
	id := key{sha256.Sum256(c.Leaf.Raw), s.Settings}
	e := k.entries[id]
	if e == nil {
		e = &entry{key: id, due: k.now(), never: Check(c, s.Settings) != nil}
		k.entries[id] = e
		k.recall(e, c, s.Settings)
	}
	e.used = true
	s.leaf, s.entry = c.Leaf, e
	k.show(s, c)
}

// show has the certificate go with its response. k.mu is held.
func (k *Keeper) show(s *subject, c *tls.Certificate) {
	if !bytes.Equal(c.OCSPStaple, s.entry.staple) {
		s.Pair.Staple(c, s.entry.staple) // where it is not current any more the next look does it
	}
}

// Close ends all requests and waits for them.
func (k *Keeper) Close() {
	k.mu.Lock()
	stop := k.stop
	k.mu.Unlock()
	if stop != nil {
		stop()
		k.busy.Wait()
	}
}

// run looks until Close.
func (k *Keeper) run() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		k.look()
		k.save()
		select {
		case <-k.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look begins requests that are due, drops responses that have expired, and follows
// certificates that were read again.
func (k *Keeper) look() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	for _, s := range k.subjects {
		c := s.Pair.Certificate()
		if c.Leaf != s.leaf {
			k.bind(s, c)
		}
		e := s.entry
		if e.staple != nil && !e.until.IsZero() && now.After(e.until) {
			e.staple, e.good = nil, false
			s.Report(Warning, "AH01937", "the OCSP response for "+name(s.Subject, c)+" has expired, and no other one arrived")
		}
		k.show(s, c)
		if !e.never && !e.busy && !now.Before(e.due) && k.running < mostAtOnce {
			e.busy = true
			k.running++
			k.busy.Go(func() { k.renew(s.Subject, e, c) })
		}
	}
}

// name says which certificate it is.
func name(s Subject, c *tls.Certificate) string {
	return fmt.Sprintf("%s (%s)", s.Pair.Files[0], c.Leaf.Subject)
}

// renew requests a response and takes it over.
func (k *Keeper) renew(s Subject, e *entry, c *tls.Certificate) {
	v := k.fetch(k.ctx, c, s.Settings)
	if k.ctx.Err() != nil {
		return // the server ends, or does without
	}
	url, _ := target(c, s.Settings)
	k.mu.Lock()
	before := *e
	k.take(e, v)
	if v.good {
		k.remember(e, url, k.now())
	}
	said := e.said
	k.mu.Unlock()
	tell(s, &before, said, v, "the certificate "+name(s, c)+" from "+url)
}

// tell logs what has changed.
func tell(s Subject, before *entry, said string, v verdict, what string) {
	switch {
	case v.good && v.why != nil && before.said != said:
		s.Report(Failure, "", "the OCSP response for "+what+": "+v.why.Error())
	case v.good && !before.good && v.why == nil:
		s.Report(Info, "", "there is an OCSP response for "+what)
	case !v.good && before.good && before.said != said:
		s.Report(Warning, "AH01941", "the OCSP response for "+what+" stays the earlier one: "+v.why.Error())
	case !v.good && before.said != said:
		s.Report(Failure, "AH01941", "there is no OCSP response for "+what+": "+v.why.Error())
	}
}

// take makes a verdict the state of an entry. A good response stays until it expires.
// k.mu is held.
func (k *Keeper) take(e *entry, v verdict) {
	now := k.now()
	e.busy = false
	k.running--
	e.said = ""
	if v.why != nil {
		e.said = v.why.Error()
	}
	if v.good || !e.good {
		e.staple, e.good, e.until = v.staple, v.good, v.until
	}
	e.due = now.Add(wait(e, v.good, now))
}

// wait returns when a response is requested again: when httpd would, but before half of
// what is left of it has passed, and each server at another time.
func wait(e *entry, good bool, now time.Time) time.Duration {
	d, part := e.key.Standard, time.Duration(2)
	if !good {
		d, part = e.key.Error, 4
	}
	if left := e.until.Sub(now); e.good && !e.until.IsZero() && left/part < d {
		d = left / part
	}
	d -= time.Duration(rand.Int64N(int64(max(d/10, 1))))
	return max(d, leastWait)
}
