package freshfile

import "github.com/headgate/headgate/internal/lock"

// Set has one File for each name, so that all who name the same file share what
// it holds. It is safe for concurrent use.
type Set[T any] struct {
	parse  func(text string) T
	mu     lock.Mutex // guards byName
	byName map[string]*File[T]
}

// NewSet returns an empty set of files that parse reads.
func NewSet[T any](parse func(text string) T) *Set[T] {
	return &Set[T]{parse: parse, byName: make(map[string]*File[T])}
}

// Get returns the file of a name.
func (s *Set[T]) Get(name string) *File[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.byName[name]
	if f == nil {
		f = New(name, s.parse)
		s.byName[name] = f
	}
	return f
}
