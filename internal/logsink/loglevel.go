package logsink

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// DefaultLevels returns the setting without any LogLevel directive.
func DefaultLevels() Levels { return Levels{Default: Warn}.measured() }

// errLevelWord is httpd's text for an unknown level.
var errLevelWord = errors.New("Log level keyword must be one of " +
	"emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8")

// ParseLogLevel applies the arguments of one LogLevel directive to base, which
// is not changed. A plain level sets all modules; module:level sets one.
//
// httpd: a module that is not loaded is an error there. This package does not
// know which modules exist: the caller checks the names in Modules.
func ParseLogLevel(args []string, base Levels) (Levels, error) {
	out := Levels{Default: base.Default, Modules: maps.Clone(base.Modules)}
	for _, arg := range args {
		colon := strings.LastIndexByte(arg, ':')
		if colon < 0 {
			l, ok := LevelOf(ascii.ToLower(arg))
			if !ok {
				return base, errLevelWord
			}
			out = Levels{Default: l}
			continue
		}
		module, word := arg[:colon], arg[colon+1:]
		if word == "" {
			return base, fmt.Errorf("Module specifier '%s' must be followed by a log level keyword", module)
		}
		l, ok := LevelOf(ascii.ToLower(word))
		if !ok {
			return base, fmt.Errorf("%s:%s: %w", module, word, errLevelWord)
		}
		if out.Modules == nil {
			out.Modules = map[string]Level{}
		}
		out.Modules[ModuleName(module)] = l
	}
	return out.measured(), nil
}

// ModuleName returns the short name of a module from any of the forms LogLevel
// accepts: "proxy", "proxy_module", "mod_proxy.c".
func ModuleName(name string) string {
	name = strings.TrimSuffix(name, ".c")
	name = strings.TrimSuffix(name, "_module")
	return strings.TrimPrefix(name, "mod_")
}
