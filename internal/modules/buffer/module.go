package buffer

import (
	"math"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// defaultSize is BufferSize where none is configured, in bytes (httpd:
// DEFAULT_BUFFER_SIZE).
const defaultSize = 128 << 10

// slot identifies a section's BufferSize.
var slot = directive.Slot[module.Opt[int]]{Name: "buffer", Merge: func(base, add *module.Opt[int]) *module.Opt[int] {
	out := module.Over(*base, *add)
	return &out
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_buffer", ID: "buffer_module", Rows: []directive.Row{{Name: "BufferSize", Set: setSize}}}
}

// setSize reads BufferSize. httpd: set_buffer_size; what follows the digits is ignored.
func setSize(c *directive.Call) error {
	n, rest := ascii.LeadingDigits(c.Arg(0))
	if n <= 0 || n == math.MaxInt64 {
		return c.Errorf("BufferSize must be a size in bytes, and greater than zero")
	}
	if rest != "" {
		c.Warn("'%s' is read as %d", c.Arg(0), n)
	}
	slot.Of(c.Dir).To(int(n))
	return nil
}

// size returns the BufferSize of a section.
func size(c *directive.Confs) int {
	if v, ok := slot.Peek(c); ok {
		return v.Or(defaultSize)
	}
	return defaultSize
}

// Filter is the filter that SetOutputFilter BUFFER and SetInputFilter BUFFER name.
func Filter() module.FilterKind {
	return module.FilterKind{
		Name: "BUFFER", Rank: module.RankContentSet, InputRank: module.RankContentSet,
		New: func(_ *module.Builder, d *module.Dir) (exchange.Filter, error) {
			return &output{size: size(d.Conf)}, nil
		},
		NewInput: func(_ *module.Builder, d *module.Dir) (exchange.InputFilter, error) {
			return &input{size: size(d.Conf)}, nil
		},
	}
}
