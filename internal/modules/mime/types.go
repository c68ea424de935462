package mime

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// types are content types by extension, in lower case without its dot.
type types struct {
	kinds   map[string]*kind
	longest int     // the longest extension
	without *finder // for sections without a directive of this module
}

// typesKey is the key of the types in Builder.Aux.
type typesKey struct{}

// maxTypes limits the file of TypesConfig.
const maxTypes = 8 << 20

// loadTypes reads the file of TypesConfig, once for all sites. httpd:
// mime_post_config, which looks at the main server only.
func loadTypes(b *module.Builder, s *module.Server) error {
	if b.Aux.Get(typesKey{}) != nil {
		return nil
	}
	c, ok := serverSlot.Peek(s.Conf)
	if !ok {
		c = &serverConf{}
	}
	name := c.file
	if name == "" {
		name = filepath.Join(b.ServerRoot, "conf/mime.types")
	}
	data, err := readTypes(name)
	switch {
	case err == nil:
		b.Aux.Put(typesKey{}, parseTypes(string(data)))
		return nil
	case c.file != "" && !b.Blind:
		b.Fail(c.pos, "TypesConfig", &missing{name, err})
	}
	// Ours: httpd does not start without a file.
	b.Aux.Put(typesKey{}, parseTypes(usual))
	return nil
}

// missing is the fault of a file that cannot be read.
type missing struct {
	name string
	err  error
}

// Error implements error.
func (m *missing) Error() string {
	return "AH01597: could not open mime types config file " + m.name + ": " + m.err.Error()
}

// Unwrap returns the cause.
func (m *missing) Unwrap() error { return m.err }

// Hint returns advice.
func (m *missing) Hint() string {
	if m.name == "/etc/mime.types" {
		return "the package media-types (mailcap on other systems) has it"
	}
	return "without TypesConfig the usual types are known"
}

func readTypes(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxTypes {
		return nil, os.ErrInvalid
	}
	return os.ReadFile(name)
}

// parseTypes reads lines of a type and its extensions. Lines that begin with # are
// left out. Of two lines for one extension the later one holds.
func parseTypes(text string) *types {
	t := &types{kinds: make(map[string]*kind)}
	text = strings.ReplaceAll(text, "\\\n", "")
	for line := range strings.Lines(text) {
		line = ascii.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		words := syntax.Words(line)
		if len(words) < 2 {
			continue
		}
		k := newKind(words[0])
		for _, ext := range words[1:] {
			t.kinds[ascii.ToLower(ext)] = k
			t.longest = max(t.longest, len(ext))
		}
	}
	t.without = newFinder(&conf{}, t)
	return t
}
