package processors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	v2Mount = "24 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	v1Mount = "22 1 8:1 / / rw - ext4 /dev/root rw\n" +
		"31 23 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n" +
		"32 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	hybrid = v1Mount + "41 23 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
)

var rows = []struct {
	name      string
	cgroup    string // /proc/self/cgroup
	mountinfo string
	files     string // name = content ; ...
	limit     float64
	fails     bool
}{
	{name: "v2", cgroup: "0::/app\n", mountinfo: v2Mount, files: "app/cpu.max = 150000 100000\n", limit: 1.5},
	{name: "v2, other period", cgroup: "0::/app\n", mountinfo: v2Mount, files: "app/cpu.max = 5000 20000\n", limit: 0.25},
	{name: "v2 without a limit", cgroup: "0::/app\n", mountinfo: v2Mount, files: "app/cpu.max = max 100000\n"},
	{name: "v2 without the controller", cgroup: "0::/app\n", mountinfo: v2Mount, files: "app/cgroup.procs = 1\n"},
	{name: "v2 in a namespace", cgroup: "0::/\n", mountinfo: v2Mount, files: "cpu.max = 300000 100000\n", limit: 3},
	{name: "v2, the tightest is further up", cgroup: "0::/a/b/c\n", mountinfo: v2Mount,
		files: "a/cpu.max = 100000 100000\na/b/cpu.max = max 100000\na/b/c/cpu.max = 200000 100000\n", limit: 1},
	{name: "v2, the tightest is its own", cgroup: "0::/a/b\n", mountinfo: v2Mount,
		files: "a/cpu.max = 400000 100000\na/b/cpu.max = 200000 100000\n", limit: 2},
	{name: "v2, a part is mounted", cgroup: "0::/pods/x/app\n",
		mountinfo: strings.Replace(v2Mount, " / /sys", " /pods/x /sys", 1), files: "cpu.max = 200000 100000\napp/cpu.max = max 100000\n", limit: 2},
	{name: "v2, another part is mounted", cgroup: "0::/pods/xy\n",
		mountinfo: strings.Replace(v2Mount, " / /sys", " /pods/x /sys", 1), files: "cpu.max = 200000 100000\n", fails: true},
	{name: "v2, of two mounts the one that shows it", cgroup: "0::/pods/y\n",
		mountinfo: strings.Replace(v2Mount, " / /sys/fs/cgroup", " /pods/x /other", 1) + v2Mount, files: "pods/y/cpu.max = 200000 100000\n", limit: 2},
	{name: "v2, a mount point with a space", cgroup: "0::/\n",
		mountinfo: strings.Replace(v2Mount, "/sys/fs/cgroup", `/sys/fs/cgroup/a\040b`, 1), files: "a b/cpu.max = 200000 100000\n", limit: 2},
	{name: "v2, outside of the namespace", cgroup: "0::/../app\n", mountinfo: v2Mount, files: "cpu.max = 200000 100000\n", fails: true},
	{name: "v2, no quota", cgroup: "0::/\n", mountinfo: v2Mount, files: "cpu.max = \n", fails: true},
	{name: "v2, no period", cgroup: "0::/\n", mountinfo: v2Mount, files: "cpu.max = 100000\n", fails: true},
	{name: "v2, a period of nothing", cgroup: "0::/\n", mountinfo: v2Mount, files: "cpu.max = 100000 0\n", fails: true},
	{name: "v2, no number", cgroup: "0::/\n", mountinfo: v2Mount, files: "cpu.max = many 100000\n", fails: true},
	{name: "v2, negative", cgroup: "0::/\n", mountinfo: v2Mount, files: "cpu.max = -1 100000\n", fails: true},
	{name: "v2, not to be seen", cgroup: "0::/gone\n", mountinfo: v2Mount, files: "cpu.max = 200000 100000\n", fails: true},

	{name: "v1", cgroup: "5:cpuset:/\n4:cpu,cpuacct:/app\n", mountinfo: v1Mount,
		files: "cpu,cpuacct/app/cpu.cfs_quota_us = 150000\ncpu,cpuacct/app/cpu.cfs_period_us = 100000\n", limit: 1.5},
	{name: "v1 without a limit", cgroup: "4:cpu,cpuacct:/app\n", mountinfo: v1Mount,
		files: "cpu,cpuacct/app/cpu.cfs_quota_us = -1\ncpu,cpuacct/app/cpu.cfs_period_us = 100000\n"},
	{name: "v1, the tightest is further up", cgroup: "4:cpuacct,cpu:/a/b\n", mountinfo: v1Mount,
		files: "cpu,cpuacct/a/cpu.cfs_quota_us = 50000\ncpu,cpuacct/a/cpu.cfs_period_us = 100000\n" +
			"cpu,cpuacct/a/b/cpu.cfs_quota_us = 150000\ncpu,cpuacct/a/b/cpu.cfs_period_us = 100000\n", limit: 0.5},
	{name: "v1, as in a container", cgroup: "4:cpu,cpuacct:/docker/x\n", mountinfo: strings.ReplaceAll(v1Mount, " / /sys", " /docker/x /sys"),
		files: "cpu,cpuacct/cpu.cfs_quota_us = 200000\ncpu,cpuacct/cpu.cfs_period_us = 100000\n", limit: 2},
	{name: "v1 beside v2", cgroup: "4:cpu,cpuacct:/app\n0::/app\n", mountinfo: hybrid,
		files: "cpu,cpuacct/app/cpu.cfs_quota_us = 200000\ncpu,cpuacct/app/cpu.cfs_period_us = 100000\nunified/app/cpu.max = 100000 100000\n", limit: 2},
	{name: "v1 has other controllers", cgroup: "4:memory:/\n0::/app\n", mountinfo: hybrid, files: "unified/app/cpu.max = 100000 100000\n", limit: 1},
	{name: "v1, no period", cgroup: "4:cpu,cpuacct:/\n", mountinfo: v1Mount, files: "cpu,cpuacct/cpu.cfs_quota_us = 100000\n"},
	{name: "v1, no number", cgroup: "4:cpu,cpuacct:/\n", mountinfo: v1Mount,
		files: "cpu,cpuacct/cpu.cfs_quota_us = x\ncpu,cpuacct/cpu.cfs_period_us = 100000\n", fails: true},

	{name: "no controller", cgroup: "4:memory:/\n", mountinfo: v1Mount},
	{name: "nothing readable", cgroup: "what\n::\n1:cpu\n", mountinfo: v1Mount},
	{name: "not mounted", cgroup: "0::/\n", mountinfo: v1Mount, fails: true},
	{name: "mounts that cannot be read", cgroup: "0::/\n", mountinfo: "a b - c\n - \n\n1 2 3 / /x - cgroup2\n", fails: true},
}

