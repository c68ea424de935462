package param

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// IsBalancer says whether a target names a balancer.
func IsBalancer(target string) bool { return ascii.HasPrefixFold(target, "balancer:") }

// SplitBalancer splits balancer://name/path; the name is in lower case.
func SplitBalancer(target string) (name, path string, ok bool) {
	rest := target[len("balancer:"):]
	if len(rest) < 3 || rest[:2] != "//" {
		return "", "", false
	}
	name = rest[2:]
	if i := strings.IndexByte(name, '/'); i >= 0 {
		name, path = name[:i], name[i:]
	}
	return ascii.ToLower(name), path, true
}
