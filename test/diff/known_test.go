package diff

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// known is one line of known.txt: cases that differ on purpose, and where that is documented.
type known struct {
	pattern string // of group/case
	key     string // of docs/differences.md
	reason  string
}

func loadKnown() ([]known, error) {
	text, err := os.ReadFile("known.txt")
	if err != nil {
		return nil, err
	}
	var ks []known
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 3 {
			return nil, fmt.Errorf("known.txt:%d: needs pattern, key and reason", i+1)
		}
		if _, err := path.Match(f[0], ""); err != nil {
			return nil, fmt.Errorf("known.txt:%d: %w", i+1, err)
		}
		ks = append(ks, known{f[0], f[1], strings.Join(f[2:], " ")})
	}
	return ks, nil
}

// lookUp returns the line of known.txt for a case, or nil.
func lookUp(ks []known, group, id string) *known {
	for i := range ks {
		if ok, _ := path.Match(ks[i].pattern, group+"/"+id); ok {
			return &ks[i]
		}
	}
	return nil
}

// TestKnown checks that every line of known.txt names a case that exists and a key that docs/differences.md explains.
func TestKnown(t *testing.T) {
	ks, err := loadKnown()
	if err != nil {
		t.Fatal(err)
	}
	gs, err := loadGroups()
	if err != nil {
		t.Fatal(err)
	}
	used := map[*known]bool{}
	for _, g := range gs {
		for _, c := range g.cases {
			if k := lookUp(ks, g.name, c.id); k != nil {
				used[k] = true
			}
		}
	}
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	docs, docsErr := os.ReadFile(filepath.Join(root, "docs", "differences.md"))
	for i := range ks {
		if !used[&ks[i]] {
			t.Errorf("known.txt: %s matches no case, or only cases that an earlier line matches", ks[i].pattern)
		}
		if docsErr == nil && !strings.Contains(string(docs), "`"+ks[i].key+"`") {
			t.Errorf("known.txt: docs/differences.md has no `%s`", ks[i].key)
		}
	}
}
