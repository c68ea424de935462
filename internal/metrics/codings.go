package metrics

import "sync/atomic"

// CodingNames are the content codings that are counted.
var CodingNames = [...]string{"br", "gzip", "zstd"}

// Coded counts the responses that were encoded with one coding, by all loops.
// Encoding costs so much more than counting it that loops may share the counters.
type Coded struct {
	Responses atomic.Int64
	In, Out   atomic.Int64 // bytes of bodies before and after
}

// CodedWith returns the counters of a coding; nil: it is not counted.
func (b *Book) CodedWith(coding string) *Coded {
	for i, name := range CodingNames {
		if name == coding {
			return &b.coded[i]
		}
	}
	return nil
}

// Count counts a response, or the part of it that there was.
func (c *Coded) Count(in, out int64) {
	if c != nil {
		c.Responses.Add(1)
		c.In.Add(in)
		c.Out.Add(out)
	}
}
