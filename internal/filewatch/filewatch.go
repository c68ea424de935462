// Package filewatch tells when something in a set of folders has changed: after a
// quiet moment, so that a file that is being written is read once it is whole, and
// also now and then without a reason, because some file systems tell nothing. Its
// caller compares what it reads with what it had.
//
// It imports lock.
package filewatch

import (
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/headgate/headgate/internal/lock"
)

// The times of a Watcher.
const (
	Quiet   = 200 * time.Millisecond // nothing happens for so long
	Longest = 2 * time.Second        // the wait, where something happens all the time
	Anyway  = 10 * time.Second       // how often the caller looks without being told
)

// Watcher watches folders until it is closed.
type Watcher struct {
	changed func()
	notify  *fsnotify.Watcher // nil: the system has none left, and Anyway is all there is
	done    chan struct{}
	ended   chan struct{}

	mu      lock.Mutex // guards folders
	folders map[string]bool
}

// New begins to watch. changed is called by one goroutine, one call at a time.
func New(changed func()) *Watcher {
	w := &Watcher{changed: changed, done: make(chan struct{}), ended: make(chan struct{}), folders: map[string]bool{}}
	w.notify, _ = fsnotify.NewWatcher()
	go w.run()
	return w
}

// Follow makes folders those that are watched. One that does not exist is watched
// once it does.
func (w *Watcher) Follow(folders []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := make(map[string]bool, len(folders))
	for _, f := range folders {
		now[f] = w.folders[f] || w.add(f)
	}
	for f, watched := range w.folders {
		if _, still := now[f]; watched && !still {
			_ = w.notify.Remove(f) // it may be gone
		}
	}
	w.folders = now
}

// add reports whether a folder is watched now.
func (w *Watcher) add(folder string) bool { return w.notify != nil && w.notify.Add(folder) == nil }

// Close ends the watch and waits for a call of changed that is running.
func (w *Watcher) Close() {
	close(w.done)
	<-w.ended
	if w.notify != nil {
		_ = w.notify.Close()
	}
}

// run waits for events until Close.
func (w *Watcher) run() {
	defer close(w.ended)
	var events <-chan fsnotify.Event
	var errs <-chan error
	if w.notify != nil {
		events, errs = w.notify.Events, w.notify.Errors
	}
	anyway := time.NewTicker(Anyway)
	defer anyway.Stop()
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	var first time.Time // of the events that are not told yet
	for {
		select {
		case <-w.done:
			return
		case e := <-events:
			if e.Op == fsnotify.Chmod {
				continue
			}
			now := time.Now()
			if first.IsZero() {
				first = now
			}
			quiet.Reset(max(min(Quiet, first.Add(Longest).Sub(now)), 0))
			continue
		case _, open := <-errs: // events were lost
			if !open {
				return
			}
		case <-anyway.C:
			w.again()
		case <-quiet.C:
			first = time.Time{}
			w.again()
		}
		w.changed()
	}
}

// again watches folders that could not be watched, or that were made again.
func (w *Watcher) again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for f := range w.folders {
		w.folders[f] = w.add(f)
	}
}
