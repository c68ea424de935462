package server

import (
	"fmt"
	"os"
	"strings"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/processors"
	"github.com/headgate/headgate/internal/reactor"
)

// EnvEngine names the variable that chooses the engine.
const EnvEngine = "HEADGATE_ENGINE"

// EnvCheckLocks names the variable that, when not empty, turns on the checks of
// locks (package lock).
const EnvCheckLocks = "HEADGATE_CHECK_LOCKS"

// engineRow is a name HEADGATE_ENGINE may have.
type engineRow struct {
	name string
	make func(reactor.Hooks, processors.Supply) (reactor.Engine, error)
}

// portable is the engine that every system has.
var portable = engineRow{"goroutine", func(h reactor.Hooks, _ processors.Supply) (reactor.Engine, error) {
	return reactor.NewGoroutine(h), nil
}}

// EngineError says that no engine has that name.
type EngineError struct{ Name string }

// Error lists the names of engines.
func (e *EngineError) Error() string {
	var have []string
	for _, row := range engines {
		have = append(have, row.name)
	}
	return fmt.Sprintf("the %s engine is not available on this system (%s: %s)", e.Name, EnvEngine, strings.Join(have, ", "))
}

// NewEngine makes the engine of that name, the first of the table for "", for
// so many processors.
func NewEngine(name string, hooks reactor.Hooks, have processors.Supply) (reactor.Engine, error) {
	if os.Getenv(EnvCheckLocks) != "" {
		lock.Check()
	}
	for _, row := range engines {
		if name == "" || name == row.name {
			return row.make(hooks, have)
		}
	}
	return nil, &EngineError{Name: name}
}
