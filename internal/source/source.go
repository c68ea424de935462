package source

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// Diagnostic is one error or warning found while reading.
type Diagnostic = syntax.Diagnostic

// Options say what to read, and which environment and modules to assume.
type Options struct {
	File       string   // main file, relative to ServerRoot
	ServerRoot string   // httpd's -d; a ServerRoot directive replaces it
	Defines    []string // httpd's -D
	Pre, Post  []string // httpd's -C and -c: directives before and after the file

	Env func(name string) (string, bool) // the environment that ${VAR} may name; nil: empty

	// BuiltIn makes all of httpd's modules count as built in, whatever the
	// configuration loads. Without it they count when the configuration has no
	// LoadModule at all.
	BuiltIn bool

	Version        string                 // what <IfVersion> compares with; "" is DefaultVersion
	StaticModules  []string               // modules that need no LoadModule, by identifier
	KnownDirective func(name string) bool // for <IfDirective>; nil knows the read-time ones only
	KnownSection   func(name string) bool // for <IfSection>, without the '<'; likewise

	FS FS // nil: the operating system's

	maxLines int // 0: defaultMaxLines; smaller in tests
}

// DefaultVersion is the httpd release that <IfVersion> compares with.
const DefaultVersion = "2.4.71"

// defaultMaxLines limits the size to which macros may expand a configuration.
// httpd has no limit; the biggest real trees are two orders of magnitude
// smaller.
const defaultMaxLines = 10_000_000

// Module is one module or library the configuration loads.
type Module struct {
	Name string // identifier, "ssl_module"; empty for LoadFile
	File string // as written
	Pos  syntax.Pos
}

// Inclusion is one file that was read, for -D DUMP_INCLUDES.
type Inclusion struct {
	File  string
	From  syntax.Pos // the Include; zero for the main file
	Depth int        // 0 for the main file
}

// Result is a configuration after reading.
type Result struct {
	BuiltIn    bool         // all of httpd's modules counted as built in
	Skipped    []Skipped    // <IfModule> sections of modules that are not httpd's, when BuiltIn
	Root       *syntax.Node // its children are the top level directives in order
	Loaded     []Module     // by LoadModule, in order
	Libraries  []Module     // by LoadFile, in order
	Defines    map[string]string
	ServerRoot string
	Files      []string // every file read, in order; a file read twice is there twice
	Included   []Inclusion
	Warnings   []Diagnostic
	Errors     []Diagnostic

	state *reader // once everything was read
}

// Read reads a configuration. Errors are in the Result. There is always a tree
// of everything that could be read.
//
// Whether there is a LoadModule is known only at the end. So a configuration
// that has none, and that tested for a module of httpd's, is read a second time
// with all of them built in. So is one whose LoadModule lines cannot be all that
// its server has: they load a module that needs another one, which none loads.
func Read(o Options) *Result {
	r := newReader(o, o.BuiltIn)
	r.read()
	if !o.BuiltIn && (len(r.res.Loaded) == 0 && r.builtIn.asked || r.lacking()) {
		r = newReader(o, true)
		r.read()
	}
	r.res.BuiltIn = o.BuiltIn || len(r.res.Loaded) == 0 || r.builtIn.counts
	if !r.res.BuiltIn {
		r.res.Skipped = nil // as in httpd when modules are loaded
	}
	r.res.state = r
	return r.res
}

func newReader(o Options, builtIn bool) *reader {
	if o.FS == nil {
		o.FS = osFS{}
	}
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	if o.maxLines == 0 {
		o.maxLines = defaultMaxLines
	}
	r := &reader{
		Options: o,
		res:     &Result{Root: &syntax.Node{Section: true}, Defines: map[string]string{}, ServerRoot: absolute(o.FS, o.ServerRoot)},
		vars:    map[string]string{},
		modules: map[string]bool{},
		loaded:  map[string]bool{},
		builtIn: newBuiltIn(builtIn),

		rows:       map[string]*readTime{},
		conditions: map[string]*condition{},
	}
	for _, row := range readTimeRows() {
		r.rows[ascii.ToLower(row.name)] = &row
	}
	for _, c := range conditionRows() {
		r.conditions[ascii.ToLower(c.name)] = &c
	}
	for _, d := range o.Defines {
		r.res.Defines[d] = ""
	}
	for _, m := range o.StaticModules {
		r.addModule(m)
	}
	return r
}

// read reads everything that the options name.
func (r *reader) read() {
	r.commandLine(r.Pre)
	main := r.rootRelative(r.File)
	r.res.Root.Pos.File = main
	if fault := r.file(main, r.res.Root); fault != "" {
		r.fail(Diagnostic{Text: fault})
	}
	r.commandLine(r.Post)
}

// IsDefined reports whether name was given with -D or by Define.
func (r *Result) IsDefined(name string) bool {
	_, ok := r.Defines[name]
	return ok
}

// HasModule reports whether LoadModule named a module. Both of its names are
// accepted: ssl_module and mod_ssl.c.
func (r *Result) HasModule(name string) bool {
	for _, m := range r.Loaded {
		if m.Name == name || ModuleSource(m.Name) == name {
			return true
		}
	}
	return false
}
