//go:build linux

package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ, which the kernel's interface fixes.
const tick = 10 * time.Millisecond

// Cost is the CPU time of a process and its descendants.
type Cost struct {
	// Total is exact, from schedstat of every thread. User and Sys have a coarse unit: the split, not the sum.
	Total, User, Sys time.Duration
}

// Sub returns the time since before.
func (c Cost) Sub(before Cost) Cost {
	return Cost{c.Total - before.Total, c.User - before.User, c.Sys - before.Sys}
}

// Split divides Total in the ratio of User and Sys.
func (c Cost) Split() (user, sys time.Duration) {
	if c.User+c.Sys <= 0 {
		return 0, 0
	}
	user = time.Duration(float64(c.Total) * float64(c.User) / float64(c.User+c.Sys))
	return user, c.Total - user
}

// Spent reads the cost of pid and its descendants so far. The time of a thread that has ended is lost, but the threads
// of servers do not end.
func Spent(pid int) (Cost, error) {
	var sum Cost
	for _, p := range Tree(pid) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil {
			continue // it has ended meanwhile
		}
		f := statFields(stat)
		if len(f) < 13 {
			return sum, fmt.Errorf("read the CPU time of process %d: short line", p)
		}
		sum.User += time.Duration(number(f[11])) * tick
		sum.Sys += time.Duration(number(f[12])) * tick
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p))
		for _, t := range tasks {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", p, t.Name()))
			if first, _, ok := strings.Cut(string(line), " "); ok {
				sum.Total += time.Duration(number(first))
			}
		}
	}
	if sum.Total == 0 { // a kernel without schedstat
		sum.Total = sum.User + sum.Sys
	}
	return sum, nil
}

// statFields splits a stat line after the name of the program, which may contain spaces: the first field is the state.
func statFields(stat []byte) []string {
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n
}

// Tree returns pid and all its descendants.
func Tree(pid int) []int {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		p, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if f := statFields(stat); err == nil && len(f) > 1 {
			parent := int(number(f[1]))
			children[parent] = append(children[parent], p)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// Memory is the memory of a process and its descendants, in bytes. RSS counts a page that they share once for each of them,
// PSS once in total.
type Memory struct{ RSS, PSS int64 }

// Held reads the memory of pid and its descendants.
func Held(pid int) (Memory, error) {
	var sum Memory
	for _, p := range Tree(pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			return sum, fmt.Errorf("read the memory of process %d: %w", p, err)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) != 3 || f[2] != "kB" {
				continue
			}
			switch f[0] {
			case "Rss:":
				sum.RSS += number(f[1]) << 10
			case "Pss:":
				sum.PSS += number(f[1]) << 10
			}
		}
	}
	return sum, nil
}

// Cores returns the cores that this process may run on.
func Cores() ([]int, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, fmt.Errorf("read the cores: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return parseList(strings.TrimSpace(rest))
		}
	}
	return nil, fmt.Errorf("read the cores: no Cpus_allowed_list")
}

func parseList(s string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(s, ",") {
		from, to, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		if err != nil {
			return nil, fmt.Errorf("read the cores %q: %w", s, err)
		}
		b := a
		if ranged {
			if b, err = strconv.Atoi(to); err != nil {
				return nil, fmt.Errorf("read the cores %q: %w", s, err)
			}
		}
		for ; a <= b; a++ {
			all = append(all, a)
		}
	}
	return all, nil
}
