package processors

import "math"

// Supply is what a process may use of the machine's processors.
type Supply struct {
	Affinity int     // how many its threads may run on
	Limit    float64 // the CPU time that the cgroups allow, in processors; 0: no limit
}

// Count returns how many threads can be at work at the same time, at least 1.
func (s Supply) Count() int {
	n := s.Affinity
	if s.Limited() {
		n = int(math.Ceil(s.Limit))
	}
	return max(n, 1)
}

// Limited says whether the limit of the cgroups decides.
func (s Supply) Limited() bool { return s.Limit > 0 && s.Limit < float64(s.Affinity) }

// Source reads the supply of this process. One goroutine at a time uses it. The
// zero value asks the system.
type Source struct {
	Root     string     // folder that holds /proc and the files of cgroups; "" for /
	Affinity func() int // nil: the system's

	mounts []mount // of cgroups, found once
}

// Read reads the supply. After an error the limit is unknown, which does not
// mean that there is none: a process that changed its root sees neither its
// cgroup nor the limit that still applies. The affinity is always valid.
func (s *Source) Read() (Supply, error) {
	ask := s.Affinity
	if ask == nil {
		ask = affinity
	}
	limit, err := s.limit()
	return Supply{Affinity: ask(), Limit: limit}, err
}
