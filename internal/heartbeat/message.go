package heartbeat

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Beat is what a server said last.
type Beat struct {
	Busy, Ready int // its workers
	Port        int
	LastSeen    int // of a line: how many seconds ago; -1: it does not say
}

// fields reads key=value pairs joined by "&", URL-encoded: known keys into b, and
// it says which of the keys that a heartbeat needs were there.
func (b *Beat) fields(text string) (version, busy, ready bool) {
	for pair := range strings.SplitSeq(text, "&") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			value = "1"
		}
		n := ascii.LeadingInt(unescape(value))
		switch ascii.ToLower(unescape(key)) {
		case "v":
			version = true
		case "busy":
			b.Busy, busy = max(n, 0), true
		case "ready":
			b.Ready, ready = max(n, 0), true
		case "lastseen":
			b.LastSeen = n
		case "port":
			b.Port = n
		}
	}
	return version, busy, ready
}

// ParseMessage reads a heartbeat, "v=1&ready=75&busy=0". False: it is none.
func ParseMessage(text string) (Beat, bool) {
	b := Beat{Port: 80}
	version, busy, ready := b.fields(text)
	return b, version && busy && ready
}

// slots is how many requests a server has room for. One that does nothing has
// probably just started: it is counted as a quarter (httpd).
func (b *Beat) slots() int {
	if b.Busy == 0 {
		return b.Ready / 4
	}
	return b.Ready
}

// unescape decodes %XX; what is no number stays.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && ascii.IsHex(s[i+1]) && ascii.IsHex(s[i+2]) {
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			out.WriteByte(byte(n))
			i += 2
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
