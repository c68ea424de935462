package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
)

const docs = "../../docs"

// TestFresh compares the committed pages with the generated ones.
func TestFresh(t *testing.T) {
	for _, p := range pages {
		have, err := os.ReadFile(filepath.Join(docs, p.name))
		if err != nil {
			t.Errorf("%v: run make docs", err)
			continue
		}
		want := p.text()
		if bytes.Equal(have, want) {
			continue
		}
		a, b := bytes.Split(have, []byte("\n")), bytes.Split(want, []byte("\n"))
		for i := range min(len(a), len(b)) {
			if !bytes.Equal(a[i], b[i]) {
				t.Errorf("docs/%s:%d is stale, run make docs\nis:        %s\nshould be: %s", p.name, i+1, a[i], b[i])
				break
			}
		}
		if len(a) != len(b) {
			t.Errorf("docs/%s has %d lines, not %d: run make docs", p.name, len(a), len(b))
		}
	}
}

// TestComplete requires every directive to be in compat.md once, and a word for
// every shape of arguments.
func TestComplete(t *testing.T) {
	var b bytes.Buffer
	all := rows()
	compat(&b, groups(all))
	for _, r := range all {
		if n := strings.Count(b.String(), "\n| `"+r.Name+"` |"); n != 1 {
			t.Errorf("%s is in compat.md %d times", r.Name, n)
		}
		if counts[r.Args] == "" {
			t.Errorf("%s: no words for the shape %s", r.Name, r.Args)
		}
	}
}

func TestCells(t *testing.T) {
	row := directive.Row{Name: "A", Module: "mod_x", Usage: "A on|off", Note: "a <b> | c", Where: directive.Global, Args: directive.Flag}
	var b bytes.Buffer
	list := groups([]*directive.Row{&row})
	compat(&b, list)
	directives(&b, list)
	for _, want := range []string{"| `A` | honoured | a &lt;b> \\| c |\n", "| `A` | server config | On or Off | `A on\\|off` |\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
