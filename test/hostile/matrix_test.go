package hostile

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// row is one line of a matrix of internal/wire; its columns are described in the file.
type row struct {
	name  string
	want  []message
	input string
}

// message is the expected result of one message of a row.
type message struct {
	status         int // refused at once with this
	method, path   string
	host, body     string
	refused        int // refused with this while the body is read
	more           bool
	close, upgrade bool
}

var repeated = regexp.MustCompile(`(?s)\{([^{}]*)\*(\d+)\}`)

// expand replaces {s*n} by n times s.
func expand(s string) string {
	return repeated.ReplaceAllStringFunc(s, func(m string) string {
		p := repeated.FindStringSubmatch(m)
		n, _ := strconv.Atoi(p[2])
		return strings.Repeat(p[1], n)
	})
}

// readMatrix reads the request matrix of internal/wire.
func readMatrix(t *testing.T) (rows []row) {
	t.Helper()
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(root, "internal", "wire", "testdata", "requests.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if lines.Text() == "" || lines.Text()[0] == '#' {
			continue
		}
		p := strings.Split(lines.Text(), "\t")
		if len(p) != 3 {
			t.Fatalf("not three columns: %s", lines.Text())
		}
		in, err := strconv.Unquote(p[2])
		if err != nil {
			t.Fatalf("%s: %v", p[0], err)
		}
		r := row{name: p[0], input: expand(in)}
		for _, s := range strings.Split(expand(p[1]), " | ") {
			r.want = append(r.want, parseMessage(s))
		}
		rows = append(rows, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func parseMessage(s string) (m message) {
	if n, err := strconv.Atoi(s); err == nil {
		return message{status: n}
	}
	if s == "more" {
		return message{more: true}
	}
	p := append(strings.SplitN(s, " ", 4), "", "", "")
	m.method, m.path, m.host = p[0], p[1], p[2]
	_, rest, _ := strings.Cut(p[3], " ")
	if q, err := strconv.QuotedPrefix(rest); err == nil {
		m.body, _ = strconv.Unquote(q)
		rest = rest[len(q):]
	}
	words := strings.Fields(rest)
	m.more, m.close = slices.Contains(words, "more"), slices.Contains(words, "close")
	m.upgrade = slices.Contains(words, "upgrade")
	if len(words) > 0 {
		m.refused, _ = strconv.Atoi(words[len(words)-1])
	}
	return m
}
