package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/server"
)

// composeFile is the part of a file of Docker Compose that up looks at.
type composeFile struct {
	name     string            // of the project
	services map[string]string // why one cannot be served when it runs; "": it can
}

// readCompose reads the file of a project.
func readCompose(file string, getenv func(string) string) (*composeFile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var c struct {
		Name     string
		Services map[string]struct {
			Ports, Expose []yaml.Node
			Labels        yaml.Node
			Build, Image  yaml.Node
		}
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("%s: %s", file, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	if len(c.Services) == 0 {
		return nil, fmt.Errorf("%s has no services", file)
	}
	full, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	out := &composeFile{name: projectName(cmp.Or(getenv("COMPOSE_PROJECT_NAME"), c.Name, filepath.Base(filepath.Dir(full)))), services: map[string]string{}}
	for name, s := range c.Services {
		why := ""
		if len(s.Ports)+len(s.Expose) == 0 && !speaks(&s.Labels) {
			why = "the file has neither ports nor labels for it; it is served if its image exposes a port"
		}
		out.services[name] = why
	}
	if out.name == "" {
		return nil, fmt.Errorf("%s: the project has no name (name: in the file, or COMPOSE_PROJECT_NAME)", file)
	}
	return out, nil
}

// projectName is what Compose makes of the name of a folder.
func projectName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, ascii.ToLower(s))
	return strings.TrimLeft(s, "_-")
}

// speaks reports whether labels, a list or a mapping, have some for a proxy.
func speaks(n *yaml.Node) bool {
	for _, c := range n.Content {
		if strings.HasPrefix(c.Value, "headgate.") || strings.HasPrefix(c.Value, "traefik.") {
			return true
		}
	}
	return false
}

// missing names the services of the file that are not served.
func (c *composeFile) missing(w io.Writer, d *server.Discovered) {
	served := map[string]bool{}
	for i := range d.Sources {
		for _, p := range d.Sources[i].Services() {
			name := p.Name[strings.IndexByte(p.Name, '/')+1:]
			for s := range c.services {
				if folded := strings.ReplaceAll(ascii.ToLower(s), "_", "-"); name == folded || name == c.name+"-"+folded || name == folded+"-"+c.name {
					served[s] = true
				}
			}
			for _, m := range p.Members {
				for s := range c.services {
					if strings.Contains(m, "("+c.name+"-"+s+"-") {
						served[s] = true
					}
				}
			}
		}
	}
	for _, s := range slices.Sorted(maps.Keys(c.services)) {
		if !served[s] {
			fmt.Fprintf(w, "  not served: %s of %s: %s\n", s, c.name, cmp.Or(c.services[s], "it does not run"))
		}
	}
}
