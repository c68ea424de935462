package processors

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// cgroup is the cgroup of this process that limits its processors.
type cgroup struct {
	path string
	v1   bool // in the hierarchy of the cpu controller, not in the unified one
}

// mount is a mount point of cgroups.
type mount struct {
	root string // the cgroup that point shows
	at   string
	v1   bool
}

// limit returns the tightest limit of this process's cgroup and of its visible
// ancestors; 0 for none.
func (s *Source) limit() (float64, error) {
	text, err := os.ReadFile(s.Root + "/proc/self/cgroup")
	if err != nil {
		return 0, err
	}
	own, ok := cgroupOf(string(text))
	if !ok {
		return 0, nil // there is no cpu controller
	}
	if s.mounts == nil {
		text, err := os.ReadFile(s.Root + "/proc/self/mountinfo")
		if err != nil {
			return 0, err
		}
		s.mounts = mountsOf(string(text))
	}
	for _, m := range s.mounts {
		if below, ok := m.shows(own); ok {
			return limitOf(s.Root+m.at, below, own.v1)
		}
	}
	return 0, fmt.Errorf("cgroup %s is not mounted", own.path)
}

// cgroupOf reads /proc/self/cgroup: lines of number:controllers:path. If the
// cpu controller has its own hierarchy, the unified one has no limits.
func cgroupOf(text string) (own cgroup, ok bool) {
	for line := range strings.Lines(text) {
		number, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, at, found := strings.Cut(rest, ":")
		switch {
		case !found:
		case slices.Contains(strings.Split(controllers, ","), "cpu"):
			return cgroup{path: at, v1: true}, true
		case number == "0" && controllers == "":
			own, ok = cgroup{path: at}, true
		}
	}
	return own, ok
}

// mountsOf reads the cgroup mounts of /proc/self/mountinfo (proc(5)): root and
// mount point are fields 4 and 5. After a lone "-" come the type, the source
// and the options, which name controllers.
func mountsOf(text string) []mount {
	var all []mount
	for line := range strings.Lines(text) {
		front, back, _ := strings.Cut(line, " - ")
		f, b := strings.Fields(front), strings.Fields(back)
		if len(f) < 5 || len(b) < 3 {
			continue
		}
		m := mount{root: unescape.Replace(f[3]), at: unescape.Replace(f[4])}
		switch {
		case b[0] == "cgroup2":
		case b[0] == "cgroup" && slices.Contains(strings.Split(b[2], ","), "cpu"):
			m.v1 = true
		default:
			continue
		}
		all = append(all, m)
	}
	return all
}

// unescape reverses the escapes of paths in mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// shows returns the path of a cgroup below the mount point, "" for the mount
// point itself.
func (m mount) shows(c cgroup) (below string, ok bool) {
	if m.v1 != c.v1 || slices.Contains(strings.Split(c.path, "/"), "..") {
		return "", false // .. leads out of the namespace
	}
	below, ok = strings.CutPrefix(c.path, strings.TrimSuffix(m.root, "/"))
	if !ok || below != "" && below[0] != '/' {
		return "", false
	}
	return strings.Trim(below, "/"), true
}

// limitOf returns the lowest limit of the cgroup below the mount point, of its
// ancestors and of the mount point.
func limitOf(point, below string, v1 bool) (least float64, err error) {
	read := readV2
	if v1 {
		read = readV1
	}
	// A missing folder says nothing. A missing file says that there is no
	// limit: the root has none, nor has a cgroup without the controller.
	if _, err := os.Stat(point + "/" + below); err != nil {
		return 0, err
	}
	for {
		n, err := read(point + "/" + below)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
		if below == "" {
			return least, nil
		}
		if below = path.Dir(below); below == "." {
			below = ""
		}
	}
}

// readV2 reads cpu.max: "quota period" or "max period".
func readV2(dir string) (float64, error) {
	name := dir + "/cpu.max"
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	quota, period, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if quota == "max" {
		return 0, nil
	}
	return quotient(name, quota, period)
}

// readV1 reads the quota, -1 for none, and the period.
func readV1(dir string) (float64, error) {
	name := dir + "/cpu.cfs_quota_us"
	quota, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	q := strings.TrimSpace(string(quota))
	if q == "-1" {
		return 0, nil
	}
	period, err := os.ReadFile(dir + "/cpu.cfs_period_us")
	if err != nil {
		return 0, err
	}
	return quotient(name, q, strings.TrimSpace(string(period)))
}

func quotient(name, quota, period string) (float64, error) {
	q, qerr := strconv.ParseUint(quota, 10, 63)
	p, perr := strconv.ParseUint(period, 10, 63)
	if qerr != nil || perr != nil || q == 0 || p == 0 {
		return 0, fmt.Errorf("%s: no limit can be read from %.40q and %.40q", name, quota, period)
	}
	return float64(q) / float64(p), nil
}
