package setenvif

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/rx"
)

// attribute is the part of a request that an entry tests.
type attribute struct {
	name   string
	value  func(x *exchange.Exchange) []byte // of a special attribute
	header *rx.Regexp                        // for the names of headers; nil: one header, by name
}

// special are the attributes that are not headers.
var special = []struct {
	name  string
	value func(x *exchange.Exchange) []byte
}{
	{"Remote_Host", remoteAddr}, // httpd: the address, with HostnameLookups Off
	{"Remote_Addr", remoteAddr},
	{"Server_Addr", serverAddr},
	{"Request_Method", func(x *exchange.Exchange) []byte { return x.Req.Method }},
	{"Request_Protocol", protocol},
	{"Request_URI", func(x *exchange.Exchange) []byte { return x.Path }},
}

func remoteAddr(x *exchange.Exchange) []byte { return x.ClientIP() }

func serverAddr(x *exchange.Exchange) []byte {
	if !x.Client.Local.IsValid() {
		return nil
	}
	return x.Client.Local.Addr().Unmap().AppendTo(x.Arena.Alloc(40))
}

func protocol(x *exchange.Exchange) []byte {
	return exchange.AppendProtocol(x.Arena.Alloc(8), x.Req.Version)
}

func newAttribute(c *directive.Call, name string, flags rx.Flags) (attribute, error) {
	a := attribute{name: name}
	for _, s := range special {
		if ascii.EqualFold(s.name, name) {
			a.value = s.value
			if s.name == "Remote_Host" {
				c.Note("names of clients are not looked up: Remote_Host is the address, as with HostnameLookups Off")
			}
			return a, nil
		}
	}
	if isName(name) {
		return a, nil
	}
	re, err := rx.Compile(name, flags)
	if err != nil {
		// httpd: there is no blank in its message either.
		return a, c.Hinted(c.Errorf("%sHeader name regex could not be compiled.", c.Row.Name), err.Error())
	}
	a.header = re
	return a, nil
}

// isName tells the name of a header from a regular expression for names.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !ascii.IsAlpha(c) && !ascii.IsDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// of returns the value of the attribute in x, nil where there is none.
func (a *attribute) of(x *exchange.Exchange) []byte {
	switch {
	case a.value != nil:
		return a.value(x)
	case a.header != nil:
		return a.matching(x)
	}
	h := &x.Req.Header
	i := h.Next(0, a.name)
	if i < 0 {
		v, _ := x.Env.Get(a.name)
		return v
	}
	return merged(x, i)
}

// matching returns the value of the last header whose name matches, as httpd
// does. Repeated fields are merged into the first of their name.
func (a *attribute) matching(x *exchange.Exchange) (v []byte) {
	h := &x.Req.Header
	for i := range h.Len() {
		f := h.At(i)
		if f.Flags&message.Dropped == 0 && next(h, 0, f.Name) == i && a.header.Match(f.Name) {
			v = merged(x, i)
		}
	}
	return v
}

// merged returns the value of field i joined with those of further fields of
// its name, which is how httpd reads a request.
func merged(x *exchange.Exchange, i int) []byte {
	h := &x.Req.Header
	f := h.At(i)
	size, more := len(f.Value), false
	for j := next(h, i+1, f.Name); j >= 0; j = next(h, j+1, f.Name) {
		size, more = size+len(", ")+len(h.At(j).Value), true
	}
	if !more {
		return f.Value
	}
	v := append(x.Arena.Alloc(size), f.Value...)
	for j := next(h, i+1, f.Name); j >= 0; j = next(h, j+1, f.Name) {
		v = append(append(v, ", "...), h.At(j).Value...)
	}
	return v
}

// next is Header.Next for a name that is borrowed.
func next(h *message.Header, i int, name []byte) int {
	for ; i < h.Len(); i++ {
		if f := h.At(i); f.Flags&message.Dropped == 0 && ascii.EqualFoldBytes(f.Name, name) {
			return i
		}
	}
	return -1
}
