// Package certfile keeps certificates with their keys, from files that are read
// again after they have changed.
//
// A changed file counts once it has stayed the same from one look to the next, and
// only if all of it can be read and the key fits: until then, and where that fails,
// the certificate stays the one it was.
//
// Encrypted keys are decrypted with what an Unlock finds.
//
// It imports nothing of this program.
package certfile

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"
)

// Part is a file of a pair.
type Part uint8

// The parts.
const (
	Cert  Part = iota // SSLCertificateFile
	Key               // SSLCertificateKeyFile
	Chain             // SSLCertificateChainFile
	parts
)

// Files name the parts of a pair. Without a Key it is in Cert; Chain may be empty.
type Files [parts]string

// Pair is a certificate with its key and the certificates up to its issuer. Its
// value may be used by any thread; Look must be called by one at a time.
type Pair struct {
	Files Files

	access  Access
	current atomic.Pointer[tls.Certificate]

	loaded  stamps // of the files that current is from
	changed stamps // other ones, seen by the previous look
	failed  stamps // those that could not be used: that was reported
}

// Open opens a file for reading.
type Open func(path string) (*os.File, error)

// Error says which file cannot be used and why.
type Error struct {
	Part Part
	File string
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	if e.File == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.File, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Access is how files are opened and keys decrypted.
type Access struct {
	Open   Open   // nil: os.Open
	Unlock Unlock // for Load; nil: an encrypted key is an error
	Again  Unlock // for Look, the same
}

// Load reads a pair. The error is an *Error.
func Load(files Files, access Access) (*Pair, error) {
	if files[Key] == "" {
		files[Key] = files[Cert]
	}
	if access.Open == nil {
		access.Open = os.Open
	}
	p := &Pair{Files: files, access: access}
	at := p.stamps()
	c, err := p.read(access.Unlock)
	if err != nil {
		return nil, err
	}
	p.loaded = at
	p.current.Store(c)
	return p, nil
}

// Certificate returns the certificate. Its Leaf is set; it has no PrivateKey where an
// Unlock returned ErrSealed.
func (p *Pair) Certificate() *tls.Certificate { return p.current.Load() }

// Staple makes a certificate that is the current one go with a response of its OCSP
// responder; nil: with none. It reports whether the certificate was current.
func (p *Pair) Staple(c *tls.Certificate, response []byte) bool {
	with := *c
	with.OCSPStaple = response
	return p.current.CompareAndSwap(c, &with)
}

// Look reads the files again if they have changed since they were read, and have not
// since the previous look. It reports whether there is a new certificate; the error,
// an *Error, is returned once for files that cannot be used.
func (p *Pair) Look() (changed bool, err error) {
	now := p.stamps()
	switch {
	case now.same(p.loaded):
		p.changed = stamps{}
		return false, nil
	case !now.same(p.changed):
		p.changed = now
		return false, nil
	case now.same(p.failed):
		return false, nil
	}
	c, err := p.read(p.access.Again)
	if err == nil && !p.stamps().same(now) {
		return false, nil // written while it was read
	}
	if err != nil {
		p.failed = now
		return false, err
	}
	old := p.current.Swap(c)
	p.loaded, p.changed, p.failed = now, stamps{}, stamps{}
	return !sameChain(old, c), nil
}

func sameChain(a, b *tls.Certificate) bool {
	return slices.EqualFunc(a.Certificate, b.Certificate, slices.Equal)
}

// stamps say which files they were, and when they were written. nil: there is none,
// or it is not known.
type stamps [parts]fs.FileInfo

func (s stamps) same(o stamps) bool {
	for i := range s {
		a, b := s[i], o[i]
		switch {
		case a == nil && b == nil:
		case a == nil || b == nil:
			return false
		case !os.SameFile(a, b) || a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()):
			return false
		}
	}
	return true
}

func (p *Pair) stamps() (s stamps) {
	for i, name := range p.Files {
		if name == "" || i == int(Key) && name == p.Files[Cert] {
			continue
		}
		s[i] = p.stamp(name)
	}
	return s
}

func (p *Pair) stamp(name string) fs.FileInfo {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrPermission) {
		f, err := p.access.Open(name)
		if err != nil {
			return nil
		}
		defer f.Close()
		info, err = f.Stat()
		if err != nil {
			return nil
		}
		return info
	}
	if err != nil {
		return nil
	}
	return info
}

// mostBytes limits a file: one that is longer holds something else.
const mostBytes = 4 << 20

var (
	errLong    = errors.New("the file is too long for a certificate or key")
	errSpecial = errors.New("it is not a regular file")
)

// text reads a file.
func (p *Pair) text(part Part) ([]byte, error) {
	name := p.Files[part]
	b, err := readFile(name, p.access.Open)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, &Error{part, name, err}
	}
	return b, nil
}
