package wire

import (
	"bytes"

	"github.com/headgate/headgate/internal/message"
)

// maxMethod limits a method: the longest registered one has 17 bytes.
const maxMethod = 64

// ParseRequest reads the complete head buf, as HeadScan.Request found it, into
// r and decides its framing. r is reset first; on an error it holds what was
// read so far. The error is always a *Bad.
func ParseRequest(buf []byte, r *message.Request, lim *Limits) error {
	r.Reset()
	i := 0
	if len(buf) > 1 && buf[0] == '\r' && buf[1] == '\n' {
		i = 2
	}
	i, err := requestLine(buf, i, r, lim)
	if err != nil {
		return err
	}
	f := fieldReader{header: &r.Header}
	if i, err = f.read(buf, i); err != nil {
		return err
	}
	if i != len(buf) {
		return errSurplus
	}
	return judgeRequest(r)
}

// judgeRequest applies the rules about fields that concern framing.
func judgeRequest(r *message.Request) error {
	options, err := MarkHop(&r.Header)
	if err != nil {
		return err
	}
	r.Close = closes(r.Version, options) || r.Verb == message.CONNECT
	if err := judgeHost(r); err != nil {
		return err
	}
	if err := FrameRequest(r); err != nil {
		return err
	}
	return judgeExpect(r)
}

// requestLine reads the line at i: method SP target SP version CRLF, with
// exactly these spaces (RFC 9112 section 3).
func requestLine(b []byte, i int, r *message.Request, lim *Limits) (int, error) {
	start := i
	stop := valueEnd(b, i)
	r.Line = b[start:stop:stop]
	if stop+1 >= len(b) || b[stop] != '\r' || b[stop+1] != '\n' {
		return 0, errRequestLine
	}
	for class[b[i]]&isToken != 0 {
		i++
	}
	if b[i] != ' ' {
		return 0, errMethod
	}
	if i == start {
		return 0, errRequestLine
	}
	r.Method = b[start:i:i]
	i++
	t := i
	i = targetEnd(b, i)
	r.Target = b[t:i:i]
	if i == stop {
		return 0, errSimple
	}
	if b[i] != ' ' {
		return 0, errTargetChar
	}
	i++
	if err := version(b[i:stop], r); err != nil {
		return 0, err
	}
	if len(r.Method) > maxMethod {
		return 0, errMethodSize
	}
	if !lim.allows(r.Method) {
		return 0, errMethodUnknown
	}
	r.Verb = message.MethodOf(r.Method)
	return stop + 2, target(r)
}

// version reads "HTTP/1.x". A minor version above 1 counts as 1.1 (RFC 9110
// section 2.5).
func version(v []byte, r *message.Request) error {
	if len(v) != 8 || string(v[:5]) != "HTTP/" || v[6] != '.' ||
		class[v[5]]&isDigit == 0 || class[v[7]]&isDigit == 0 {
		return errVersion
	}
	switch {
	case v[5] == '0': // httpd: 400, not 505
		return errVersion
	case v[5] != '1':
		return errMajor
	case v[7] == '0':
		r.Version = message.HTTP10
	default:
		r.Version = message.HTTP11
	}
	return nil
}

// judgeHost checks the Host field and decides the authority. The target's own
// authority replaces the field (RFC 9112 section 3.2.2).
func judgeHost(r *message.Request) error {
	var host *message.Field
	rows := r.Header.Rows()
	for i := range rows {
		f := &rows[i]
		if f.ID != message.Host {
			continue
		}
		if host != nil {
			return errHosts
		}
		host = f
	}
	if host == nil {
		if r.Version != message.HTTP10 {
			return errNoHost
		}
		r.Host = r.Auth
		return nil
	}
	switch {
	case len(host.Value) > 0:
		if _, _, ok := SplitAuthority(host.Value); !ok {
			return errHost
		}
	case r.Auth == nil && r.Version != message.HTTP10: // httpd: 400
		return errHost
	}
	if r.Auth != nil {
		host.Value = r.Auth
	}
	r.Host = host.Value
	return nil
}

// judgeExpect reads the Expect field. The expectation counts only if a body
// follows and the client speaks 1.1 (RFC 9110 section 10.1.1).
func judgeExpect(r *message.Request) error {
	if !r.Header.MayHave(1 << message.Expect) {
		return nil
	}
	seen := false
	for i := range r.Header.Len() {
		f := r.Header.At(i)
		if f.ID != message.Expect || len(f.Value) == 0 { // httpd: an empty one counts as absent
			continue
		}
		if seen || !fold(f.Value, "100-continue") {
			return errExpect
		}
		seen = true
	}
	body := r.Body.Kind == message.Chunked || r.Body.Length > 0
	r.Expect = seen && body && r.Version != message.HTTP10
	return nil
}

// SplitTarget splits a path with query at the first question mark.
func SplitTarget(target []byte) (path, query []byte, hasQuery bool) {
	i := bytes.IndexByte(target, '?')
	if i < 0 {
		return target, nil, false
	}
	return target[:i:i], target[i+1:], true
}
