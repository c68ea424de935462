package testkit

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Hold is how long a piece of work may keep a loop from others.
const Hold = time.Millisecond

// Encoding is an encoder under test.
type Encoding interface {
	io.Writer
	Flush() error
	Reset(w io.Writer)
}

// EncodingHolds fails if encoding size bytes on a loop and flushing them takes more than Hold. It counts the processor time of its
// thread, and the best of several tries: what else the machine does is nothing that the bytes could be cut for.
func EncodingHolds(t *testing.T, name string, size int, e Encoding) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	text := Table(8 * size)
	best, slow := time.Hour, slowness(t)
	for range 12 {
		var out bytes.Buffer
		e.Reset(&out)
		for piece := text; len(piece) > 0; piece = piece[min(size, len(piece)):] {
			began := threadTime(t)
			_, err := e.Write(piece[:min(size, len(piece))])
			if err == nil {
				err = e.Flush()
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			best = min(best, threadTime(t)-began)
		}
	}
	if most := time.Duration(float64(Hold) * max(slow, slowness(t))); best > most {
		t.Errorf("%s: %d bytes hold a loop for %v, more than %v", name, size, best, most)
	}
	t.Logf("%s: %d bytes in %v", name, size, best)
}

// usual is what slowness measures where nothing else runs, on a machine for which Hold
// is meant.
const usual = 1100 * time.Microsecond

// slowness is how much longer than usual this thread takes to compress, at least 1: the machine
// may be slow, or the other half of a core busy. The goroutine is locked to its thread.
func slowness(t *testing.T) float64 {
	t.Helper()
	text := Table(32 << 10)
	w, err := flate.NewWriter(io.Discard, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	best := time.Hour
	for range 12 {
		w.Reset(io.Discard)
		began := threadTime(t)
		_, _ = w.Write(text)
		_ = w.Flush()
		best = min(best, threadTime(t)-began)
	}
	return max(1, float64(best)/float64(usual))
}

// Table returns rows of a table in HTML: a text as compressors meet it.
func Table(size int) []byte {
	rnd := rand.New(rand.NewPCG(3, 7))
	often := rand.NewZipf(rnd, 1.1, 4, 4000)
	var b []byte
	for n := 0; len(b) < size; n++ {
		b = fmt.Appendf(b, "<tr class=\"row\"><td><a href=\"/orders/%d\">%d</a></td><td>", rnd.IntN(1e6), n)
		for range 6 + rnd.IntN(20) {
			b = fmt.Appendf(b, "%x ", often.Uint64()*often.Uint64()+7)
		}
		b = fmt.Appendf(b, "</td><td align=\"right\">%d.%02d</td></tr>\n", rnd.IntN(5000), rnd.IntN(100))
	}
	return b[:size]
}

// threadTime is the processor time that this thread has used.
func threadTime(t *testing.T) time.Duration {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		t.Skipf("no clock of threads: %v", err)
	}
	return time.Duration(ts.Nano())
}
