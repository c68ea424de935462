package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample has the values measured at one moment.
type sample struct {
	at         time.Duration // since the start of the load
	rss        int           // KiB
	files      int           // open descriptors
	threads    int
	goroutines int // of the server; 0 if they cannot be counted
	requests   int64
	failures   int64
}

// table prints a series of samples.
func table(series []sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%8s %9s %6s %8s %10s %9s %9s\n", "t", "RSS KiB", "files", "threads", "goroutines", "requests", "failures")
	for _, s := range series {
		routines := "-"
		if s.goroutines > 0 {
			routines = strconv.Itoa(s.goroutines)
		}
		fmt.Fprintf(&b, "%8s %9d %6d %8d %10s %9d %9d\n",
			s.at.Round(100*time.Millisecond), s.rss, s.files, s.threads, routines, s.requests, s.failures)
	}
	return b.String()
}

// trend compares the second fifth of a series, after the warm-up, with the
// last: the growth of the median, and an error when it is more than both a
// tenth and floor.
func trend(what string, series []sample, value func(sample) int, floor int) error {
	if len(series) == 0 {
		return fmt.Errorf("%s: no measurement", what)
	}
	whole := series[len(series)-1].at
	early, late := median(series, whole/5, whole*2/5, value), median(series, whole*4/5, whole+1, value)
	if early < 0 || late < 0 {
		return fmt.Errorf("%s: too few samples to judge", what)
	}
	if grown := late - early; grown > max(early/10, floor) {
		return fmt.Errorf("%s grows: %d in the second fifth of the run, %d in the last", what, early, late)
	}
	return nil
}

// median of the values from from to before to; -1 for none.
func median(series []sample, from, to time.Duration, value func(sample) int) int {
	var all []int
	for _, s := range series {
		if s.at >= from && s.at < to {
			all = append(all, value(s))
		}
	}
	if len(all) == 0 {
		return -1
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func rss(s sample) int     { return s.rss }
func threads(s sample) int { return s.threads }

// measure reads the values of a process from /proc; all are 0 on systems without it.
func measure(pid int) (s sample) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	status, _ := os.ReadFile(filepath.Join(dir, "status"))
	for _, line := range strings.Split(string(status), "\n") {
		name, rest, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
		switch name {
		case "VmRSS":
			s.rss = n
		case "Threads":
			s.threads = n
		}
	}
	for _, n := range descriptors(pid) {
		s.files += n
	}
	return s
}

// descriptors counts the open files of a process by kind.
func descriptors(pid int) map[string]int {
	kinds := map[string]int{}
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	list, _ := os.ReadDir(dir)
	for _, f := range list {
		target, err := os.Readlink(filepath.Join(dir, f.Name()))
		if err != nil {
			continue // it was closed meanwhile
		}
		kind, _, special := strings.Cut(target, ":[")
		if !special {
			kind = "file"
			if strings.HasPrefix(target, "anon_inode:") {
				kind = target
			}
		}
		kinds[kind]++
	}
	return kinds
}

// sockets lists the TCP sockets of a process: addresses and states, as the
// system has them.
func sockets(pid int) string {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	list, _ := os.ReadDir(dir)
	ours := map[string]bool{}
	for _, f := range list {
		target, _ := os.Readlink(filepath.Join(dir, f.Name()))
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			ours[strings.TrimSuffix(inode, "]")] = true
		}
	}
	all, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "net", "tcp"))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for line := range strings.Lines(string(all)) {
		f := strings.Fields(line)
		if len(f) < 10 || !ours[f[9]] {
			continue
		}
		delete(ours, f[9])
		fmt.Fprintf(&b, "%s from %s to %s, to be sent and read %s\n", stateName(f[3]), port(f[1]), port(f[2]), f[4])
	}
	for inode := range ours {
		fmt.Fprintf(&b, "socket %s of no connection\n", inode)
	}
	return b.String()
}

// stateName is the name of a TCP state of /proc/net/tcp.
func stateName(hex string) string {
	names := map[string]string{"01": "ESTABLISHED", "04": "FIN_WAIT1", "05": "FIN_WAIT2", "08": "CLOSE_WAIT", "09": "LAST_ACK", "0A": "LISTEN"}
	if n := names[hex]; n != "" {
		return n
	}
	return "state " + hex
}

// port is that of an address of /proc/net/tcp.
func port(addr string) string {
	_, hex, _ := strings.Cut(addr, ":")
	n, _ := strconv.ParseUint(hex, 16, 16)
	return strconv.FormatUint(n, 10)
}

// keeps are kinds of descriptors that a server may keep for later use: how many more
// than at an earlier idle moment are not a leak.
var keeps = map[string]int{
	"pipe":              32, // for splice(2), two to a pair
	"coroutine at rest": 16 * runtime.NumCPU(),
}

// more lists the kinds that have grown, "" for none.
func more(before, now map[string]int) string {
	var all []string
	for kind, n := range now {
		if n > before[kind]+keeps[kind] {
			all = append(all, fmt.Sprintf("%s: %d, before %d", kind, n, before[kind]))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// series makes a hundred samples of a minute of a curve.
func series(curve func(i int) int) []sample {
	var all []sample
	for i := range 100 {
		all = append(all, sample{at: time.Duration(i) * 600 * time.Millisecond, rss: curve(i)})
	}
	return all
}

func TestTrend(t *testing.T) {
	for _, row := range []struct {
		name  string
		grows bool
		curve func(i int) int
	}{
		{"flat", false, func(int) int { return 20000 }},
		{"a saw, as a collected heap makes", false, func(i int) int { return 20000 + i%10*1500 }},
		{"warm-up only", false, func(i int) int { return 30000 - max(0, 20-i)*1000 }},
		{"one high sample late", false, func(i int) int { return 20000 + i/99*100000 }},
		{"falls", false, func(i int) int { return 60000 - i*300 }},
		{"grows less than the floor", false, func(i int) int { return 20000 + i*40 }},
		{"grows less than a tenth", false, func(i int) int { return 200000 + i*150 }},
		{"grows", true, func(i int) int { return 20000 + i*120 }},
		{"grows, large", true, func(i int) int { return 200000 + i*500 }},
		{"grows under a saw", true, func(i int) int { return 20000 + i*150 + i%10*1500 }},
		{"steps up half way", true, func(i int) int { return 20000 + i/50*8000 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := trend("memory", series(row.curve), rss, 4096)
			if (err != nil) != row.grows {
				t.Errorf("found %v", err)
			}
		})
	}
	if trend("memory", nil, rss, 4096) == nil || trend("memory", []sample{{at: time.Second}}, rss, 4096) == nil {
		t.Error("an empty series passes")
	}
}

func TestMore(t *testing.T) {
	before := map[string]int{"socket": 2, "file": 3}
	for _, row := range []struct {
		now  map[string]int
		want string
	}{
		{map[string]int{"socket": 2, "file": 2}, ""},
		{map[string]int{"socket": 2, "pipe": 4}, ""},
		{map[string]int{"socket": 3, "file": 3}, "socket: 3, before 2"},
		{map[string]int{"pipe": 40, "anon_inode:[eventfd]": 1}, "anon_inode:[eventfd]: 1, before 0\npipe: 40, before 0"},
	} {
		if got := more(before, row.now); got != row.want {
			t.Errorf("%v: %q, want %q", row.now, got, row.want)
		}
	}
}
