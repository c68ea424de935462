package docker

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// spent is the processor time of a process so far, and its memory.
func spent(t *testing.T, pid int) (cpu time.Duration, resident int) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
	var user, system, pages int
	_, _ = fmt.Sscan(f[11], &user)
	_, _ = fmt.Sscan(f[12], &system)
	_, _ = fmt.Sscan(f[21], &pages)
	return time.Duration(user+system) * 10 * time.Millisecond, pages * os.Getpagesize()
}

// With 2,000 labelled containers a change is served within a second, only what has
// changed is asked for, and it costs about what it costs with ten.
func TestMany(t *testing.T) {
	cost := map[int]time.Duration{}
	for _, n := range []int{10, 2000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFake(t)
			back := testkit.NewOrigin(t)
			var port int
			_, _ = fmt.Sscan(back.Port(), &port)
			for i := range n {
				f.put(fmt.Sprint("app", i/2), i, port)
			}
			began := time.Now()
			s := testkit.StartHeadgate(t, "", testkit.Site{Conf: "HeadgateDiscover docker unix:" + f.socket + "\n"})
			r := &rig{Server: s, t: t, client: httpClient(t)}
			first := testkit.Poll(testkit.Patience, func() bool { code, _ := r.ask("app0.test", "/"); return code == http.StatusOK })
			t.Logf("%d containers are served %v after the start of the process: %v", n, time.Since(began), first)
			before, memory := spent(t, s.Pid())
			const changes = 10
			longest := time.Duration(0)
			for i := range changes {
				host := fmt.Sprint("fresh", i)
				at := time.Now()
				f.put(host, n+i, port)
				// Requests would cost more than the change.
				testkit.Eventually(t, host+" is taken over", func() bool { return strings.Contains(s.Logs(), "+docker/"+host+".test") })
				longest = max(longest, time.Since(at))
				if code, _ := r.ask(host+".test", "/"); code != http.StatusOK {
					t.Errorf("%s: %d", host, code)
				}
			}
			after, _ := spent(t, s.Pid())
			cost[n] = (after - before) / changes
			t.Logf("%d containers: %v of processor time a change, at most %v from event to served, %d MB; the daemon listed %d", n, cost[n], longest, memory>>20, f.listed)
			if longest > 3*time.Second { // 1 s on a machine that is not busy
				t.Errorf("from event to served it takes %v", longest)
			}
			if f.listed > n+5*changes {
				t.Errorf("the daemon listed %d containers for %d changes", f.listed, changes)
			}
		})
	}
	if most := 2*cost[10] + 20*time.Millisecond; cost[2000] > most { // twice, and some for a busy machine
		t.Errorf("with 2,000 containers a change costs %v, with 10 %v", cost[2000], cost[10])
	}
}
