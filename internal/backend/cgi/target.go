package cgi

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/uri"
)

// Target returns the URL that a request was mapped to and its path, both without the
// query.
func Target(x *exchange.Exchange) (url, path []byte) {
	path, _, _ = bytes.Cut(x.Out.Target, []byte("?"))
	return x.Out.URL[:len(x.Out.URL)-len(x.Out.Target)+len(path)], path
}

// Unescaped decodes a path. One that cannot be decoded stays as it is.
func Unescaped(x *exchange.Exchange, path []byte, slashes uri.Slashes) []byte {
	out, err := uri.Unescape(x.Arena.Alloc(len(path)), path, slashes)
	if err != nil {
		return path
	}
	return out
}