// root lays out a row's files.
func root(t *testing.T, cgroup, mountinfo, files string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("proc/self/cgroup", cgroup)
	put("proc/self/mountinfo", mountinfo)
	for line := range strings.Lines(files) {
		name, text, _ := strings.Cut(line, " = ")
		put("sys/fs/cgroup/"+name, text)
	}
	return dir
}

func TestRead(t *testing.T) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := Source{Root: root(t, row.cgroup, row.mountinfo, row.files), Affinity: func() int { return 8 }}
			for range 2 { // the mounts are remembered
				got, err := s.Read()
				if (err != nil) != row.fails || got != (Supply{Affinity: 8, Limit: row.limit}) {
					t.Errorf("%+v, %v; want a limit of %v, an error: %v", got, err, row.limit, row.fails)
				}
			}
		})
	}
}

// A change between two reads is seen, even if the process was moved to another
// cgroup. A root without /proc is an error.
func TestReadAgain(t *testing.T) {
	dir := root(t, "0::/a\n", v2Mount, "a/cpu.max = 100000 100000\nb/cpu.max = 200000 100000\n")
	s := Source{Root: dir}
	want := func(limit float64) {
		t.Helper()
		if got, err := s.Read(); err != nil || got.Limit != limit || got.Affinity < 1 {
			t.Errorf("%+v, %v; want a limit of %v", got, err, limit)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want(1)
	write("sys/fs/cgroup/a/cpu.max", "max 100000\n")
	want(0)
	write("proc/self/cgroup", "0::/b\n")
	want(2)
	s.Root = t.TempDir()
	if got, err := s.Read(); err == nil || got.Affinity < 1 {
		t.Errorf("without /proc: %+v", got)
	}
	if got, _ := new(Source).Read(); got.Count() < 1 { // the system's own files, whatever they say
		t.Errorf("%+v", got)
	}
}

func TestCount(t *testing.T) {
	for _, row := range []struct {
		supply Supply
		count  int
	}{
		{Supply{4, 0}, 4}, {Supply{4, 1}, 1}, {Supply{4, 1.5}, 2}, {Supply{4, 0.1}, 1},
		{Supply{4, 3.2}, 4}, {Supply{4, 4}, 4}, {Supply{4, 9}, 4}, {Supply{0, 0}, 1}, {Supply{1, 0.5}, 1},
	} {
		if n := row.supply.Count(); n != row.count {
			t.Errorf("%+v: %d, want %d", row.supply, n, row.count)
		}
	}
}

// Whatever the files say, every path that is read is below a mount point.
func FuzzShows(f *testing.F) {
	for _, row := range rows {
		f.Add(row.cgroup, row.mountinfo)
	}
	f.Fuzz(func(t *testing.T, text, info string) {
		own, ok := cgroupOf(text)
		if !ok {
			return
		}
		for _, m := range mountsOf(info) {
			below, ok := m.shows(own)
			if !ok {
				continue
			}
			if at := filepath.Join("/point", below); at != "/point" && !strings.HasPrefix(at, "/point/") {
				t.Errorf("%q below %q leads to %q", own.path, m.root, at)
			}
		}
	})
}
