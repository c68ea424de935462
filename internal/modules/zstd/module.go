package zstd

import (
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/coding"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// conf holds the directives of a server. A virtual host that has any of them has the
// defaults of the others, as with mod_brotli.
type conf struct {
	level  int // as zstd counts them
	window int // binary logarithm of its bytes
	tag    coding.Tag
	notes  coding.Notes
}

var slot = directive.Slot[conf]{Name: "zstd", New: defaults}

// defaults: level 3 is zstd's own; a window of 512 KiB bounds what an encoder keeps.
func defaults() *conf { return &conf{level: 3, window: 19} }

// New returns the module.
func New() *module.Module {
	where := directive.ServerConfig
	row := func(name, usage string, args directive.Args, set func(*directive.Call) error) directive.Row {
		return directive.Row{Name: name, Module: "headgate_zstd", Where: where, Args: args, Usage: usage, Set: set}
	}
	return &module.Module{Name: "headgate_zstd", ID: "headgate_zstd_module", Static: true, Rows: []directive.Row{
		row("HeadgateZstdCompressionLevel", "HeadgateZstdCompressionLevel 1-22", directive.Take1, number(1, 22, func(c *conf) *int { return &c.level })),
		row("HeadgateZstdCompressionWindow", "HeadgateZstdCompressionWindow 10-23", directive.Take1, number(10, 23, func(c *conf) *int { return &c.window })),
		row("HeadgateZstdAlterETag", "HeadgateZstdAlterETag AddSuffix|NoChange|Remove", directive.Take1, func(c *directive.Call) error {
			tag, ok := coding.Tags[ascii.ToLower(c.Arg(0))]
			if !ok {
				return c.Errorf("HeadgateZstdAlterETag accepts only 'AddSuffix', 'NoChange' and 'Remove'")
			}
			slot.Of(c.Server).tag = tag
			return nil
		}),
		row("HeadgateZstdFilterNote", "HeadgateZstdFilterNote [type] notename", directive.Take12, func(c *directive.Call) error {
			if !slot.Of(c.Server).notes.Read(c.Args) {
				return c.Errorf("Unknown HeadgateZstdFilterNote type '%s'", c.Arg(0))
			}
			return nil
		}),
	}}
}

// number makes a setter for a number within limits.
func number(least, most int, field func(*conf) *int) func(*directive.Call) error {
	return func(c *directive.Call) error {
		n := c.Number(c.Arg(0))
		if n < least || n > most {
			return c.Errorf("%s must be between %d and %d", c.Row.Name, least, most)
		}
		*field(slot.Of(c.Server)) = n
		return nil
	}
}

// perByte is about how long the encoder takes for a byte, by its own levels.
var perByte = [...]time.Duration{zstd.SpeedFastest: 5, zstd.SpeedDefault: 8, zstd.SpeedBetterCompression: 16, zstd.SpeedBestCompression: 60}

// settings identify a pool.
type settings struct {
	level  zstd.EncoderLevel
	window int
}

// newEncoder makes an encoder that encodes where it is called, without goroutines.
func newEncoder(s settings) (coding.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(s.level), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<s.window), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
}

// Filter is the filter of the module.
func Filter() module.FilterKind {
	pools := coding.NewPools(func(s settings) *coding.Pool {
		return coding.NewPool(perByte[s.level], func() (coding.Encoder, error) { return newEncoder(s) })
	})
	return module.FilterKind{
		Name: "ZSTD_COMPRESS", Rank: module.RankContentSet,
		New: func(_ *module.Builder, d *module.Dir) (exchange.Filter, error) {
			c, ok := slot.Peek(d.Server.Conf)
			if !ok {
				c = defaults()
			}
			return &coding.Filter{
				Coding: coding.Coding{Name: "zstd", Off: "no-zstd", Module: "zstd"},
				Tag:    c.tag, Notes: c.notes, Pool: pools.Of(settings{zstd.EncoderLevelFromZstd(c.level), c.window}),
			}, nil
		},
	}
}
