package snapshot

import "syscall"

// InFlight returns how many exchanges use the snapshot.
func (s *Snapshot) InFlight() int {
	n := int64(0)
	for i := range s.refs {
		n += s.refs[i].n.Load()
	}
	return int(max(n, 0))
}

// Capacity is how many requests there may be with a MaxRequestWorkers. Without one, 0,
// the descriptors are the limit: an eighth is kept for backends and logs, and each
// request takes up to two.
func Capacity(limit int) int {
	if limit > 0 {
		return limit
	}
	var files syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
	return int(min(files.Cur, 1<<20) / 8 * 7 / 2)
}
