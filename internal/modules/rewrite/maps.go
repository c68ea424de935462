package rewrite

import (
	"math/rand/v2"
	"os"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
)

// mapping is one RewriteMap.
type mapping interface {
	// find returns the map's value for key. It writes the trace lines of the look-up.
	find(u *run, name string, key []byte) ([]byte, bool)
}

// lookUp looks a key up in a map of the server. httpd: lookup_map. In a map that
// does not exist no key is found.
func (u *run) lookUp(name string, key []byte) ([]byte, bool) {
	m := u.set.maps[name]
	if m == nil {
		return nil, false
	}
	return m.find(u, name, key)
}

// mapTier refuses the maps that need a database.
func mapTier(c *directive.Call) (directive.Tier, string) {
	source := ascii.ToLower(c.Arg(1))
	switch {
	case strings.HasPrefix(source, "dbm"):
		return directive.Refused, "DBM files are not supported: use the text file that it was made from (by httxt2dbm) as a txt: map"
	case strings.HasPrefix(source, "dbd:"), strings.HasPrefix(source, "fastdbd:"):
		return directive.Refused, "SQL databases are not supported: use a txt: or a prg: map"
	}
	return directive.Honoured, ""
}

func addMap(c *directive.Call) error {
	name, source := c.Arg(0), c.Arg(1)
	m, file, err := newMap(c, source)
	if err != nil {
		return err
	}
	if file != "" {
		if _, err := os.Stat(file); err != nil {
			if !c.LooksAtFolders() {
				c.Warn("RewriteMap: file for map %s not found:%s", name, file)
			} else {
				return c.Errorf("RewriteMap: file for map %s not found:%s", name, file)
			}
		}
	}
	sectionOf(c)
	s := serverSlot.Of(c.Server)
	if s.maps == nil {
		s.maps = make(map[string]mapping)
	}
	s.maps[name] = m
	return nil
}

// newMap returns the map for a source, and the file that must exist; "" for none.
func newMap(c *directive.Call, source string) (m mapping, file string, err error) {
	kind, rest, ok := strings.Cut(source, ":")
	if ok {
		switch ascii.ToLower(kind) {
		case "int":
			f := functions[rest]
			if f == nil {
				return nil, "", c.Errorf("RewriteMap: internal map not found:%s", rest)
			}
			return f, "", nil
		case "txt", "rnd":
			file = c.Path(rest)
			return &textMap{TextMap: module.TextMap{File: file}, random: ascii.EqualFold(kind, "rnd")}, file, nil
		case "prg":
			argv := syntax.Words(rest)
			if len(argv) == 0 {
				return nil, "", c.Errorf("RewriteMap: bad path to prg map: %s", rest)
			}
			argv[0] = c.Path(argv[0])
			return newProgram(argv, c.Arg(2)), argv[0], nil
		}
	}
	file = c.Path(source)
	return &textMap{TextMap: module.TextMap{File: file}}, file, nil
}

// function is an internal map.
type function func(dst, key []byte) []byte

// functions are the int: maps.
var functions = map[string]function{
	"tolower": func(dst, key []byte) []byte {
		at := len(dst)
		dst = append(dst, key...)
		ascii.LowerBytes(dst[at:])
		return dst
	},
	"toupper": func(dst, key []byte) []byte {
		for _, b := range key {
			if 'a' <= b && b <= 'z' {
				b -= 'a' - 'A'
			}
			dst = append(dst, b)
		}
		return dst
	},
	"escape":   uri.AppendURI,
	"unescape": appendUnescaped,
}

// appendUnescaped decodes valid escapes and leaves all others unchanged. httpd:
// ap_unescape_url.
func appendUnescaped(dst, key []byte) []byte {
	for i := 0; i < len(key); i++ {
		if key[i] == '%' && i+2 < len(key) {
			hi, ok1 := ascii.Unhex(key[i+1])
			lo, ok2 := ascii.Unhex(key[i+2])
			if ok1 && ok2 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, key[i])
	}
	return dst
}

func (f function) find(u *run, name string, key []byte) ([]byte, bool) {
	v := f(u.x.Arena.Alloc(3*len(key)), key)
	u.traceFound(name, key, v)
	return v, true
}

func (u *run) traceFound(name string, key, value []byte) {
	if u.traces(5) {
		u.tracef(5, "", "map lookup OK: map=%s key=%s -> val=%s", name, key, value)
	}
}

func (u *run) traceMissed(name string, key []byte) {
	if u.traces(5) {
		u.tracef(5, "", "map lookup FAILED: map=%s key=%s", name, key)
	}
}

// textMap is a txt: or rnd: map.
type textMap struct {
	module.TextMap
	random bool
}

func (m *textMap) find(u *run, name string, key []byte) ([]byte, bool) {
	name += "[txt]"
	values, err := m.Values(u.x.Loop)
	if err != nil {
		u.x.Logf(logsink.Error, "rewrite", "AH00661", "mod_rewrite: can't access text RewriteMap file %s: %v", m.File, err)
		return nil, false
	}
	value, ok := values[string(key)]
	if !ok {
		u.traceMissed(name, key)
		return nil, false
	}
	u.traceFound(name, key, value)
	if m.random {
		value = choose(value)
		if u.traces(5) {
			u.tracef(5, "", "randomly chosen the subvalue `%s'", value)
		}
	}
	return value, len(value) > 0
}

// choose returns one of the parts of value, which are separated by bars, at random.
func choose(value []byte) []byte {
	parts := strings.Split(string(value), "|")
	return []byte(parts[rand.IntN(len(parts))]) //nolint:gosec // it spreads load
}

// startPrograms starts the programs of a server's own maps if its engine is on.
// They are stopped when the part is released.
func startPrograms(b *module.Builder, conf *serverConf, on bool) error {
	for _, m := range conf.maps {
		p, ok := m.(*program)
		if !ok || !on {
			continue
		}
		if err := p.start(); err != nil {
			return err
		}
		b.Part.Closers = append(b.Part.Closers, p.close)
	}
	return nil
}
