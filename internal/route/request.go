package route

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/explain"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/snapshot"
)

// Request is what is asked for.
type Request struct {
	Method string
	URL    string   // "/path", "host/path" or "http://host/path"
	Fields []string // "Name: value"
	From   string   // address of the client, with or without a port; "" is 127.0.0.1
	To     string   // address[:port] that the client connects to; "": what the URL and Listen say
	TLS    bool     // the connection is encrypted; a URL with https: says so too

	Raw string // the whole request as it is sent, in place of the above but for addresses; "": it is made

	// What the backend responds, if one is asked.
	Status   int      // 0: 200
	Response []string // "Name: value"
}

// errURL is what a URL has to be.
var errURL = errors.New("want /PATH, HOST/PATH or http://HOST/PATH")

// made is a request as it is sent.
type made struct {
	explain.Request
	path          string // with its query
	raw           string // the whole of it, where it was given so
	local, remote netip.AddrPort
}

// bytes is the request on the wire.
func (m *made) bytes() []byte {
	if m.raw != "" {
		return []byte(m.raw)
	}
	return []byte(strings.Join(m.Head, "\r\n") + "\r\n\r\n")
}

// make makes the request for a snapshot.
func (q *Request) make(s *snapshot.Snapshot) (*made, error) {
	if q.Raw != "" {
		return q.given(s)
	}
	m := &made{Request: explain.Request{Method: q.Method, TLS: q.TLS}}
	scheme, authority, path, err := split(q.URL)
	if err != nil {
		return nil, fmt.Errorf("URL %q: %w", q.URL, err)
	}
	m.TLS = m.TLS || scheme == "https"
	if m.path = path; !ascii.IsTokenString(q.Method) {
		return nil, fmt.Errorf("method %q: want a word such as GET", q.Method)
	}
	host, port, err := splitPort(authority)
	if err != nil {
		return nil, fmt.Errorf("URL %q: %w", q.URL, err)
	}
	if m.remote, err = address(q.From, clientPort); err != nil {
		return nil, fmt.Errorf("--from %q: %w", q.From, err)
	}
	if m.local, err = q.local(s, scheme, host, port, m.TLS); err != nil {
		return nil, err
	}
	if authority == "" {
		authority, m.Host = defaultHost(s, m.local, m.TLS)
	}
	m.Head = []string{q.Method + " " + path + " HTTP/1.1"}
	if !hasHost(q.Fields) {
		m.Head = append(m.Head, "Host: "+authority)
	} else {
		m.Host = ""
	}
	for _, f := range q.Fields {
		if m.Head, err = appendField(m.Head, f); err != nil {
			return nil, fmt.Errorf("-H %q: %w", f, err)
		}
	}
	m.URL = map[bool]string{false: "http://", true: "https://"}[m.TLS] + m.hostOf(authority) + path
	m.From, m.To = m.remote.String(), m.local.String()
	return m, nil
}

// given takes a request as it is.
func (q *Request) given(s *snapshot.Snapshot) (m *made, err error) {
	head, _, _ := strings.Cut(q.Raw, "\r\n\r\n")
	m = &made{Request: explain.Request{TLS: q.TLS, Head: strings.Split(head, "\r\n")}, raw: q.Raw}
	if w := strings.Fields(m.Head[0]); len(w) > 1 {
		m.Method, m.path, m.URL = w[0], w[1], w[1]
	}
	if m.remote, err = address(q.From, clientPort); err != nil {
		return nil, fmt.Errorf("--from %q: %w", q.From, err)
	}
	if m.local, err = q.local(s, "", "", 0, q.TLS); err != nil {
		return nil, err
	}
	m.From, m.To = m.remote.String(), m.local.String()
	return m, nil
}

// clientPort is the port of a client that is given without one.
const clientPort = 40000

// hostOf is the Host that is sent.
func (m *made) hostOf(authority string) string {
	for _, f := range m.Head[1:] {
		if name, value, _ := strings.Cut(f, ":"); ascii.EqualFold(name, "Host") {
			return strings.TrimSpace(value)
		}
	}
	return authority
}

