package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/source"
)

// layout is a usual path of a configuration.
type layout struct{ file, root string }

// defaultFiles are the paths searched for a configuration without -f and -d:
// ours first, then httpd's.
var defaultFiles = []layout{
	{"/etc/headgate/headgate.conf", "/etc/headgate"},
	{"/etc/apache2/apache2.conf", "/etc/apache2"},
	{"/etc/httpd/conf/httpd.conf", "/etc/httpd"},
	{"/usr/local/apache2/conf/httpd.conf", "/usr/local/apache2"},
}

// belowRoot are the paths searched for a configuration below -d, in this order.
var belowRoot = []string{
	"headgate.conf", "conf/headgate.conf", "apache2.conf", "conf/httpd.conf", "httpd.conf", "conf/apache2.conf",
}

// defaultFile returns the first that exists, "" if none does.
func (p process) defaultFile() (file, root string) {
	for _, l := range defaultFiles {
		if exists(l.file) {
			return l.file, l.root
		}
	}
	return "", ""
}

// findFile takes the configuration from its usual path: below -d, when that is
// given, and nowhere else, so that two installations are not mixed.
func (p process) findFile(f *flags) bool {
	if f.root != "" {
		for _, name := range belowRoot {
			if below := filepath.Join(f.root, name); exists(below) {
				f.file = name
				return p.reading(f, below)
			}
		}
		fmt.Fprintf(p.stderr, "headgate: no configuration below %s: neither %s (name one with -f)\n", f.root, strings.Join(belowRoot, " nor "))
		return false
	}
	file, root := p.defaultFile()
	if file == "" {
		var places []string
		for _, l := range defaultFiles {
			places = append(places, l.file)
		}
		fmt.Fprintf(p.stderr, "headgate: no configuration named, and neither %s is there (try \"headgate demo\" or \"headgate help\")\n", strings.Join(places, " nor "))
		return false
	}
	f.file, f.found = file, root
	return p.reading(f, file)
}

// reading prints which file was found.
func (p process) reading(f *flags, file string) bool {
	if f.print == 0 && !f.dumping() {
		fmt.Fprintf(p.stderr, "headgate: reading %s\n", file)
	}
	return true
}

// place returns the file and the initial ServerRoot of a configuration named by
// -f and -d.
//
// httpd: a relative -f is relative to ServerRoot. Here it may also be relative
// to the working directory, as people expect; a file below an explicit -d has
// precedence.
func place(file, root string) (string, string) {
	if root != "" {
		if abs, err := filepath.Abs(root); err == nil {
			root = abs
		}
		if below := filepath.Join(root, file); !filepath.IsAbs(file) && exists(below) {
			return below, root
		}
	}
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	if root == "" {
		root = rootOf(file)
	}
	return file, root
}

// rootOf guesses the ServerRoot of a file. It matters only until the file's own
// ServerRoot directive.
func rootOf(file string) string {
	for _, l := range defaultFiles {
		if l.file == file {
			return l.root
		}
	}
	dir := filepath.Dir(file)
	if filepath.Base(dir) == "conf" {
		return filepath.Dir(dir)
	}
	return dir
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// envvars returns the file of variables for a configuration, "" if there is
// none: that of an explicit -d, else the one next to a file called
// apache2.conf. Debian's apache2ctl sources it in a shell.
func (f *flags) envvars(file string) string {
	dir := filepath.Dir(file)
	switch {
	case f.root != "":
		_, dir = place(f.file, f.root)
	case filepath.Base(file) != "apache2.conf":
		return ""
	}
	if vars := filepath.Join(dir, "envvars"); exists(vars) {
		return vars
	}
	return ""
}

// environment returns the variables a configuration sees: those of the process,
// and those of its envvars file, which every reload reads again. An explicit -d
// sets APACHE_CONFDIR, whatever the shell has.
func (f *flags) environment(file string) server.Environment {
	return func() (func(string) (string, bool), error) {
		vars := f.envvars(file)
		if vars == "" {
			return os.LookupEnv, nil
		}
		base := os.LookupEnv
		if f.root != "" {
			base = func(name string) (string, bool) {
				if name == "APACHE_CONFDIR" {
					return filepath.Dir(vars), true
				}
				return os.LookupEnv(name)
			}
		}
		more, err := source.ReadEnvvars(vars, base)
		if err != nil {
			return nil, err
		}
		return func(name string) (string, bool) {
			if v, ok := more[name]; ok {
				return v, true
			}
			return base(name)
		}, nil
	}
}

// options returns the load options for the flags. The file must have been
// found.
func (f *flags) options() config.Options {
	root := f.root
	if root == "" {
		root = f.found
	}
	file, root := place(f.file, root)
	return config.Options{
		File: file, ServerRoot: root, Defines: f.defines, Pre: f.pre, Post: f.post, Version: product(), Made: made(),
		Fragment: f.fragment, NoDocumentRoot: f.blind,
	}
}
