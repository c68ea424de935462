package server

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/reactor"
)

// EnvEngine names the variable that chooses the engine.
const EnvEngine = "HEADGATE_ENGINE"

// engines are the rows of HEADGATE_ENGINE. The first is what an empty name gets.
var engines = []struct {
	name string
	make func(onPanic func(v any, stack []byte)) reactor.Engine
}{
	{"goroutine", func(p func(any, []byte)) reactor.Engine { return reactor.NewGoroutine(p) }},
}

// EngineError says that there is no engine of a name.
type EngineError struct{ Name string }

// Error names the engines there are.
func (e *EngineError) Error() string {
	var have []string
	for _, row := range engines {
		have = append(have, row.name)
	}
	return fmt.Sprintf("the %s engine is not available in this version (%s: %s)", e.Name, EnvEngine, strings.Join(have, ", "))
}

// NewEngine makes the engine of that name, the first choice for "".
func NewEngine(name string, onPanic func(v any, stack []byte)) (reactor.Engine, error) {
	for _, row := range engines {
		if name == "" || name == row.name {
			return row.make(onPanic), nil
		}
	}
	return nil, &EngineError{Name: name}
}
