package passphrase

import (
	"bytes"
	"errors"
	"slices"
	"strconv"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/lock"
)

// Key is a private key as those who know its pass phrase may know it.
type Key struct {
	Server string // name:port of the first server that names it
	Index  int    // among the keys of that server, from 0
	File   string
}

// ID is httpd's name of a key: name:port:index.
func (k Key) ID() string { return k.Server + ":" + strconv.Itoa(k.Index) }

// Ring holds the pass phrases that fitted a key. The zero value is empty. It is safe for
// concurrent use.
type Ring struct {
	mu      lock.Mutex // guards what follows
	known   [][]byte
	serving bool // the first configuration is in use: nobody is at the terminal any more
}

var errForgotten = errors.New("none of the pass phrases that fitted earlier keys fits this private key: a reload asks for it")

// Serving says that the server has started.
func (r *Ring) Serving() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serving = true
}

func (r *Ring) started() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.serving
}

// Unlock tries the known phrases. It is a certfile.Unlock.
func (r *Ring) Unlock(_ string, open func([]byte) error) error {
	err := r.try(open)
	if errors.Is(err, certfile.ErrPhrase) {
		return errForgotten
	}
	return err
}

// try tries the known phrases; the error is ErrPhrase if none fits.
func (r *Ring) try(open func([]byte) error) error {
	r.mu.Lock()
	known := slices.Clone(r.known)
	r.mu.Unlock()
	for _, phrase := range known {
		if err := open(phrase); !errors.Is(err, certfile.ErrPhrase) {
			return err
		}
	}
	return certfile.ErrPhrase
}

// keep remembers a phrase that fitted.
func (r *Ring) keep(phrase []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.ContainsFunc(r.known, func(p []byte) bool { return bytes.Equal(p, phrase) }) {
		r.known = append(r.known, bytes.Clone(phrase))
	}
}
