package processors

import "math"

// Supply is what a process may use of the machine's processors.
type Supply struct {
	Affinity int     // how many its threads may run on
	Limit    float64 // how many the time that its cgroups allow it is worth; 0: no limit
}

// Count returns how many threads can be at work at the same time, at least 1.
func (s Supply) Count() int {
	n := s.Affinity
	if s.Limited() {
		n = int(math.Ceil(s.Limit))
	}
	return max(n, 1)
}

// Limited says that the cgroups' limit is what counts.
func (s Supply) Limited() bool { return s.Limit > 0 && s.Limit < float64(s.Affinity) }

// Source is where the supply of this process is read. It is used by one
// goroutine at a time; its zero value asks the system.
type Source struct {
	Root     string     // what /proc and the cgroups' files are looked for below; "" for /
	Affinity func() int // nil: the system's

	mounts []mount // of cgroups: they are not looked for again
}

// Read looks at the supply. After an error the limit is not known, which is not
// to say that there is none: a process that has changed its root sees neither
// its cgroup nor the limit that still holds. The affinity is always good.
func (s *Source) Read() (Supply, error) {
	ask := s.Affinity
	if ask == nil {
		ask = affinity
	}
	limit, err := s.limit()
	return Supply{Affinity: ask(), Limit: limit}, err
}