// split takes a URL apart. path has the query and is never empty.
func split(url string) (scheme, authority, path string, err error) {
	rest := url
	if before, after, ok := strings.Cut(url, "://"); ok && !strings.ContainsAny(before, "/?") {
		scheme, rest = ascii.ToLower(before), after
		if scheme != "http" && scheme != "https" {
			return "", "", "", errURL
		}
		if rest == "" {
			return "", "", "", errURL
		}
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	} else if rest == "*" {
		path = "*"
	} else {
		authority = rest
	}
	path, _, _ = strings.Cut(path, "#")
	if !strings.HasPrefix(path, "/") && path != "*" {
		path = "/" + path
	}
	if strings.ContainsAny(url, " \t\r\n") || strings.Contains(authority, "@") || url == "" {
		return "", "", "", errURL
	}
	return scheme, authority, path, nil
}

// splitPort takes the port off host[:port]; 0: none.
func splitPort(authority string) (host string, port uint16, err error) {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || strings.HasSuffix(authority, "]") {
		return strings.Trim(authority, "[]"), 0, nil
	}
	n, err := strconv.ParseUint(authority[i+1:], 10, 16)
	if err != nil || n == 0 {
		return "", 0, errors.New("a port is a number from 1 to 65535")
	}
	return strings.Trim(authority[:i], "[]"), uint16(n), nil
}

// address reads an address with or without a port; "" is this machine.
func address(s string, port uint16) (netip.AddrPort, error) {
	if s == "" {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port), nil
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a, nil
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.AddrPort{}, errors.New("want an IP address, which a port may follow")
	}
	return netip.AddrPortFrom(a, port), nil
}

// local is the address that the client connects to: --to, else the host of the
// URL where that is an address, else what Listen says.
func (q *Request) local(s *snapshot.Snapshot, scheme, host string, port uint16, tls bool) (netip.AddrPort, error) {
	if port == 0 {
		port = defaultPort(s, scheme, tls)
	}
	if q.To != "" {
		a, err := address(q.To, port)
		if err != nil {
			return a, fmt.Errorf("--to %q: %w", q.To, err)
		}
		return a, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(ip, port), nil
	}
	for _, l := range s.Listen {
		if l.Port == port && l.IP.IsValid() && !l.IP.IsUnspecified() {
			return netip.AddrPortFrom(l.IP, port), nil
		}
	}
	return address("", port)
}

// defaultPort is the port of a URL without one: that of its scheme, unless nothing
// listens there.
func defaultPort(s *snapshot.Snapshot, scheme string, tls bool) uint16 {
	usual := uint16(80)
	if tls {
		usual = 443
	}
	has := func(f func(listen.Addr) bool) *listen.Addr {
		for i := range s.Listen {
			if f(s.Listen[i]) {
				return &s.Listen[i]
			}
		}
		return nil
	}
	if scheme != "" || has(func(a listen.Addr) bool { return a.Port == usual }) != nil {
		return usual
	}
	if a := has(func(a listen.Addr) bool { return tls == (a.Protocol == "https") }); a != nil {
		return a.Port
	}
	if len(s.Listen) > 0 {
		return s.Listen[0].Port
	}
	return usual
}

// defaultHost is the Host of a URL without one, and why it is that.
func defaultHost(s *snapshot.Snapshot, local netip.AddrPort, tls bool) (host, why string) {
	site := s.VHosts.Site(s.VHosts.Base(local))
	host = site.Name
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + host + "]"
	}
	if usual := map[bool]uint16{false: 80, true: 443}[tls]; local.Port() != usual {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(int(local.Port())))
	}
	what := "the default virtual host"
	if !site.Virtual {
		what = "the main server, which this address leads to"
	}
	return host, "the URL names no host: " + host + " is " + what
}

func hasHost(fields []string) bool {
	for _, f := range fields {
		if name, _, _ := strings.Cut(f, ":"); ascii.EqualFold(strings.TrimSpace(name), "Host") {
			return true
		}
	}
	return false
}

var errField = errors.New("want 'Name: value'")

// appendField checks a field and appends it.
func appendField(head []string, field string) ([]string, error) {
	name, value, ok := strings.Cut(field, ":")
	if !ok || !ascii.IsTokenString(name) || strings.ContainsAny(value, "\r\n\x00") {
		return nil, errField
	}
	return append(head, name+": "+strings.Trim(value, " \t")), nil
}
