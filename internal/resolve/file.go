package resolve

import (
	"io"
	"os"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

const (
	// checkEvery is the least time between two checks of a file.
	checkEvery = 5 * time.Second
	// maxFile limits how much of it is read.
	maxFile = 4 << 20
)

// file is a parsed file that is read again when its stamp changes. The parsed
// value is shared by readers and must not be written to.
type file[T any] struct {
	mu      lock.Mutex // guards all below
	checked time.Time
	mtime   time.Time
	size    int64
	val     T
	err     error
}

// get returns the value. It checks the file at most every checkEvery.
func (f *file[T]) get(path string, now time.Time, parse func([]byte) T) (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.checked.IsZero() && now.Sub(f.checked) < checkEvery && !now.Before(f.checked) {
		return f.val, f.err
	}
	f.checked = now
	st, err := os.Stat(path)
	if err != nil {
		// A file that is being replaced may be missing for a moment: the stamp
		// is cleared so that its return is noticed.
		var zero T
		f.val, f.err, f.mtime, f.size = zero, err, time.Time{}, 0
		return f.val, f.err
	}
	if f.err == nil && st.ModTime().Equal(f.mtime) && st.Size() == f.size {
		return f.val, nil
	}
	f.mtime, f.size = st.ModTime(), st.Size()
	f.val, f.err = readParse(path, parse)
	return f.val, f.err
}

func readParse[T any](path string, parse func([]byte) T) (T, error) {
	var zero T
	h, err := os.Open(path)
	if err != nil {
		return zero, err
	}
	defer h.Close()
	text, err := io.ReadAll(io.LimitReader(h, maxFile))
	if err != nil {
		return zero, err
	}
	return parse(text), nil
}
