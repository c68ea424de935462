package authdigest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/passwd"
)

// Clients makes nonces, and knows the clients that got some where that matters. It
// is safe for concurrent use.
type Clients struct {
	secret [32]byte      // what nonces are made with
	once   atomic.Uint64 // counts one-time nonces

	mu    lock.Mutex // guards what follows
	last  uint64     // number of the latest client
	known map[uint64]*client
	order []uint64 // the clients in the order they came, a ring once it is full
	next  int      // in order: the oldest one
}

// client is what is known of one client.
type client struct {
	nonce string // the one that it may use
	nc    uint64 // the highest count of a request with it
	used  bool   // a one-time nonce was
}

// mostClients is how many clients are known; the oldest is forgotten and gets
// another nonce.
const mostClients = 16384

// NewClients returns a store that knows no clients, with a new secret.
func NewClients() *Clients {
	c := &Clients{known: make(map[uint64]*client)}
	_, _ = rand.Read(c.secret[:]) // it never fails
	return c
}

// Lengths of a nonce: the time in base64, and a hash in hexadecimal digits.
const (
	timeLen  = 12
	nonceLen = timeLen + 40
)

// nonce makes a nonce for a realm and a client.
func (c *Clients) nonce(stamp int64, realm []byte, opaque string) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(stamp))
	text := base64.StdEncoding.EncodeToString(b[:])
	return text + c.hash(text, realm, opaque)
}

func (c *Clients) hash(stamp string, realm []byte, opaque string) string {
	h := hmac.New(sha256.New, c.secret[:])
	h.Write([]byte(stamp))
	h.Write([]byte(opaque + ":"))
	h.Write(realm)
	return hex.EncodeToString(h.Sum(nil)[:(nonceLen-timeLen)/2])
}

// stamp returns what a nonce was made of. False: it is none of ours, or is for
// another realm or client.
func (c *Clients) stamp(nonce string, realm []byte, opaque string) (int64, bool) {
	if len(nonce) != nonceLen {
		return 0, false
	}
	b, err := base64.StdEncoding.DecodeString(nonce[:timeLen])
	if err != nil || len(b) != 8 || !passwd.Equal(nonce[timeLen:], c.hash(nonce[:timeLen], realm, opaque)) {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(b)), true
}

// fresh makes the stamp of a nonce: the time, in microseconds, or a number where
// it is for one request.
func (c *Clients) fresh(now time.Time, life time.Duration) int64 {
	if life == 0 {
		return int64(c.once.Add(1))
	}
	return now.UnixMicro()
}

// admit returns the number of a client: n if that is known, else a new one.
func (c *Clients) admit(n uint64) (number uint64, isNew bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[n] != nil {
		return n, false
	}
	c.last++
	c.known[c.last] = new(client)
	if len(c.order) < mostClients {
		c.order = append(c.order, c.last)
		return c.last, true
	}
	delete(c.known, c.order[c.next])
	c.order[c.next] = c.last
	c.next = (c.next + 1) % mostClients
	return c.last, true
}

// give notes the nonce that a client was given.
func (c *Clients) give(n uint64, nonce string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.known[n]; k != nil {
		*k = client{nonce: nonce}
	}
}

// use is what is said about a request with a nonce.
type use uint8

const (
	fits     use = iota
	unknown      // the client was forgotten
	repeated     // the nonce was used, or is not the client's
	replayed     // its count is not above the highest one
)

// take notes a request of a client. A one-time nonce is taken once, another one
// with a count that is above those before.
func (c *Clients) take(n uint64, nonce string, nc uint64, once, counted bool) (u use, highest uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known[n]
	switch {
	case k == nil:
		return unknown, 0
	case k.nonce != nonce, once && k.used:
		return repeated, 0
	case counted && nc <= k.nc:
		return replayed, k.nc
	}
	k.nc, k.used = max(k.nc, nc), true
	return fits, 0
}
