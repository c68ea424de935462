package conf

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"
)

//go:embed httpd.conf nginx.conf haproxy.cfg haproxy.map Caddyfile wrk.lua
var files embed.FS

// Site has the values for the templates.
type Site struct {
	Dir         string // where the server may write; its access log is access.log in it
	Port        int    // where it listens, on 127.0.0.1
	Backend     string // host:port
	Workers     int    // worker processes, threads or loops: one for each of its cores
	Connections int    // client connections it must be able to hold
	Pool        int    // backend connections it may keep
	Root        bool   // it is started by root
	Servers     []Server

	Modules   []string // the modules that the real httpd loads; the other peers ignore it
	ModuleDir string

	TLS       Kind     // clients connect by TLS, with a certificate of this kind
	FCGI      bool     // the backend is a FastCGI program
	Files     string   // the folder whose files are served; "": requests go to the backend
	Members   []string // backends to balance, host:port; none: Backend alone
	Encode    string   // the content coding in which pages are sent: gzip, br or zstd; "": as they are
	Rules     bool     // the work of the test "rules": rewriting, header edits, sections, a condition
	Plain     bool     // Headgate works without io_uring, as on systems that forbid it
	EachLine  bool     // the log is written line by line, if the server has that choice
	NoLog     bool     // there is no access log
	Metrics   bool     // Headgate counts for its metrics page
	Streaming bool     // bodies are passed on as they arrive, if the default is to buffer them
	NoSplice  bool     // bodies are not moved by splice(2), if the server can splice
}

// Server is one virtual host with the paths of its mappings: "/" alone, or paths like /app-17/.
type Server struct {
	Name  string
	Paths []string
}

// Many reports whether there is more than one mapping.
func (s Site) Many() bool { return len(s.Servers) != 1 || len(s.Servers[0].Paths) != 1 }

// Filter is httpd's name of the filter that encodes.
func (s Site) Filter() string {
	return map[string]string{"gzip": "DEFLATE", "br": "BROTLI_COMPRESS", "zstd": "ZSTD_COMPRESS"}[s.Encode]
}

// Numbers returns the numbers of the paths that the test "rules" renames.
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

// Threads is how many requests httpd serves at the same time.
func (s Site) Threads() int { return 128 * s.Workers }
