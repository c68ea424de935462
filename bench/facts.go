//go:build linux

package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Facts are the data that are needed to judge the figures. They name neither the machine nor its folders.
type Facts struct {
	Date     string
	Commit   string
	Dirty    bool // the tree had changes that are not in the commit
	Engine   string
	CPU      string
	Cores    int
	Kernel   string
	TCP      string  // congestion control
	IOURing  string  // whether the system allows io_uring
	Busy     float64 // percent of the cores that other programs used in the second before the start
	Load     string  // average over 1, 5 and 15 minutes at the start
	Go       string  // the version that built Headgate
	Versions []Version
	Missing  []string `json:",omitempty"`
	Rounds   int
	Seconds  int // of one measurement
	Quick    bool
	Minutes  float64
}

// Version is the version of a peer or tool.
type Version struct{ Name, Version string }

func (h *harness) facts(ctx context.Context) Facts {
	f := Facts{
		Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), Cores: len(h.cores), Rounds: h.rounds,
		Seconds: int(h.time.Seconds()), Quick: h.quick, Missing: h.none, Engine: h.engine,
		Commit: h.git("rev-parse", "--short", "HEAD"), Dirty: h.git("status", "--porcelain", "--", ":/", ":/!bench/results") != "",
	}
	if f.Commit == "" {
		f.Commit = "unknown"
	}
	if info, err := buildinfo.ReadFile(h.headgate); err == nil {
		f.Go = info.GoVersion
	}
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if k, v, _ := strings.Cut(line, ":"); strings.TrimSpace(k) == "model name" {
			f.CPU = strings.TrimSpace(v)
			break
		}
	}
	f.Kernel = strings.TrimSpace(read("/proc/sys/kernel/osrelease"))
	f.TCP = strings.TrimSpace(read("/proc/sys/net/ipv4/tcp_congestion_control"))
	f.IOURing = ringAllowed()
	if w := strings.Fields(read("/proc/loadavg")); len(w) >= 3 {
		f.Load = strings.Join(w[:3], " ")
	}
	for _, p := range h.peers {
		f.Versions = append(f.Versions, Version{p.Name, p.Version()})
	}
	f.Busy = busy(ctx)
	out, _ := exec.Command("wrk", "-v").Output() // its exit code is 1
	if w := strings.Fields(string(out)); len(w) > 1 {
		f.Versions = append(f.Versions, Version{"wrk", w[1]})
	}
	return f
}

// ringAllowed requests an io_uring with a bad pointer, which the system checks only after the permission.
func ringAllowed() string {
	if _, _, e := syscall.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0); e != syscall.EFAULT {
		return "forbidden"
	}
	return "allowed"
}

// busy measures for a second how much of the cores is in use while the benchmark runs nothing.
func busy(ctx context.Context) float64 {
	used, all := ticks()
	if pause(ctx, time.Second) != nil {
		return 0
	}
	usedNow, allNow := ticks()
	return 100 * float64(usedNow-used) / float64(max(allNow-all, 1))
}

// ticks reads from /proc/stat the busy time of all cores, and the total time.
func ticks() (used, all int64) {
	line, _, _ := strings.Cut(read("/proc/stat"), "\n")
	for i, w := range strings.Fields(line) {
		n, _ := strconv.ParseInt(w, 10, 64)
		all += n
		if i != 4 && i != 5 { // idle, iowait
			used += n
		}
	}
	return used, all
}

func (h *harness) git(args ...string) string {
	c := exec.Command("git", args...)
	c.Dir = h.root
	out, _ := c.Output()
	return strings.TrimSpace(string(out))
}

func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// head is the beginning of the report.
func (r *Report) head() string {
	f := r.Facts
	var b strings.Builder
	state := ""
	if f.Dirty {
		state = " with changes"
	}
	fmt.Fprintf(&b, "# Benchmark of %s, commit %s%s\n\n", f.Date, f.Commit, state)
	fmt.Fprintf(&b, "* machine: %s, %d core(s), Linux %s, TCP congestion control %s, io_uring %s, load average %s at the start\n",
		f.CPU, f.Cores, f.Kernel, f.TCP, f.IOURing, f.Load)
	if f.Busy > 5 {
		fmt.Fprintf(&b, "* **something else used %.0f %% of the machine just before: these figures say little**\n", f.Busy)
	}
	var all []string
	for _, v := range f.Versions {
		all = append(all, v.Name+" "+v.Version)
	}
	fmt.Fprintf(&b, "* versions: %s; Headgate built by %s\n", strings.Join(all, ", "), f.Go)
	fmt.Fprintf(&b, "* up to %d rounds of %d s each; medians, in brackets the smallest and the largest\n", f.Rounds, f.Seconds)
	if f.Engine != "" {
		fmt.Fprintf(&b, "* Headgate's engine: %s\n", f.Engine)
	}
	for _, m := range f.Missing {
		fmt.Fprintf(&b, "* not installed: %s (scripts/install-peers)\n", m)
	}
	return b.String()
}
