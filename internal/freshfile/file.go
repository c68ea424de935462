// Package freshfile has files that are read while requests are served: what a
// File holds is parsed once, kept, and parsed again after the file has changed.
//
// A file is looked at when it is asked for, at most once in each Interval, off
// the loop. Requests that come while it is looked at get what it held before, so
// a change counts after one Interval, or two where the file system is slow. A
// file that is missing is an error for as long.
//
// Imports reactor and lock.
package freshfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// Interval is how long a file is believed not to have changed.
const Interval = time.Second

// patience is how long a request waits for a file to be looked at.
const patience = 10 * time.Second

// coarse is the most that the clocks of file systems lag behind: a file that was
// written so shortly before it was read may have been written again without a
// trace.
const coarse = 2 * time.Second

// errSpecial is the error for what is not a plain file (httpd: ap_pcfg_openfile).
var errSpecial = errors.New("not a regular file")

// File is one file. It is safe for concurrent use.
type File[T any] struct {
	name    string
	parse   func(text string) T
	began   atomic.Int64 // when the latest look at the file began, in nanoseconds
	current atomic.Pointer[contents[T]]
}

// contents is what a file held at a time; immutable.
type contents[T any] struct {
	value T
	err   error
	info  fs.FileInfo // nil where there is an error
	read  time.Time
}

// New returns the file of a name, which is not looked at yet. parse makes its
// value; it runs off the loops.
func New[T any](name string, parse func(text string) T) *File[T] {
	return &File[T]{name: name, parse: parse}
}

// Name returns the name of the file.
func (f *File[T]) Name() string { return f.name }

// Get returns what the file holds, or why it cannot be read.
func (f *File[T]) Get(l reactor.Loop) (T, error) {
	now, began := l.Now().UnixNano(), f.began.Load()
	c := f.current.Load()
	if c != nil && (now-began < int64(Interval) || !f.began.CompareAndSwap(began, now)) {
		return c.value, c.err
	}
	if c == nil {
		f.began.Store(now)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := reactor.Await(ctx, l, reactor.Files, f, look[T])
	if err != nil {
		var none T
		return none, err
	}
	f.current.Store(c)
	return c.value, c.err
}

// look returns what the file holds; the contents that are known, where it has not
// changed.
func look[T any](_ context.Context, f *File[T]) (*contents[T], error) {
	now := time.Now()
	info, err := os.Stat(f.name)
	switch {
	case err != nil:
		return unread[T](err), nil
	case f.name == os.DevNull: // httpd: this one may be
	case !info.Mode().IsRegular():
		return unread[T](&fs.PathError{Op: "open", Path: f.name, Err: errSpecial}), nil
	}
	if c := f.current.Load(); c != nil && c.err == nil && same(c.info, info) && c.read.Sub(info.ModTime()) > coarse {
		return c, nil
	}
	text, err := os.ReadFile(f.name)
	if err != nil {
		return unread[T](err), nil
	}
	return &contents[T]{value: f.parse(string(text)), info: info, read: now}, nil
}

// unread returns the contents of a file that cannot be read.
func unread[T any](err error) *contents[T] { return &contents[T]{err: err} }

// same reports whether a file is the one it was and has not been written.
func same(was, is fs.FileInfo) bool {
	return os.SameFile(was, is) && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime())
}
