package discover

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// The kinds of sources.
const (
	KindDocker = "docker"
	KindFile   = "file"
)

// DefaultDocker is where a Docker daemon is asked unless the directive says otherwise.
const DefaultDocker = "unix:///var/run/docker.sock"

// Spec is a HeadgateDiscover directive.
type Spec struct {
	Kind        string
	Paths       string // of KindFile: absolute, with wildcards, one a line
	Address     string // of KindDocker: unix:///path or tcp://host:port
	Network     string // of containers; "": the one that can be reached
	DefaultHost string // of containers that name none
	Project     string // of compose; "": all
	ExposeAll   bool   // containers without labels, too
	Entrypoints string // more names of ports in labels of Traefik: "name:port", one after a blank each
	Pos         string // of the directive
}

// Usage is the grammar of the directive.
const Usage = "HeadgateDiscover docker [unix:/path|tcp://host:port] [network=name] [default-host=name] [project=name] [entrypoint=name:port]... [expose=explicit|all] | file path [path] ..."

// Parse reads the words of a directive. rooted makes a path absolute.
func Parse(words []string, rooted func(string) string) (Spec, error) {
	switch ascii.ToLower(words[0]) {
	case KindDocker:
		return parseDocker(words[1:])
	case KindFile:
		return parseFile(words[1:], rooted)
	}
	return Spec{}, fmt.Errorf("unknown source %q: want docker or file", words[0])
}

func parseFile(paths []string, rooted func(string) string) (Spec, error) {
	if len(paths) == 0 {
		return Spec{}, fmt.Errorf("file: which one? It wants a path")
	}
	s := Spec{Kind: KindFile}
	for i, p := range paths {
		if strings.ContainsAny(p, "\n\x00") {
			return s, fmt.Errorf("file: a path cannot have control characters")
		}
		p = filepath.Clean(rooted(p))
		if _, err := filepath.Match(p, ""); err != nil {
			return s, fmt.Errorf("file: %s: %w", p, err)
		}
		if i > 0 {
			s.Paths += "\n"
		}
		s.Paths += p
	}
	return s, nil
}

func parseDocker(words []string) (Spec, error) {
	s := Spec{Kind: KindDocker}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		switch key = ascii.ToLower(key); {
		case !ok && s.Address == "":
			addr, err := dockerAddress(w)
			if err != nil {
				return s, err
			}
			s.Address = addr
		case !ok:
			return s, fmt.Errorf("docker: %q: there is an address already", w)
		case value == "":
			return s, fmt.Errorf("docker: %s= has no value", key)
		case key == "network":
			s.Network = value
		case key == "default-host":
			if !isHost(value) {
				return s, fmt.Errorf("docker: default-host=%s is not the name of a host", value)
			}
			s.DefaultHost = ascii.ToLower(value)
		case key == "project":
			s.Project = value
		case key == "entrypoint":
			if err := checkEntrypoint(value); err != nil {
				return s, err
			}
			s.Entrypoints = strings.TrimPrefix(s.Entrypoints+" "+value, " ")
		case key == "expose" && (value == "all" || value == "explicit"):
			s.ExposeAll = value == "all"
		case key == "expose":
			return s, fmt.Errorf("docker: expose= is explicit or all, not %q", value)
		default:
			return s, fmt.Errorf("docker: unknown setting %q: want network=, default-host=, project=, entrypoint= or expose=", key)
		}
	}
	if s.Address == "" {
		s.Address = DefaultDocker
	}
	return s, nil
}

// checkEntrypoint checks a name with its port.
func checkEntrypoint(value string) error {
	name, port, _ := strings.Cut(value, ":")
	if n, err := strconv.ParseUint(port, 10, 16); name == "" || err != nil || n == 0 {
		return fmt.Errorf("docker: entrypoint=%s: want name:port", value)
	}
	return nil
}

// dockerAddress checks the address of a daemon and returns it as clients want it.
func dockerAddress(w string) (string, error) {
	scheme, rest, _ := strings.Cut(w, ":")
	switch scheme {
	case "unix":
		path := "/" + strings.TrimLeft(rest, "/")
		if path == "/" || !strings.HasPrefix(rest, "/") {
			break
		}
		return "unix://" + path, nil
	case "tcp":
		u, err := url.Parse(w)
		if err != nil || u.Port() == "" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" {
			break
		}
		return "tcp://" + u.Host, nil
	}
	return "", fmt.Errorf("docker: %q is not the address of a daemon: want unix:/path or tcp://host:port", w)
}

// isHost reports whether a name may be that of a host.
func isHost(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for _, c := range []byte(name) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	return name[0] != '.' && name[0] != '-'
}

// where is the source's place, for people.
func (s Spec) where() string {
	if s.Kind == KindFile {
		return strings.ReplaceAll(s.Paths, "\n", " ")
	}
	return s.Address
}

// same reports whether a source of o is one of s: where it stands does not matter.
func (s Spec) same(o Spec) bool {
	s.Pos, o.Pos = "", ""
	return s == o
}
