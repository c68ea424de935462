package discover

import "context"

// Source is where something is discovered.
type Source interface {
	// Run follows the source until ctx ends. It calls tell whenever there is
	// something new, or its state has changed, and at least once.
	Run(ctx context.Context, tell func())
	// Translate returns what the source contributes. Names of texts begin with prefix.
	// What the result has is not changed any more, and a text that is the one of the
	// call before is the same string in memory, so that comparing them costs little.
	Translate(prefix string, f *Facts) Result
	// Refused is told which of the texts of the latest Translate do not compile, and
	// why. It reports whether the next Translate may have others in their place.
	Refused(texts map[string][]string) (again bool)
	// State fills in what is known of the source itself.
	State(r *Report)
}

// New makes the source of a directive.
func New(s Spec) Source {
	if s.Kind == KindFile {
		return newFiles(s)
	}
	return newDocker(s)
}
