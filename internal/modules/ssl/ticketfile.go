package ssl

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/state"
)

// ticketBytes is the length of a file of ticket keys: name, HMAC key and AES key.
const ticketBytes = 48

// ticketFile is an SSLSessionTicketKeyFile. A changed file counts after two looks at the
// same one; tickets that the earlier key made are taken on, so that servers that share the
// file may get it one after the other. It outlives reloads.
type ticketFile struct {
	path string
	keys tls.Config // has the key, and the earlier one

	mu     lock.Mutex // guards what follows; builds and looks are on different goroutines
	open   func(string) (*os.File, error)
	key    [32]byte
	read   bool        // there is a key
	loaded fs.FileInfo // of the file that the key is from
	seen   fs.FileInfo // another one, by the previous look
	failed fs.FileInfo // one that could not be used: that was reported
}

// sharedKeys returns the keys of a file for a build.
func sharedKeys(b *module.Builder, path string) (*ticketFile, error) {
	f := state.Attach(b.Lease, fmt.Sprintf("tls ticket keys %q", path), func() (*ticketFile, func()) { return &ticketFile{path: path}, nil })
	if b.Aux.Get(f) != nil {
		return f, nil
	}
	b.Part.Keys = append(b.Part.Keys, path)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = b.OpenKey
	if f.open == nil {
		f.open = os.Open
	}
	if err := f.load(); err != nil {
		return nil, err
	}
	b.Aux.Put(f, true)
	b.Part.Looks = append(b.Part.Looks, f.look)
	return f, nil
}

// load makes a key of the file's contents. Servers of this program with the same file
// take each other's tickets; httpd's are different. f.mu is held.
func (f *ticketFile) load() error {
	file, err := f.open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	text := make([]byte, ticketBytes)
	if _, err := io.ReadFull(file, text); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errShortTicket
		}
		return err
	}
	f.loaded = info
	key := sha256.Sum256(text)
	switch {
	case !f.read:
		f.keys.SetSessionTicketKeys([][32]byte{key})
	case key != f.key:
		f.keys.SetSessionTicketKeys([][32]byte{key, f.key})
	}
	f.key, f.read = key, true
	return nil
}

// look reads the file again if it has changed, and has not since the previous look. It
// returns what should be logged.
func (f *ticketFile) look() (said string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := f.stat()
	if err != nil || sameFile(now, f.loaded) || sameFile(now, f.failed) {
		f.seen = nil
		return "", nil //nolint:nilerr // while there is no file the keys stay
	}
	if !sameFile(now, f.seen) {
		f.seen = now
		return "", nil
	}
	f.seen = nil
	before := f.key
	if err := f.load(); err != nil {
		f.failed = now
		return "", fmt.Errorf("the changed SSLSessionTicketKeyFile %s cannot be used, its earlier key stays: %w", f.path, err)
	}
	if f.key == before {
		return "", nil
	}
	return "SSLSessionTicketKeyFile " + f.path + " was read again; tickets of the earlier key are still taken", nil
}

// stat looks at the file, opened if it must be: only root may see it.
func (f *ticketFile) stat() (fs.FileInfo, error) {
	info, err := os.Stat(f.path)
	if !errors.Is(err, fs.ErrPermission) {
		return info, err
	}
	file, err := f.open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Stat()
}

func sameFile(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
