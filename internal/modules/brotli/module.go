package brotli

import (
	"io"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/coding"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// conf holds the directives of a server. A virtual host that has any of them has the
// defaults of the others (httpd: they are not merged).
type conf struct {
	quality int
	window  int // binary logarithm of its bytes
	tag     coding.Tag
	notes   coding.Notes
}

var slot = directive.Slot[conf]{Name: "brotli", New: defaults}

func defaults() *conf { return &conf{quality: 5, window: 18} }

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_brotli", ID: "brotli_module", Rows: []directive.Row{
		{Name: "BrotliCompressionQuality", Set: number(0, 11, func(c *conf) *int { return &c.quality })},
		{Name: "BrotliCompressionWindow", Set: number(10, 24, func(c *conf) *int { return &c.window })},
		{
			Name: "BrotliCompressionMaxInputBlock", Tier: directive.Noted, Note: "the encoder chooses the size of its blocks",
			Set: number(16, 24, nil),
		},
		{Name: "BrotliAlterETag", Set: func(c *directive.Call) error {
			tag, ok := coding.Tags[ascii.ToLower(c.Arg(0))]
			if !ok {
				return c.Errorf("BrotliAlterETag accepts only 'AddSuffix', 'NoChange' and 'Remove'")
			}
			slot.Of(c.Server).tag = tag
			return nil
		}},
		{Name: "BrotliFilterNote", Set: func(c *directive.Call) error {
			if !slot.Of(c.Server).notes.Read(c.Args) {
				return c.Errorf("Unknown BrotliFilterNote type '%s'", c.Arg(0))
			}
			return nil
		}},
	}}
}

// number makes a setter for a number within limits; nil for field: it has no effect.
func number(least, most int, field func(*conf) *int) func(*directive.Call) error {
	return func(c *directive.Call) error {
		n := c.Number(c.Arg(0))
		if n < least || n > most {
			return c.Errorf("%s must be between %d and %d", c.Row.Name, least, most)
		}
		if field != nil {
			*field(slot.Of(c.Server)) = n
		}
		return nil
	}
}

// perByte is about how long the encoder takes for a byte, by quality.
var perByte = [12]time.Duration{7, 9, 14, 16, 22, 32, 40, 60, 80, 120, 1000, 2500}

// settings identify a pool.
type settings struct{ quality, window int }

func newEncoder(s settings) coding.Encoder {
	return brotli.NewWriterOptions(io.Discard, brotli.WriterOptions{Quality: s.quality, LGWin: s.window})
}

// Filter is the filter of the module.
func Filter() module.FilterKind {
	pools := coding.NewPools(func(s settings) *coding.Pool {
		return coding.NewPool(perByte[s.quality], func() (coding.Encoder, error) { return newEncoder(s), nil })
	})
	return module.FilterKind{
		Name: "BROTLI_COMPRESS", Rank: module.RankContentSet,
		New: func(_ *module.Builder, d *module.Dir) (exchange.Filter, error) {
			c, ok := slot.Peek(d.Server.Conf)
			if !ok {
				c = defaults()
			}
			return &coding.Filter{
				Coding: coding.Coding{Name: "br", Off: "no-brotli", Module: "brotli"},
				Tag:    c.tag, Notes: c.notes, Pool: pools.Of(settings{c.quality, c.window}),
			}, nil
		},
	}
}
