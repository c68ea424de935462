package resolve

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// conf is the part of resolv.conf(5) that concerns address look-ups. Immutable.
type conf struct {
	servers  []netip.Addr // at most maxServers, as glibc
	search   []string     // without dots at either end
	ndots    int
	timeout  time.Duration // for one try at one server
	attempts int           // rounds over all servers
	rotate   bool
	tcp      bool // use-vc
	noAAAA   bool
}

const (
	maxServers = 3
	maxSearch  = 32
)

// parseConf reads resolv.conf. It skips lines it cannot read; the last of
// "domain" and "search" wins.
func parseConf(text []byte) *conf {
	c := &conf{ndots: 1, timeout: 5 * time.Second, attempts: 2}
	for line := range bytes.Lines(text) {
		if len(line) > 0 && (line[0] == '#' || line[0] == ';') {
			continue
		}
		f := strings.Fields(string(line))
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "nameserver":
			if ip, err := netip.ParseAddr(f[1]); err == nil && len(c.servers) < maxServers {
				c.servers = append(c.servers, ip)
			}
		case "domain":
			c.search = searchList(f[1:2])
		case "search":
			c.search = searchList(f[1:])
		case "options":
			for _, o := range f[1:] {
				c.option(o)
			}
		}
	}
	return c
}

func searchList(words []string) []string {
	var out []string
	for _, w := range words {
		if w = strings.Trim(w, "."); w != "" && len(out) < maxSearch {
			out = append(out, w)
		}
	}
	return out
}

// option applies one word of an options line; unknown words are ignored.
func (c *conf) option(word string) {
	name, arg, _ := strings.Cut(word, ":")
	n, err := strconv.Atoi(arg)
	if err != nil {
		n = -1
	}
	switch {
	case name == "ndots" && n >= 0:
		c.ndots = min(n, 15)
	case name == "timeout" && n >= 0:
		c.timeout = time.Duration(min(max(n, 1), 30)) * time.Second
	case name == "attempts" && n >= 0:
		c.attempts = min(max(n, 1), 5)
	case name == "rotate":
		c.rotate = true
	case name == "use-vc":
		c.tcp = true
	case name == "no-aaaa":
		c.noAAAA = true
	}
}

// candidates returns the absolute names to try for a relative one, in order.
func (c *conf) candidates(name string) []string {
	if strings.HasSuffix(name, ".") {
		return []string{name}
	}
	asIs := name + "."
	out := make([]string, 0, len(c.search)+1)
	early := strings.Count(name, ".") >= c.ndots
	if early {
		out = append(out, asIs)
	}
	for _, s := range c.search {
		if full := asIs + s + "."; len(full) <= maxName {
			out = append(out, full)
		}
	}
	if !early {
		out = append(out, asIs)
	}
	return out
}

// maxName is the longest name in text form, with its last dot (RFC 1035 section
// 2.3.4).
const maxName = 254

// validName reports whether DNS could hold the name: labels of 1 to 63 octets
// of letters, digits, '-' and '_' (which real backends use).
func validName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name)+1 > maxName {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) < 1 || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			if !nameByte(label[i]) {
				return false
			}
		}
	}
	return true
}

func nameByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}
