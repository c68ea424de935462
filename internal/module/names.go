package module

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
)

// Names finds the names of clients for access control: a name counts only if it
// has the client's address (httpd: a double reverse lookup). Fields are set
// before first use. It is safe for concurrent use; the zero value uses the
// system's resolver.
type Names struct {
	// Reverse returns the names of an address; nil asks the system.
	Reverse func(ctx context.Context, addr string) ([]string, error)
	// Forward returns the addresses of a name; nil uses the resolver of package resolve.
	Forward func(ctx context.Context, host string) ([]netip.Addr, error)
	// Now is the time; nil asks the system.
	Now func() time.Time

	resolver resolve.Resolver
	mu       lock.Mutex // guards known
	known    map[netip.Addr]knownName
}

// knownName is the outcome of a lookup; name is empty where there is none.
type knownName struct {
	name    string
	expires time.Time
}

// How long results are kept, how many, and how long a look-up may take. httpd
// looks a name up once per connection and waits as long as the system does.
const (
	nameLife     = time.Minute
	noNameLife   = 5 * time.Second
	maxNames     = 4096
	namePatience = 10 * time.Second
)

// Of returns the verified name of the client of x, in lower case and without a
// final dot. The loop serves others during the look-up.
func (n *Names) Of(x *exchange.Exchange) (name string, ok bool) {
	addr := x.RemoteAddr()
	if !addr.IsValid() {
		return "", false
	}
	now := n.now()
	n.mu.Lock()
	k, found := n.known[addr]
	n.mu.Unlock()
	if !found || now.After(k.expires) {
		k = n.ask(x, addr)
	}
	return k.name, k.name != ""
}

// ask looks a name up off the loop and keeps the result. A look-up that took
// too long counts as no name; if it could not run, nothing is kept.
func (n *Names) ask(x *exchange.Exchange, addr netip.Addr) knownName {
	ctx, cancel := context.WithTimeout(context.Background(), namePatience)
	defer cancel()
	k, err := reactor.Await(ctx, x.Loop, reactor.Lookups, nameOf{n, addr}, findName)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		k = knownName{expires: n.now().Add(noNameLife)}
	case err != nil:
		return knownName{}
	}
	n.keep(addr, k, n.now())
	return k
}

// nameOf is a look-up of the name of an address.
type nameOf struct {
	names *Names
	addr  netip.Addr
}

func (n *Names) now() time.Time {
	if n.Now != nil {
		return n.Now()
	}
	return time.Now()
}

// findName looks a name up. httpd: only the first name of an address counts. It may
// run on after its caller has left.
func findName(ctx context.Context, q nameOf) (knownName, error) {
	n, addr := q.names, q.addr
	reverse, forward := n.Reverse, n.Forward
	if reverse == nil {
		reverse = net.DefaultResolver.LookupAddr
	}
	if forward == nil {
		forward = n.lookup
	}
	none := knownName{expires: n.now().Add(noNameLife)} // an address whose look-up fails has no name
	names, _ := reverse(ctx, addr.String())
	if len(names) == 0 {
		return none, nil
	}
	name := ascii.ToLower(strings.TrimSuffix(names[0], "."))
	if addrs, _ := forward(ctx, name); !slices.Contains(addrs, addr) {
		return none, nil
	}
	return knownName{name: name, expires: n.now().Add(nameLife)}, nil
}

func (n *Names) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	a, err := n.resolver.Lookup(ctx, host)
	return a.Addrs, err
}

// keep stores a result. Without room it drops expired results, or else all.
func (n *Names) keep(addr netip.Addr, k knownName, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = make(map[netip.Addr]knownName)
	}
	if len(n.known) >= maxNames {
		for a, old := range n.known {
			if now.After(old.expires) {
				delete(n.known, a)
			}
		}
	}
	if len(n.known) >= maxNames {
		clear(n.known)
	}
	n.known[addr] = k
}

// Resolver returns the resolver for look-ups of names.
func (n *Names) Resolver() *resolve.Resolver { return &n.resolver }

// InDomain reports whether name equals domain or is below it; a domain may have
// a leading dot. httpd: in_domain.
func InDomain(domain, name string) bool {
	if !ascii.HasSuffixFold(name, domain) {
		return false
	}
	rest := name[:len(name)-len(domain)]
	return rest == "" || strings.HasPrefix(domain, ".") || strings.HasSuffix(rest, ".")
}
