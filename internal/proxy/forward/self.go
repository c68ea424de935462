package forward

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// Self is what this server calls itself towards a client.
type Self struct {
	Scheme string
	Host   []byte // without port, IPv6 in brackets
	Port   uint16
}

// SelfOf names the server as UseCanonicalName says: by the Host of the request
// or by ServerName. CanonicalDNS counts as On for the name.
func SelfOf(x *exchange.Exchange) Self {
	s := Self{Scheme: x.Site.Scheme}
	if s.Scheme == "" {
		s.Scheme = "http"
		if x.Client != nil && x.Client.TLS {
			s.Scheme = "https"
		}
	}
	mode := exchange.CanonicalOff
	if x.Chain != nil {
		mode = x.Chain.Canonical
	}
	host, port := splitPort(x.Req.Host)
	if mode == exchange.CanonicalOff && len(host) > 0 {
		s.Host = lowered(host, &x.Arena)
	} else {
		s.Host = x.Arena.String(x.Site.Name)
		if bytes.IndexByte(s.Host, ':') >= 0 && s.Host[0] != '[' {
			s.Host = x.Arena.Join([]byte("["), s.Host, []byte("]"))
		}
	}
	switch {
	case mode != exchange.CanonicalOn && port != 0:
		s.Port = port
	case x.Site.Port != 0:
		s.Port = x.Site.Port
	default:
		s.Port = s.defaultPort()
	}
	return s
}

func (s *Self) defaultPort() uint16 {
	if s.Scheme == "https" {
		return 443
	}
	return 80
}

// splitPort takes the port off an authority; 0 when it has none.
func splitPort(host []byte) ([]byte, uint16) {
	colon := bytes.LastIndexByte(host, ':')
	if colon < 0 || bytes.IndexByte(host[colon:], ']') >= 0 {
		return host, 0
	}
	n := 0
	for _, c := range host[colon+1:] {
		if !ascii.IsDigit(c) || n > 65535 {
			return host, 0
		}
		n = n*10 + int(c-'0')
	}
	if n > 65535 {
		n = 0
	}
	return host[:colon], uint16(n)
}

func lowered(b []byte, a *message.Arena) []byte {
	for _, c := range b {
		if ascii.Lower(c) != c {
			b = append(a.Alloc(len(b)), b...)
			ascii.LowerBytes(b)
			break
		}
	}
	return b
}

// appendPort appends ":port" unless it is the scheme's default.
func (s *Self) appendPort(dst []byte) []byte {
	if s.Port == s.defaultPort() {
		return dst
	}
	return strconv.AppendUint(append(dst, ':'), uint64(s.Port), 10)
}

// appendOrigin appends scheme://host[:port].
func (s *Self) appendOrigin(dst []byte) []byte {
	dst = append(append(dst, s.Scheme...), "://"...)
	return s.appendPort(append(dst, s.Host...))
}

// originRoom is room enough for appendOrigin.
func (s *Self) originRoom() int { return len(s.Scheme) + len(s.Host) + len("://:65535") }
