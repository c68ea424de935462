package uri

import (
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// URL is the target of a worker.
type URL struct {
	Scheme string // lower case
	User   string // user or user:password, "" none
	Host   string // lower case, without brackets
	Port   uint16 // as written; 0: none, the scheme's default counts

	// OddPort is the text of a number that is not a valid port: 0, 65536. httpd
	// accepts such a URL in a configuration and refuses each request to it.
	OddPort string
	Path    string // "" or from the first slash on, with anything that follows
	Socket  string // unix socket, "" none; Host is then only a name
}

// Limits of httpd on the parts of a worker's URL.
const (
	maxHost   = 255
	maxSocket = 95
)

// ports are the default ports of the schemes a worker may have.
var ports = []struct {
	scheme string
	port   uint16
}{
	{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"h2", 443}, {"h2c", 80},
	{"ajp", 8009}, {"fcgi", 8000}, {"scgi", 4000}, {"uwsgi", 3031}, {"ftp", 21},
}

// DefaultPort returns the default port of a scheme in lower case, 0 for an
// unknown one.
func DefaultPort(scheme string) uint16 {
	for i := range ports {
		if ports[i].scheme == scheme {
			return ports[i].port
		}
	}
	return 0
}

// SplitSocket splits "unix:path|url". For anything else it returns no socket
// and the text itself. "unix:p|http:" and "unix:p|http://" mean the host
// localhost. ok is false when the text after the bar is not a URL.
func SplitSocket(s string) (socket, target string, ok bool) {
	if !ascii.HasPrefixFold(s, "unix:") {
		return "", s, true
	}
	path, target, found := strings.Cut(s[len("unix:"):], "|")
	if !found {
		return "", s, true
	}
	scheme, rest, found := strings.Cut(target, ":")
	switch {
	case !found:
		return "", "", false
	case rest == "" || rest == "//":
		target = scheme + "://localhost"
	}
	return path, target, true
}

// Parse reads the target of a worker. The error's text is httpd's.
func Parse(s string) (URL, error) {
	socket, target, ok := SplitSocket(s)
	if !ok {
		return URL{}, errors.New("URL must be absolute!: " + s)
	}
	scheme, rest, found := strings.Cut(target, "://")
	if !found || scheme == "" || !isScheme(scheme) {
		if found && scheme != "" {
			return URL{}, errors.New("Unable to parse URL: " + target)
		}
		return URL{}, errors.New("URL must be absolute!: " + target)
	}
	u := URL{Scheme: ascii.ToLower(scheme), Socket: socket}
	cut := strings.IndexAny(rest, "/?#")
	if cut < 0 {
		cut = len(rest)
	}
	if !u.authority(rest[:cut]) {
		return URL{}, errors.New("Unable to parse URL: " + target)
	}
	u.Path = rest[cut:]
	switch {
	case u.Host == "" && socket != "":
		u.Host = "localhost"
	case u.Host == "":
		return URL{}, errors.New("URL must be absolute!: " + target)
	case len(u.Host) > maxHost:
		return URL{}, errors.New("worker hostname (" + u.Host + ") too long")
	}
	if len(socket) > maxSocket {
		return URL{}, errors.New("worker uds path (" + socket + ") too long")
	}
	return u, nil
}

func isScheme(s string) bool {
	for i := range len(s) {
		if classes[s[i]]&schemeChar == 0 {
			return false
		}
	}
	return true
}

// authority reads [user[:password]@]host[:port].
func (u *URL) authority(s string) bool {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		u.User, s = s[:at], s[at+1:]
	}
	port := ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 || (end+1 < len(s) && s[end+1] != ':') {
			return false
		}
		if end+1 < len(s) {
			port = s[end+2:]
		}
		s = s[1:end]
		if strings.IndexByte(s, '[') >= 0 {
			return false
		}
	} else if colon := strings.LastIndexByte(s, ':'); colon >= 0 {
		s, port = s[:colon], s[colon+1:]
		if strings.ContainsAny(s, ":]") {
			return false
		}
	} else if strings.IndexByte(s, ']') >= 0 {
		return false
	}
	u.Host = ascii.ToLower(s)
	if port == "" {
		return true
	}
	n, rest := ascii.LeadingDigits(port)
	if n < 1 || n > math.MaxUint16 {
		u.OddPort = port
	} else {
		u.Port = uint16(n)
	}
	return rest == ""
}

// Name returns the worker's name: scheme and host in lower case, no default
// port, no socket; user, password and path are unchanged.
func (u URL) Name() string { return u.Origin() + u.Path }

// Origin returns Name without the path.
func (u URL) Origin() string {
	var b strings.Builder
	b.WriteString(u.Scheme)
	b.WriteString("://")
	if u.User != "" {
		b.WriteString(u.User)
		b.WriteByte('@')
	}
	b.WriteString(u.HostPort())
	return b.String()
}

// HostPort returns host[:port] with brackets where needed, without a default
// port.
func (u URL) HostPort() string {
	h := u.Host
	if strings.IndexByte(h, ':') >= 0 {
		h = "[" + h + "]"
	}
	if u.OddPort != "" {
		return h + ":" + u.OddPort
	}
	if u.Port != 0 && u.Port != DefaultPort(u.Scheme) {
		h += ":" + strconv.Itoa(int(u.Port))
	}
	return h
}

// ActualPort returns the port to connect to.
func (u URL) ActualPort() uint16 {
	if u.Port != 0 {
		return u.Port
	}
	return DefaultPort(u.Scheme)
}

// Addr returns the host as an IP address, if it is one.
func (u URL) Addr() (netip.Addr, bool) {
	a, err := netip.ParseAddr(u.Host)
	return a, err == nil
}
