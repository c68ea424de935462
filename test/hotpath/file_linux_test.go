package hotpath

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// TestFileOnLoops counts the allocations of a complete server on event loops for each
// request for a small file.
func TestFileOnLoops(t *testing.T) {
	if raced {
		testkit.Skip(t, "the race detector itself allocates")
	}
	dir := t.TempDir()
	err := errors.Join(os.Mkdir(filepath.Join(dir, "static"), 0o700), os.WriteFile(filepath.Join(dir, "static/a.txt"), []byte("Hello, world!"), 0o600))
	old := time.Now().Add(-time.Hour) // a file of this second has a weak ETag, and a longer head therefore
	if err = errors.Join(err, os.Chtimes(filepath.Join(dir, "static/a.txt"), old, old)); err != nil {
		t.Fatal(err)
	}
	addr := serveConf(t, "DocumentRoot "+dir+"\n"+conf)
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	_ = nc.SetDeadline(time.Now().Add(testkit.Patience))
	request, answer := []byte("GET /static/a.txt HTTP/1.1\r\nHost: www.test\r\n\r\n"), make([]byte, 4096)
	size := ask(t, nc, request, answer, 0)
	for range 500 {
		ask(t, nc, request, answer, size)
	}
	n := ^uint64(0)
	for range 10 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range rounds {
			ask(t, nc, request, answer, size)
		}
		runtime.ReadMemStats(&after)
		if n = min(n, after.Mallocs-before.Mallocs); n <= rounds/20 {
			break
		}
	}
	if n > rounds/20 {
		t.Errorf("%d allocations in %d requests, want none", n, rounds)
	}
	t.Logf("%d allocations in %d requests; responses have %d bytes", n, rounds, size)
}
