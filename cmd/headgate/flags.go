package main

import (
	"fmt"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/unixd"
)

// flags is httpd's command line after parsing.
type flags struct {
	file, root string // -f, -d
	found      string // the ServerRoot for a file found without them
	defines    []string
	pre, post  []string
	word       string        // -k
	errorFile  string        // -E
	errorLevel logsink.Level // -e
	print      byte          // one of v V h l L, the last one on the line; 0: none
	test       bool          // -t
	one        bool          // -X
	fragment   bool          // check --fragment
	blind      bool          // -T: DocumentRoots are not checked
}

// dumps are the values of -t -D NAME, and of the flags that mean the same.
const (
	dumpVHosts   = "DUMP_VHOSTS"
	dumpRunCfg   = "DUMP_RUN_CFG"
	dumpModules  = "DUMP_MODULES"
	dumpIncludes = "DUMP_INCLUDES"
)

// flagRow is one of httpd's flags.
type flagRow struct {
	letter byte
	arg    bool // takes an argument: the rest of its word, or the next word
	set    func(f *flags, arg string) error
}

// flagRows are all flags (AP_SERVER_BASEARGS, -k of the MPMs, -n of Windows).
var flagRows = []flagRow{
	{'f', true, func(f *flags, v string) error { f.file = v; return nil }},
	{'d', true, func(f *flags, v string) error { f.root = v; return nil }},
	{'D', true, func(f *flags, v string) error { f.defines = append(f.defines, v); return nil }},
	{'C', true, func(f *flags, v string) error { f.pre = append(f.pre, v); return nil }},
	{'c', true, func(f *flags, v string) error { f.post = append(f.post, v); return nil }},
	{'k', true, setWord},
	{'e', true, setErrorLevel},
	{'E', true, func(f *flags, v string) error { f.errorFile = v; return nil }},
	{'X', false, func(f *flags, _ string) error { f.one = true; return nil }},
	{'t', false, func(f *flags, _ string) error { f.test = true; return nil }},
	{'S', false, func(f *flags, _ string) error { return f.dump(dumpVHosts, dumpRunCfg) }},
	{'M', false, func(f *flags, _ string) error { return f.dump(dumpModules) }},
	{'v', false, printing('v')},
	{'V', false, printing('V')},
	{'h', false, printing('h')},
	{'?', false, printing('h')},
	{'l', false, printing('l')},
	{'L', false, printing('L')},
	{'T', false, func(f *flags, _ string) error { f.blind = true; return nil }},
	{'n', true, func(*flags, string) error { return nil }}, // a service of Windows
}

func printing(what byte) func(*flags, string) error {
	return func(f *flags, _ string) error { f.print = what; return nil }
}

func (f *flags) dump(names ...string) error {
	f.test = true
	f.defines = append(f.defines, names...)
	return nil
}

func (f *flags) defined(name string) bool {
	for _, d := range f.defines {
		if d == name {
			return true
		}
	}
	return false
}

// dumping reports whether a dump replaces "Syntax OK".
func (f *flags) dumping() bool {
	return f.test && (f.defined(dumpVHosts) || f.defined(dumpRunCfg) || f.defined(dumpModules) || f.defined(dumpIncludes))
}

func setWord(f *flags, v string) error {
	if _, ok := unixd.LookupWord(v); !ok && v != "start" {
		return fmt.Errorf("-k takes start, stop, restart, graceful or graceful-stop, not %q", v)
	}
	f.word = v
	return nil
}

func setErrorLevel(f *flags, v string) error {
	l, ok := logsink.LevelOf(ascii.ToLower(v))
	if !ok {
		return fmt.Errorf("-e takes a level of LogLevel (emerg to trace8), not %q", v)
	}
	f.errorLevel = l
	return nil
}

// parseFlags parses httpd's command line as getopt does: flags without an
// argument may be combined in one word, and an argument may follow its flag
// without a blank.
func parseFlags(args []string) (*flags, error) {
	f := &flags{errorLevel: logsink.Warn}
	for i := 0; i < len(args); i++ {
		word := args[i]
		if len(word) < 2 || word[0] != '-' || word == "--" {
			return nil, fmt.Errorf("unexpected argument %q", word)
		}
		for j := 1; j < len(word); j++ {
			row := lookupFlag(word[j])
			if row == nil {
				return nil, fmt.Errorf("illegal option -- %c", word[j])
			}
			if !row.arg {
				_ = row.set(f, "") // flags without an argument cannot fail
				continue
			}
			value := word[j+1:]
			if value == "" {
				if i++; i == len(args) {
					return nil, fmt.Errorf("option requires an argument -- %c", word[j])
				}
				value = args[i]
			}
			if err := row.set(f, value); err != nil {
				return nil, err
			}
			break
		}
	}
	return f, nil
}

func lookupFlag(letter byte) *flagRow {
	for i := range flagRows {
		if flagRows[i].letter == letter {
			return &flagRows[i]
		}
	}
	return nil
}

// usage is httpd's usage text, with our differences.
const usage = `Usage: headgate [-D name] [-d directory] [-f file]
                [-C "directive"] [-c "directive"]
                [-k start|restart|graceful|graceful-stop|stop]
                [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-M] [-X]
                [-e level] [-E file]
Options:
  -D name            : define a name for use in <IfDefine name> directives
  -d directory       : specify an alternate initial ServerRoot; without -f, the
                       configuration below it is taken
  -f file            : specify an alternate ServerConfigFile
  -C "directive"     : process directive before reading config files
  -c "directive"     : process directive after reading config files
  -k start           : start in the background
  -k stop            : stop the running server at once
  -k restart         : reload the configuration; no request is lost
  -k graceful        : the same
  -k graceful-stop   : stop when the running requests are done
  -e level           : show startup errors of level (see LogLevel)
  -E file            : log startup errors to file
  -v                 : show version number
  -V                 : show compile settings
  -h                 : list available command line options (this page)
  -l                 : list compiled in modules
  -L                 : list available configuration directives
  -t -D DUMP_VHOSTS  : show parsed vhost settings
  -t -D DUMP_RUN_CFG : show parsed run settings
  -S                 : a synonym for -t -D DUMP_VHOSTS -D DUMP_RUN_CFG
  -t -D DUMP_MODULES : show all loaded modules
  -M                 : a synonym for -t -D DUMP_MODULES
  -t -D DUMP_INCLUDES: show all included configuration files
  -t                 : run syntax check for config files
  -T                 : start without DocumentRoot(s) check
  -X                 : stay in the foreground
Without -k the server stays in the foreground. There are also the commands run,
check, route, proxy and demo: see "headgate help".
`
