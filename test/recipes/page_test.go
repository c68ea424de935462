package recipes

import (
	"fmt"
	"os"
	"strings"
)

// recipe is one apache block of a page with its files and commands.
type recipe struct {
	page  string // file name
	line  int    // of the block
	name  string // of the heading above, as a word
	conf  string
	ours  bool // not for httpd
	files map[string]string
	acts  []*act
	down  map[string]bool   // ports of backends that refuse connections
	kinds map[string]string // what the page says of the TLS of backends, by port
}

// block is a fenced block: its info string, where it begins, and its lines.
type block struct {
	info  []string
	line  int
	lines []string
}

// readPage returns the recipes of a Markdown file.
func readPage(path string) ([]*recipe, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parsePage(path, string(text))
}

func parsePage(path, text string) (all []*recipe, err error) {
	names := map[string]int{}
	heading := "top"
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "#") {
			heading = slug(lines[i])
			continue
		}
		if !strings.HasPrefix(lines[i], "```") {
			continue
		}
		b := block{info: strings.Fields(lines[i][3:]), line: i + 1}
		for i++; i < len(lines) && !strings.HasPrefix(lines[i], "```"); i++ {
			b.lines = append(b.lines, lines[i])
		}
		if i == len(lines) {
			return nil, fmt.Errorf("%s:%d: the block does not end", path, b.line)
		}
		if len(b.info) > 0 && b.info[0] == "apache" {
			names[heading]++
			r := &recipe{page: path, line: b.line, name: heading, files: map[string]string{}, down: map[string]bool{}, kinds: map[string]string{}}
			if n := names[heading]; n > 1 {
				r.name = fmt.Sprintf("%s-%d", heading, n)
			}
			all = append(all, r)
		}
		if len(all) == 0 {
			continue
		}
		if err := all[len(all)-1].add(b); err != nil {
			return nil, err
		}
	}
	for _, r := range all {
		if len(r.acts) == 0 {
			return nil, fmt.Errorf("%s:%d: the configuration has no console block to show its effect", path, r.line)
		}
	}
	return all, nil
}

// add adds one block of the page to the recipe that it follows.
func (r *recipe) add(b block) error {
	text := strings.Join(b.lines, "\n") + "\n"
	switch {
	case len(b.info) == 0:
	case b.info[0] == "apache":
		r.conf = text
		r.ours = len(b.info) > 1 && b.info[1] == "headgate"
	case b.info[0] == "console":
		acts, err := parseConsole(r.page, b, r.down, r.kinds)
		if err != nil {
			return err
		}
		r.acts = append(r.acts, acts...)
	case len(b.info) == 2:
		r.files[b.info[1]] = text
	}
	return nil
}

// slug makes one word of a heading.
func slug(heading string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(heading), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}), "-")
}
