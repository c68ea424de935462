package resolve

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Endpoints are the current endpoints of a name, or of a service. They survive
// reloads. Readers take no lock.
//
// Once there are some, a look-up that fails, of whatever kind, changes nothing.
type Endpoints struct {
	r       *Resolver
	host    string
	port    uint16 // 0: of a service, whose records have the ports
	service bool

	cur atomic.Pointer[endpointSet]

	mu     lock.Mutex // guards failed
	failed int        // look-ups failed in a row
}

// endpointSet is one immutable state of Endpoints.
type endpointSet struct {
	list    []Endpoint
	expires time.Time // zero: never
	err     error
	asked   bool // a look-up has ended
}

// NewEndpoints makes the endpoints of a host and a port, which are not looked up
// yet; an address is its own endpoint.
func NewEndpoints(r *Resolver, host string, port uint16) *Endpoints {
	return newEndpoints(&Endpoints{r: r, host: host, port: port})
}

// NewService makes the endpoints of a service, "_http._tcp.example.com".
func NewService(r *Resolver, name string) *Endpoints {
	return newEndpoints(&Endpoints{r: r, host: name, service: true})
}

func newEndpoints(e *Endpoints) *Endpoints {
	e.cur.Store(&endpointSet{expires: time.Unix(0, 0)})
	return e
}

// Name returns what is looked up, and whether it is a service.
func (e *Endpoints) Name() (name string, service bool) {
	if e.service {
		return e.host, true
	}
	return net.JoinHostPort(e.host, strconv.Itoa(int(e.port))), false
}

// List returns the current endpoints, by priority and then by address. It must
// not be changed.
func (e *Endpoints) List() []Endpoint { return e.cur.Load().list }

// Asked reports whether a look-up has ended.
func (e *Endpoints) Asked() bool { return e.cur.Load().asked }

// Err returns the error of the latest look-up.
func (e *Endpoints) Err() error { return e.cur.Load().err }

// Expires returns when a look-up is due; zero: never.
func (e *Endpoints) Expires() time.Time { return e.cur.Load().expires }

// Refresh looks the endpoints up. The error is that of the look-up.
func (e *Endpoints) Refresh(ctx context.Context) error {
	old := e.cur.Load()
	var list []Endpoint
	var expires time.Time
	var err error
	if e.service {
		list, expires, err = e.r.LookupService(ctx, e.host, old.list)
	} else {
		list, expires, err = e.r.LookupEndpoints(ctx, e.host, e.port)
	}
	if err == nil && len(list) == 0 {
		err = &Error{Host: e.host, Kind: NoAddress, TTL: defNegTTL}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		e.failed = 0
		e.cur.Store(&endpointSet{list: sortEndpoints(list), expires: expires, asked: true})
		return nil
	}
	if ctx.Err() == context.Canceled {
		return err // it says nothing about the name
	}
	e.failed++
	wait := min(time.Second<<min(e.failed-1, 10), maxRetry)
	if known, ok := errors.AsType[*Error](err); ok && known.TTL > 0 {
		wait = known.TTL
	}
	e.cur.Store(&endpointSet{list: e.cur.Load().list, expires: e.r.now().Add(wait), err: err, asked: true})
	return err
}
