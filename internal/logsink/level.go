package logsink

import (
	"maps"
	"slices"
)

// Level is a severity of the error log, httpd's LogLevel words: smaller is
// worse.
type Level int8

// The levels of LogLevel.
const (
	Emerg Level = iota
	Alert
	Crit
	Error
	Warn
	Notice
	Info
	Debug
	Trace1
	Trace2
	Trace3
	Trace4
	Trace5
	Trace6
	Trace7
	Trace8
)

// Unset is the level of Levels that inherit it from the setting below them.
const Unset Level = -1

var levelNames = [...]string{
	"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
	"trace1", "trace2", "trace3", "trace4", "trace5", "trace6", "trace7", "trace8",
}

// String returns LogLevel's word.
func (l Level) String() string { return levelNames[l] }

// LevelOf returns the level of LogLevel's word, in lower case.
func LevelOf(word string) (Level, bool) {
	for i, n := range levelNames {
		if n == word {
			return Level(i), true
		}
	}
	return 0, false
}

// LevelWords returns LogLevel's words, worst first.
func LevelWords() []string { return slices.Clone(levelNames[:]) }

// Levels is one LogLevel setting: a default and exceptions per module. It is
// immutable once built.
type Levels struct {
	Default Level
	Modules map[string]Level // module name without "mod_" and "_module" ("proxy"); nil: none

	// deepest is the highest level of any module. Emerg, as in literals, says that
	// it is not known.
	deepest Level
}

// measured returns s with deepest set.
func (s Levels) measured() Levels {
	s.deepest = s.Default
	for _, l := range s.Modules {
		s.deepest = max(s.deepest, l)
	}
	return s
}

// Over lays one setting over another: what it does not set is inherited from
// base. Either may be nil. httpd: ap_merge_log_config.
func (s *Levels) Over(base *Levels) *Levels {
	switch {
	case s == nil:
		return base
	case base == nil, s.Default != Unset: // httpd: a level for all modules ends those for single ones
		return s
	}
	out := &Levels{Default: base.Default, Modules: maps.Clone(base.Modules)}
	for module, l := range s.Modules {
		if out.Modules == nil {
			out.Modules = map[string]Level{}
		}
		out.Modules[module] = l
	}
	all := out.measured()
	return &all
}

// Enabled says whether a message of module at level l is to be written. For one
// that is deeper than any module goes the answer is one comparison.
// httpd: a notice is written to files whatever LogLevel says.
func (s *Levels) Enabled(module string, l Level) bool {
	if l > s.deepest && s.deepest > Emerg && l != Notice {
		return false
	}
	return l == Notice || s.allows(module, l)
}

// allows is Enabled without the exception for notices.
func (s *Levels) allows(module string, l Level) bool {
	if s.Modules != nil {
		if m, ok := s.Modules[module]; ok {
			return l <= m
		}
	}
	return l <= s.Default
}
