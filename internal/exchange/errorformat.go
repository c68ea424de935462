package exchange

import (
	"strconv"

	"github.com/headgate/headgate/internal/logsink"
)

var _ logsink.Subject = (*Exchange)(nil)

// AppendErrorItem implements logsink.Subject: the letters of ErrorLogFormat that
// are about a request and its connection.
func (x *Exchange) AppendErrorItem(dst []byte, letter byte, arg string) []byte {
	peer := arg == "c"
	switch letter {
	case 'L':
		if !peer {
			dst = append(dst, x.LogID...)
		}
		return dst
	case 'v':
		return logsink.AppendEscaped(dst, x.Site.Name)
	case 'V':
		return logsink.AppendEscaped(dst, x.ServerName())
	case 'e':
		v, _ := x.Env.Get(arg)
		return logsink.AppendEscaped(dst, v)
	case 'n':
		if arg == "error-cause" && x.Fault != nil {
			return logsink.AppendEscaped(dst, x.Fault.Error())
		}
		v, _ := x.Notes.Get(arg)
		return logsink.AppendEscaped(dst, v)
	case 'i':
		return appendField(dst, x, arg)
	}
	c := x.Client
	if c == nil {
		return dst
	}
	switch letter {
	case 'a':
		if peer {
			return appendPort(append(dst, c.PeerIP...), c.Remote.Port())
		}
		return appendPort(append(dst, x.ClientIP()...), x.Remote().Port())
	case 'A':
		return appendPort(c.Local.Addr().Unmap().AppendTo(dst), c.Local.Port())
	case 'k':
		n := c.Requests - 1
		if x.Committed && x.KeptAlive {
			n++
		}
		return strconv.AppendInt(dst, int64(max(n, 0)), 10)
	}
	return dst
}

// appendField appends the value of a request header, escaped.
func appendField(dst []byte, x *Exchange, name string) []byte {
	value, _ := AppendMerged(nil, &x.Req.Header, name)
	return logsink.AppendEscaped(dst, value)
}

// appendPort appends a port to an address.
func appendPort(dst []byte, port uint16) []byte {
	return strconv.AppendUint(append(dst, ':'), uint64(port), 10)
}
