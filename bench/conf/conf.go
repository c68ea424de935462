package conf

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"
)

//go:embed httpd.conf nginx.conf haproxy.cfg haproxy.map Caddyfile wrk.lua
var files embed.FS

// Site is what the templates are filled with.
type Site struct {
	Dir         string // where the server may write; its access log is access.log in there
	Port        int    // where it listens, on 127.0.0.1
	Backend     string // host:port
	Workers     int    // worker processes, threads or loops: as many as it gets cores
	Connections int    // client connections it must be able to hold
	Pool        int    // backend connections it may keep
	Root        bool   // it is started by root
	Servers     []Server

	Modules   []string // what the real httpd loads; nobody else looks
	ModuleDir string

	Rules     bool // the work of the test "rules": rewriting, edits of headers, sections, a condition
	Plain     bool // Headgate does without io_uring, as where it is forbidden
	EachLine  bool // the log is written line by line, where a server lets one choose
	Streaming bool // bodies are passed on as they come, where the default is to keep them first
	NoSplice  bool // bodies are not moved by splice(2), where they could be
}

// Server is one virtual host and what is mapped below it: "/" alone, or paths like /app-17/.
type Server struct {
	Name  string
	Paths []string
}

// Many reports whether there is more than one mapping.
func (s Site) Many() bool { return len(s.Servers) != 1 || len(s.Servers[0].Paths) != 1 }

// Numbers are those of the paths that the test "rules" renames.
func (s Site) Numbers() []int { return []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9} }

// Render fills the named template.
func Render(name string, site Site) ([]byte, error) {
	t, err := template.ParseFS(files, name)
	if err != nil {
		return nil, fmt.Errorf("read the template %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, site); err != nil {
		return nil, fmt.Errorf("fill the template %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// Script returns the script that wrk runs.
func Script() ([]byte, error) { return files.ReadFile("wrk.lua") }

// Threads is how many requests httpd serves at once.
func (s Site) Threads() int { return 128 * s.Workers }
