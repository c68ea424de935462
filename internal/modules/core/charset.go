package core

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// setCharset reads AddDefaultCharset: off, on or the name of a charset.
func setCharset(c *directive.Call) error {
	name := c.Arg(0)
	switch {
	case ascii.EqualFold(name, "off"):
		name = ""
	case ascii.EqualFold(name, "on"):
		name = "iso-8859-1"
	}
	dirSlot.Of(c.Dir).Charset.To(name)
	return nil
}

// charset adds the default charset to the type of a response.
type charset struct{ parameter []byte } // "; charset=utf-8"

// Do implements exchange.Step. httpd: ap_make_content_type; only two types get a
// charset, where none is named already. A 304 keeps the type it has.
//
// Ours: directives of mod_headers see the charset; httpd adds it after them.
func (s *charset) Do(x *exchange.Exchange) error {
	t, ok := x.Resp.Header.Get(message.ContentType)
	if !ok || x.Resp.Status == 304 || !ascii.HasPrefixFoldBytes(t, "text/html") && !ascii.HasPrefixFoldBytes(t, "text/plain") {
		return nil
	}
	for i := range t {
		if ascii.HasPrefixFoldBytes(t[i:], "charset=") {
			return nil
		}
	}
	x.Resp.Header.SetID(message.ContentType, x.Arena.Join(t, s.parameter))
	return nil
}

// setForceType is ForceType. "none" takes that of an outer section away.
func setForceType(c *directive.Call) error {
	kind := ascii.ToLower(c.Arg(0))
	if kind == "none" {
		kind = ""
	}
	dirSlot.Of(c.Dir).Type.To(kind)
	return nil
}

// forcedType is the type of all files of a section. It implements exchange.Step.
// httpd: core_override_type; a backend's own type holds.
type forcedType []byte

// Do implements exchange.Step.
func (t forcedType) Do(x *exchange.Exchange) error {
	x.Media.Type = t
	return nil
}
