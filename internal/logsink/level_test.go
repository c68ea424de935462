package logsink

import (
	"maps"
	"strings"
	"testing"
	"time"
)

func TestParseLogLevel(t *testing.T) {
	const words = "Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8"
	base := Levels{Default: Error, Modules: map[string]Level{"ssl": Info}}
	tests := []struct {
		args string
		want Levels
		err  string
	}{
		{"Debug", Levels{Default: Debug}, ""},
		{"proxy:trace2", Levels{Default: Error, Modules: map[string]Level{"ssl": Info, "proxy": Trace2}}, ""},
		{"WARN proxy:Debug mod_proxy_http.c:info proxy_balancer_module:error", Levels{Default: Warn, Modules: map[string]Level{"proxy": Debug, "proxy_http": Info, "proxy_balancer": Error}}, ""},
		{"proxy:debug notice", Levels{Default: Notice}, ""},
		{"foo", base, words},
		{"7", base, words},
		{"proxy:", base, "Module specifier 'proxy' must be followed by a log level keyword"},
		{"warn proxy:foo", base, "proxy:foo: " + words},
	}
	for _, c := range tests {
		got, err := ParseLogLevel(strings.Fields(c.args), base)
		if got.Default != c.want.Default || !maps.Equal(got.Modules, c.want.Modules) || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: %v, %v", c.args, got, err)
		}
	}
	if len(base.Modules) != 1 {
		t.Error("base was changed")
	}
}

// TestLevelsOver: a virtual host that sets the level of one module inherits the
// rest of the main server's LogLevel, and one that sets the level inherits
// nothing.
func TestLevelsOver(t *testing.T) {
	base := &Levels{Default: Info, Modules: map[string]Level{"ssl": Debug, "proxy": Error}}
	for _, c := range []struct {
		args string
		want Levels
	}{
		{"", *base},
		{"proxy:trace1", Levels{Default: Info, Modules: map[string]Level{"ssl": Debug, "proxy": Trace1}}},
		{"crit", Levels{Default: Crit}},
		{"crit core:info", Levels{Default: Crit, Modules: map[string]Level{"core": Info}}},
	} {
		own := (*Levels)(nil)
		if c.args != "" {
			l, err := ParseLogLevel(strings.Fields(c.args), Levels{Default: Unset})
			if err != nil {
				t.Fatal(err)
			}
			own = &l
		}
		if got := own.Over(base); got.Default != c.want.Default || !maps.Equal(got.Modules, c.want.Modules) {
			t.Errorf("%q: %v", c.args, *got)
		}
	}
}

func TestEnabled(t *testing.T) {
	l := Levels{Default: Error, Modules: map[string]Level{"proxy": Debug}}
	for _, c := range []struct {
		module string
		level  Level
		want   bool
	}{
		{"core", Error, true}, {"core", Warn, false}, {"core", Notice, true}, {"core", Info, false},
		{"proxy", Debug, true}, {"proxy", Trace1, false},
	} {
		if got := l.Enabled(c.module, c.level); got != c.want {
			t.Errorf("%s:%v: %v", c.module, c.level, got)
		}
	}
}

func TestNewID(t *testing.T) {
	now := time.Unix(1795370866, 833484000)
	seen := map[string]bool{}
	for serial := range uint64(20) {
		for request := range 20 {
			id := string(NewID(now, serial, request))
			if len(id) != 16 || strings.ContainsAny(id, " \t=/+") || seen[id] {
				t.Fatalf("%q", id)
			}
			seen[id] = true
		}
	}
	if len(NewID(time.Time{}, 0, 0)) != 16 {
		t.Error("no time, no id")
	}
}
