package headers

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// uniteVary makes one field of all Vary fields, with each name once whatever its
// case (httpd: fixup_vary).
func uniteVary(x *exchange.Exchange) {
	h := &x.Resp.Header
	size := 0
	for _, t := range [...]*message.Header{&x.Always, h} {
		for _, f := range t.Rows() {
			size += len(f.Value) + len(separator)
		}
	}
	v := x.Arena.Alloc(size)
	for _, t := range [...]*message.Header{&x.Always, h} {
		for _, f := range t.Rows() {
			if f.ID == message.Vary && f.Flags&message.Dropped == 0 {
				v = addNames(v, f.Value)
			}
		}
	}
	if len(v) == 0 {
		return
	}
	x.Always.DelID(message.Vary)
	h.SetID(message.Vary, v)
}

// addNames appends those names of a list that v does not have.
func addNames(v, list []byte) []byte {
	for more := true; more; {
		var name []byte
		name, list, more = bytes.Cut(list, separator[:1])
		name = bytes.TrimSpace(name)
		if len(name) == 0 || hasName(v, name) {
			continue
		}
		if len(v) > 0 {
			v = append(v, ',') // httpd: no blank
		}
		v = append(v, name...)
	}
	return v
}

func hasName(list, name []byte) bool {
	for more := true; more; {
		var have []byte
		have, list, more = bytes.Cut(list, separator[:1])
		if ascii.EqualFoldBytes(bytes.TrimSpace(have), name) {
			return true
		}
	}
	return false
}
