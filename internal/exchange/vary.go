package exchange

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
)

var comma = []byte(",")

const varies message.IDSet = 1 << message.Vary

// uniteVary makes one field of all Vary fields of the response, with each name
// once whatever its case (httpd: fixup_vary). A field of one name stays as it is.
func (x *Exchange) uniteVary() {
	h := &x.Resp.Header
	count, size := 0, 0
	rows := h.Rows()
	for i := range rows {
		if f := &rows[i]; f.ID == message.Vary && f.Flags&message.Dropped == 0 {
			count++
			size += len(f.Value) + 1
			if bytes.IndexByte(f.Value, ',') >= 0 {
				count++
			}
		}
	}
	if count < 2 {
		return
	}
	v := x.Arena.Alloc(size)
	for i := range rows {
		if f := &rows[i]; f.ID == message.Vary && f.Flags&message.Dropped == 0 {
			v = addNames(v, f.Value)
		}
	}
	if len(v) > 0 {
		h.SetID(message.Vary, v)
	}
}

// addNames appends those names of a list that v does not have.
func addNames(v, list []byte) []byte {
	for more := true; more; {
		var name []byte
		name, list, more = bytes.Cut(list, comma)
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
		have, list, more = bytes.Cut(list, comma)
		if ascii.EqualFoldBytes(have, name) {
			return true
		}
	}
	return false
}
