package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/modules"
)

// page is one generated file.
type page struct {
	name  string
	write func(w *bytes.Buffer, list []group)
}

// pages are all the generated files.
var pages = []page{
	{"compat.md", compat},
	{"directives.md", directives},
	{"causes.md", causes},
	{"metrics.md", metricsPage},
}

func main() {
	folder := "docs"
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	if err := writeAll(folder); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func writeAll(folder string) error {
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(folder, p.name), p.text(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// text makes the page from the rows of all modules.
func (p page) text() []byte {
	var b bytes.Buffer
	p.write(&b, groups(rows()))
	return b.Bytes()
}

// rows returns the rows by which the program judges a configuration.
func rows() []*directive.Row { return config.Table(modules.All()).Rows() }
