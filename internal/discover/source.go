package discover

import "context"

// Source is where something is discovered.
type Source interface {
	// Run follows the source until ctx ends. It calls tell whenever there is
	// something new, or its state has changed, and at least once.
	Run(ctx context.Context, tell func())
	// Translate returns what the source contributes. Names of texts begin with prefix.
	Translate(prefix string, f *Facts) Result
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
