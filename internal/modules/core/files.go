package core

import (
	"math"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// fileConf holds the directives about files in a section.
type fileConf struct {
	etag                        etagConf
	pathInfo, digest, sendfile  module.Opt[bool]
	ranges, overlaps, reversals module.Opt[int] // negative: any number
}

func mergeFiles(base, add *fileConf) fileConf {
	return fileConf{
		etag:      base.etag.under(add.etag),
		pathInfo:  module.Over(base.pathInfo, add.pathInfo),
		digest:    module.Over(base.digest, add.digest),
		sendfile:  module.Over(base.sendfile, add.sendfile),
		ranges:    module.Over(base.ranges, add.ranges),
		overlaps:  module.Over(base.overlaps, add.overlaps),
		reversals: module.Over(base.reversals, add.reversals),
	}
}

// rules returns what the configuration of a section means; nil: the defaults.
func (f *fileConf) rules() *exchange.FileRules {
	def := exchange.DefaultFiles
	r := def
	r.ETag = f.etag.parts()
	r.PathInfo, r.Digest, r.Copied = f.pathInfo.V, f.digest.V, !f.sendfile.Or(true)
	r.Ranges, r.Overlaps, r.Reversals = f.ranges.Or(def.Ranges), f.overlaps.Or(def.Overlaps), f.reversals.Or(def.Reversals)
	if r == def {
		return nil
	}
	return &r
}

// fileRows are the directives about files.
func fileRows() []directive.Row {
	files := func(c *directive.Call) *fileConf { return &dirSlot.Of(c.Dir).Files }
	limit := func(field func(*fileConf) *module.Opt[int], def int) func(*directive.Call) error {
		return func(c *directive.Call) error { return setLimit(c, field(files(c)), def) }
	}
	def := exchange.DefaultFiles
	return []directive.Row{
		{Name: "AcceptPathInfo", Set: setPathInfo},
		{Name: "ContentDigest", Set: func(c *directive.Call) error { files(c).digest.To(c.On); return nil }},
		{Name: "EnableMMAP", Tier: directive.Noted, Note: "files are not mapped into memory", Set: func(c *directive.Call) error {
			_, err := onOff(c)
			return err
		}},
		{Name: "EnableSendfile", Set: func(c *directive.Call) error {
			on, err := onOff(c)
			files(c).sendfile.To(on)
			return err
		}},
		{Name: "FileETag", Set: setFileETag},
		{Name: "MaxRanges", Set: limit(func(f *fileConf) *module.Opt[int] { return &f.ranges }, def.Ranges)},
		{Name: "MaxRangeOverlaps", Set: limit(func(f *fileConf) *module.Opt[int] { return &f.overlaps }, def.Overlaps)},
		{Name: "MaxRangeReversals", Set: limit(func(f *fileConf) *module.Opt[int] { return &f.reversals }, def.Reversals)},
		{Name: "ReadBufferSize", Tier: directive.Noted, Note: "buffers grow and shrink by themselves", Set: setReadBuffer},
	}
}

// onOff reads a word that is on or off. httpd: set_enable_mmap.
func onOff(c *directive.Call) (on bool, err error) {
	on, ok := directive.OnOff(c.Arg(0))
	if !ok {
		return false, c.Errorf("parameter must be 'on' or 'off'")
	}
	return on, nil
}

func setPathInfo(c *directive.Call) error {
	f := &dirSlot.Of(c.Dir).Files
	switch ascii.ToLower(c.Arg(0)) {
	case "on":
		f.pathInfo.To(true)
	case "off", "default": // httpd: files have none by default
		f.pathInfo.To(false)
	default:
		return c.Errorf("AcceptPathInfo must be set to on, off or default")
	}
	return nil
}

// setLimit reads how many of something a Range field may have.
func setLimit(c *directive.Call, o *module.Opt[int], def int) error {
	switch word := ascii.ToLower(c.Arg(0)); word {
	case "none":
		o.To(0)
	case "default":
		o.To(def)
	case "unlimited":
		o.To(-1)
	default:
		n := c.Number(word)
		if n <= 0 {
			return c.Errorf("%s requires 'none', 'default', 'unlimited' or a positive integer", c.Row.Name)
		}
		o.To(n)
	}
	return nil
}

func setReadBuffer(c *directive.Call) error {
	n, err := strconv.ParseUint(c.Arg(0), 10, 64)
	if err != nil || n > math.MaxUint32 {
		return c.Errorf("parameter must be a number between 0 and (4294967295U)): %s", c.Arg(0))
	}
	return nil
}

// etagConf is FileETag of one section: parts that replace those of outer sections, or
// that are added to them and taken away.
type etagConf struct{ bits, add, remove exchange.ETagParts }

// under returns e with the configuration of an inner section over it.
func (e etagConf) under(inner etagConf) etagConf {
	if inner.bits != 0 {
		return inner
	}
	return etagConf{e.bits, e.add&^inner.remove | inner.add, e.remove&^inner.add | inner.remove}
}

// parts returns what ETags are made of; 0: the default. httpd: parts that are added
// to the default replace it.
func (e etagConf) parts() exchange.ETagParts { return e.bits&^e.remove | e.add }

var etagWords = map[string]exchange.ETagParts{
	"none": exchange.ETagNone, "all": exchange.ETagMTime | exchange.ETagINode | exchange.ETagSize,
	"mtime": exchange.ETagMTime, "lmtime": exchange.ETagMTime, "lastmodified": exchange.ETagMTime,
	"inode": exchange.ETagINode, "size": exchange.ETagSize, "digest": exchange.ETagDigest,
}

// setFileETag reads parts, which + adds and - takes away. httpd: set_etag_bits.
func setFileETag(c *directive.Call) error {
	e := &dirSlot.Of(c.Dir).Files.etag
	first := true
	for _, word := range syntax.Words(c.Raw) {
		name := strings.TrimLeft(word[:min(1, len(word))], "+-") + word[min(1, len(word)):]
		relative := len(name) < len(word)
		part, ok := etagWords[ascii.ToLower(name)]
		switch {
		case !ok:
			return c.Errorf("Unknown keyword '%s' for FileETag directive", name)
		case relative && (ascii.EqualFold(name, "none") || ascii.EqualFold(name, "all")):
			return c.Errorf("FileETag keyword '%s' cannot be used with '+' or '-'", name)
		case relative && word[0] == '+':
			e.add, e.remove = e.add|part, e.remove&^part
		case relative:
			e.add, e.remove = e.add&^part, e.remove|part
		default:
			if first {
				e.bits, first = 0, false
			}
			e.bits, e.add, e.remove = e.bits|part, 0, 0
		}
	}
	return nil
}
