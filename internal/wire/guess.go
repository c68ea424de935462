package wire

import (
	"bytes"

	"github.com/headgate/headgate/internal/message"
)

// Guess fills in a refused request from its first line, for logs and pages
// only: method, path, query and version where they are not known yet.
func Guess(r *message.Request) {
	method, rest, ok := bytes.Cut(r.Line, []byte(" "))
	if !ok {
		return
	}
	target, version := bytes.TrimLeft(rest, " "), []byte(nil)
	if i := bytes.LastIndexByte(target, ' '); i >= 0 {
		target, version = target[:i], target[i+1:]
	}
	if len(r.Method) == 0 {
		r.Method = method
	}
	if r.Version == 0 {
		switch {
		case string(version) == "HTTP/1.1":
			r.Version = message.HTTP11
		case len(version) > 0: // httpd: an unreadable version counts as 1.0
			r.Version = message.HTTP10
		}
	}
	if len(r.Path) > 0 || r.HasQ {
		return
	}
	if i := bytes.Index(target, []byte("://")); i > 0 {
		target = target[i+3:]
		n := bytes.IndexByte(target, '/')
		if n < 0 {
			n = len(target)
		}
		// A log does not show the password of the authority.
		r.Form, r.Auth = message.AbsoluteForm, target[:n:n]
		target = target[n:]
	}
	target, _, _ = bytes.Cut(target, []byte("#"))
	r.Path, r.Query, r.HasQ = SplitTarget(target)
}
