package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/processors"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/testkit"
)

// limited makes a root in which this process is in a cgroup with a limit.
func limited(t *testing.T) (root string, limit func(quota string)) {
	t.Helper()
	root = t.TempDir()
	put := func(name, text string) {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("proc/self/cgroup", "0::/app\n")
	put("proc/self/mountinfo", "24 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
	return root, func(quota string) { put("sys/fs/cgroup/app/cpu.max", quota+" 100000\n") }
}

// Event loops follow the limit of the cgroup while the server runs, and the log
// says so.
func TestFollow(t *testing.T) {
	t.Setenv(server.EnvLoops, "")
	t.Setenv("GOMAXPROCS", "")
	root, limit := limited(t)
	limit("150000")
	r := newRig(t, "", server.Options{Engine: "epoll", Processors: processors.Source{Root: root, Affinity: func() int { return 8 }}})
	a := origin(t, says("a"))
	r.write(one, "ORIGIN", a)
	r.SweepEvery(time.Millisecond)
	r.up()
	works := func() {
		t.Helper()
		for range 5 {
			if code, body := get(t, r.port, "/"); code != 200 || body != "a" {
				t.Errorf("%d %q", code, body)
			}
		}
	}
	works()
	limit("300000")
	r.logs("the cgroup's CPU limit is now 3 processors: 3 of 4 event loops take new connections")
	works()
	limit("50000")
	r.logs("the cgroup's CPU limit is now 0.5 processors: 1 of 4 event loops take new connections")
	works()
	port := testkit.FreePort(t)
	r.write(one+"Listen 127.0.0.1:"+fmt.Sprint(port)+"\n", "ORIGIN", a)
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	works()
	if code, body := get(t, port, "/"); code != 200 || body != "a" {
		t.Errorf("a new socket: %d %q", code, body)
	}
	limit("max")
	r.logs("the cgroup has no CPU limit any more and the affinity is 8 processors: 4 of 4 event loops take new connections; a restart makes more of them")
	works()
}

// A configured number does not change.
func TestFollowFixed(t *testing.T) {
	for _, row := range []struct{ loops, procs string }{{"2", ""}, {"", "2"}} {
		t.Setenv(server.EnvLoops, row.loops)
		t.Setenv("GOMAXPROCS", row.procs)
		root, limit := limited(t)
		limit("100000")
		read := make(chan struct{}, 99)
		r := newRig(t, "", server.Options{Engine: "epoll", Processors: processors.Source{Root: root, Affinity: func() int {
			read <- struct{}{}
			return 8
		}}})
		r.write(one, "ORIGIN", "127.0.0.1:1")
		r.SweepEvery(time.Microsecond)
		r.up()
		if code, _ := get(t, r.port, "/"); code != 503 {
			t.Errorf("status %d", code)
		}
		if len(read) != 1 {
			t.Errorf("the processors were counted %d times", len(read))
		}
	}
}

func TestCapacity(t *testing.T) {
	for _, row := range []struct {
		have processors.Supply
		want int
	}{
		{processors.Supply{Affinity: 1}, 1}, {processors.Supply{Affinity: 64}, 64}, {processors.Supply{Affinity: 64, Limit: 1}, 3},
		{processors.Supply{Affinity: 64, Limit: 1.5}, 4}, {processors.Supply{Affinity: 64, Limit: 8}, 16},
		{processors.Supply{Affinity: 10, Limit: 8}, 10}, {processors.Supply{Affinity: 2, Limit: 0.5}, 2},
		{processors.Supply{Affinity: 4, Limit: 4}, 4}, {processors.Supply{Affinity: 4, Limit: 9}, 4}, {processors.Supply{}, 1},
	} {
		if n := server.Capacity(row.have); n != row.want {
			t.Errorf("%+v: %d, want %d", row.have, n, row.want)
		}
	}
}

func TestFollowed(t *testing.T) {
	for _, row := range []struct {
		old, now processors.Supply
		want     string
	}{
		{processors.Supply{Affinity: 4, Limit: 3}, processors.Supply{Affinity: 4, Limit: 4. / 3},
			"the cgroup's CPU limit is now 1.33 processors: 2 of 4 event loops take new connections"},
		{processors.Supply{Affinity: 4}, processors.Supply{Affinity: 4, Limit: 1},
			"the cgroup's CPU limit is now 1 processor: 1 of 4 event loops take new connections"},
		{processors.Supply{Affinity: 4}, processors.Supply{Affinity: 3},
			"the affinity is now 3 processors: 3 of 4 event loops take new connections"},
		{processors.Supply{Affinity: 6, Limit: 1}, processors.Supply{Affinity: 6, Limit: 5},
			"the cgroup's CPU limit is now 5 processors: 4 of 4 event loops take new connections; a restart makes more of them"},
	} {
		if got := server.Followed(row.old, row.now, 4); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}
