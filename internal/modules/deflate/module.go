package deflate

import (
	"math"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/coding"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// serverConf holds the directives of a server. A virtual host that has any
// of them has the defaults of the others (httpd: they are not merged).
type serverConf struct {
	level int
	tag   coding.Tag
	notes coding.Notes
}

var serverSlot = directive.Slot[serverConf]{Name: "deflate server", New: newServerConf}

func newServerConf() *serverConf { return &serverConf{level: 6} }

func serverOf(c *directive.Confs) *serverConf {
	if v, ok := serverSlot.Peek(c); ok {
		return v
	}
	return newServerConf()
}

// dirConf holds the limits of inflated bodies in a section. As in httpd a section
// with one of them has the defaults of the others.
type dirConf struct {
	limit int64 // bytes; 0: LimitRequestBody
	ratio int
	burst int
}

var dirSlot = directive.Slot[dirConf]{Name: "deflate dir", New: newDirConf}

func newDirConf() *dirConf { return &dirConf{ratio: 200, burst: 3} }

func dirOf(c *directive.Confs) *dirConf {
	if v, ok := dirSlot.Peek(c); ok {
		return v
	}
	return newDirConf()
}

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_deflate", ID: "deflate_module", Rows: rows()}
}

// noted is the row of a number that has no effect.
func noted(name, note string, least, most int, bad string) directive.Row {
	return directive.Row{Name: name, Tier: directive.Noted, Note: note, Set: func(c *directive.Call) error {
		if n := c.Number(c.Arg(0)); n < least || n > most {
			return c.Errorf("%s", bad)
		}
		return nil
	}}
}

func rows() []directive.Row {
	return []directive.Row{
		{Name: "DeflateCompressionLevel", Set: func(c *directive.Call) error {
			n := c.Number(c.Arg(0))
			if n < 1 || n > 9 {
				return c.Errorf("Compression Level must be between 1 and 9")
			}
			serverSlot.Of(c.Server).level = n
			return nil
		}},
		{Name: "DeflateAlterEtag", Set: func(c *directive.Call) error {
			tag, ok := coding.Tags[ascii.ToLower(c.Arg(0))]
			if !ok {
				return c.Errorf("DeflateAlterETAG accepts only 'NoChange', 'AddSuffix', and 'Remove'")
			}
			serverSlot.Of(c.Server).tag = tag
			return nil
		}},
		{Name: "DeflateFilterNote", Set: func(c *directive.Call) error {
			if !serverSlot.Of(c.Server).notes.Read(c.Args) {
				return c.Errorf("Unknown note type %s", c.Arg(0))
			}
			return nil
		}},
		noted("DeflateBufferSize", "buffers have the size that suits the loops", 1, math.MaxInt, "DeflateBufferSize should be positive"),
		noted("DeflateMemLevel", "the encoder takes the memory that its level needs", 1, 9, "DeflateMemLevel must be between 1 and 9"),
		noted("DeflateWindowSize", "the window is always 32 KiB", 1, 15, "DeflateWindowSize must be between 1 and 15"),
		{Name: "DeflateInflateLimitRequestBody", Set: func(c *directive.Call) error {
			n, err := c.Bytes(c.Arg(0))
			if err == nil {
				dirSlot.Of(c.Dir).limit = n
			}
			return err
		}},
		{Name: "DeflateInflateRatioLimit", Set: positive(func(d *dirConf) *int { return &d.ratio })},
		{Name: "DeflateInflateRatioBurst", Set: positive(func(d *dirConf) *int { return &d.burst })},
	}
}

// positive makes a setter for a number of at least 1.
func positive(field func(*dirConf) *int) func(*directive.Call) error {
	return func(c *directive.Call) error {
		n := c.Number(c.Arg(0))
		if n < 1 {
			return c.Errorf("must be positive")
		}
		*field(dirSlot.Of(c.Dir)) = n
		return nil
	}
}

// perByte is about how long the encoder takes for a byte, by level.
var perByte = [10]time.Duration{0, 6, 7, 8, 10, 12, 16, 40, 60, 100}

func newEncoder(level int) (coding.Encoder, error) { return gzip.NewWriterLevel(nil, level) }

// Filter is DEFLATE.
func Filter() module.FilterKind {
	pools := coding.NewPools(func(level int) *coding.Pool {
		return coding.NewPool(perByte[level], func() (coding.Encoder, error) { return newEncoder(level) })
	})
	return module.FilterKind{
		Name: "DEFLATE", Rank: module.RankContentSet, InputRank: module.RankContentSet,
		New: func(_ *module.Builder, d *module.Dir) (exchange.Filter, error) {
			c := serverOf(d.Server.Conf)
			return &coding.Filter{Coding: gzipCoding, Tag: c.tag, Notes: c.notes, Pool: pools.Of(c.level)}, nil
		},
		NewInput: func(_ *module.Builder, d *module.Dir) (exchange.InputFilter, error) {
			return &inflateInput{limits: *dirOf(d.Conf), chain: d.Chain}, nil
		},
	}
}

// Inflate is INFLATE.
func Inflate() module.FilterKind {
	return module.FilterKind{
		Name: "INFLATE", Rank: module.RankResource - 1,
		New: func(_ *module.Builder, d *module.Dir) (exchange.Filter, error) {
			return &inflate{tag: serverOf(d.Server.Conf).tag, limits: *dirOf(d.Conf)}, nil
		},
	}
}

// frame is the header and the trailer of gzip.
const frame = 10 + 8

// gzipCoding: httpd leaves alone what it knows to be shorter than a frame with the
// fields that go with it.
var gzipCoding = coding.Coding{
	Name: "gzip", Off: "no-gzip", Force: "force-gzip", Only: "gzip-only-text/html", Least: frame + 50 + 1,
	Module: "deflate", Log: "AH01384", Frame: frame,
}
