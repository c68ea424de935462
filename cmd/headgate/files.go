package main

import (
	"os"
	"path/filepath"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/source"
)

// layout is a place a configuration usually is.
type layout struct{ file, root string }

// defaultFiles are where a configuration is looked for without -f: our own
// first, then where httpd has it.
var defaultFiles = []layout{
	{"/etc/headgate/headgate.conf", "/etc/headgate"},
	{"/etc/apache2/apache2.conf", "/etc/apache2"},
	{"/etc/httpd/conf/httpd.conf", "/etc/httpd"},
	{"/usr/local/apache2/conf/httpd.conf", "/usr/local/apache2"},
}

// defaultFile finds the first that exists, "" if none does.
func (p process) defaultFile() (file, root string) {
	for _, l := range defaultFiles {
		if _, err := os.Stat(l.file); err == nil {
			return l.file, l.root
		}
	}
	return "", ""
}

// place finds the file and the initial ServerRoot of a configuration named by
// -f and -d.
//
// httpd: a relative -f is below ServerRoot. Here it may also be below the
// working directory, which is what people mean by it; the one below an
// explicit -d comes first.
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

// rootOf guesses the ServerRoot of a file: it is read only until the file's
// own ServerRoot directive.
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

// environment gives the variables a configuration sees: ours, and on Debian
// those of the envvars file that apache2ctl would have sourced. It is read
// again with every reload.
func environment(file string) server.Environment {
	return func() (func(string) (string, bool), error) {
		vars := filepath.Join(filepath.Dir(file), "envvars")
		if filepath.Base(file) != "apache2.conf" || !exists(vars) {
			return os.LookupEnv, nil
		}
		more, err := source.ReadEnvvars(vars, os.LookupEnv)
		if err != nil {
			return nil, err
		}
		return func(name string) (string, bool) {
			if v, ok := more[name]; ok {
				return v, true
			}
			return os.LookupEnv(name)
		}, nil
	}
}

// options are the load options of the flags; the file is found first.
func (f *flags) options() config.Options {
	file, root := place(f.file, f.root)
	return config.Options{
		File: file, ServerRoot: root, Defines: f.defines, Pre: f.pre, Post: f.post, Version: product(),
	}
}
