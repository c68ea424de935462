package exchange

// Options are the options of a folder: what Options allows.
type Options uint8

// The words of Options. Includes alone is IncludesNOEXEC, with IncludesExec it is
// Includes.
const (
	Indexes Options = 1 << iota
	Includes
	FollowSymLinks
	ExecCGI
	IncludesExec
	SymLinksIfOwnerMatch
	MultiViews
)

// Sets of options.
const (
	AllOptions   = Indexes | Includes | IncludesExec | FollowSymLinks | ExecCGI // the word All
	EveryOption  = AllOptions | SymLinksIfOwnerMatch | MultiViews
	FirstOptions = FollowSymLinks // without any directive
)

// Has reports whether all of some options are set.
func (o Options) Has(some Options) bool { return o&some == some }

// Links says which symbolic links may be followed.
func (o Options) Links() Links {
	switch {
	case o.Has(SymLinksIfOwnerMatch):
		return OwnersLinks
	case o.Has(FollowSymLinks):
		return AllLinks
	}
	return NoLinks
}

// Links says which symbolic links may be followed.
type Links uint8

// The rules for symbolic links.
const (
	NoLinks     Links = iota
	OwnersLinks       // those that belong to the owner of what they lead to
	AllLinks
)

// OptionRules are the directives Options of one context: a set, or changes of the
// set of the context around. A word is not both in Add and in Remove.
type OptionRules struct {
	Whole       bool // Set replaces the set around; else Add and Remove change it
	Set         Options
	Add, Remove Options
}

// Over merges o over those of the context around. httpd: merge_core_dir_configs.
func (o OptionRules) Over(base OptionRules) OptionRules {
	if o.Whole {
		return o
	}
	out := OptionRules{
		Whole: base.Whole, Set: base.Set,
		Add: base.Add&^o.Remove | o.Add, Remove: base.Remove&^o.Add | o.Remove,
	}
	out.Set = out.Set&^out.Remove | out.Add
	if base.Set.Has(Includes|IncludesExec) && o.Set&(Includes|IncludesExec) == Includes {
		out.Set &^= IncludesExec // programs were allowed before, and are no more
	}
	return out
}
