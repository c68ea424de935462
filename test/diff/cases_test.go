package diff

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/testkit"
)

// group is one file of testdata: a configuration with its cases.
type group struct {
	name  string
	conf  string
	files map[string]string
	cases []*diffCase
	split string // a further end of a line in transcripts of generated groups

	// value masks what changes from run to run in a value of a generated group's
	// log; nil: nothing does.
	value func(name, value string) string
}

// diffCase is one case: the responses of the origins and the requests sent on one connection.
type diffCase struct {
	id      string
	noProbe bool
	logged  int      // lines of the access log beyond the responses
	count   int      // responses to read; 0: one for each request
	lines   int      // lines of the access log for each response
	at      string   // the variable with the port to connect to
	tls     []string // the words of the flag tls; nil: the connection is plain
	origins []originLine
	reqs    []request
}

// uses reports whether the configuration names the port of an origin.
func (g *group) uses(origin string) bool { return strings.Contains(g.conf, "${"+origin+"}") }

type originLine struct {
	name  string
	queue bool
	words []string
}

// request is one request of a case. text still holds ${...} of the group.
type request struct {
	method string
	text   string
	ends   bool   // our half of the connection ends after it
	digest string // the user who answers the previous response's challenge (digestAnswer); "": none
}

func loadGroups() ([]*group, error) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		return nil, err
	}
	var gs []*group
	for _, path := range paths {
		ar, err := testkit.ReadArchive(path)
		if err != nil {
			return nil, err
		}
		g := &group{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), files: map[string]string{}}
		for _, f := range ar.Files {
			switch f.Name {
			case "httpd.conf":
				g.conf = f.Data
			case "cases":
				g.cases, err = parseCases(f.Data)
			default:
				g.files[f.Name] = f.Data
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		gs = append(gs, g)
	}
	g, err := exprGroup()
	if err != nil {
		return nil, fmt.Errorf("exprs: %w", err)
	}
	n, err := negotiateGroup()
	if err != nil {
		return nil, fmt.Errorf("negotiate: %w", err)
	}
	formats, err := formatGroups()
	return append(append(gs, g, n), formats...), err
}

// parseCases reads the cases file: blocks begun by "= id" lines.
func parseCases(text string) ([]*diffCase, error) {
	var cs []*diffCase
	seen := map[string]bool{}
	for _, block := range strings.Split("\n"+text, "\n= ")[1:] {
		c, err := parseCase(strings.Split(strings.TrimRight(block, "\n"), "\n"))
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", c.id, err)
		}
		if seen[c.id] {
			return nil, fmt.Errorf("case %s: twice", c.id)
		}
		seen[c.id] = true
		cs = append(cs, c)
	}
	return cs, nil
}

func parseCase(lines []string) (*diffCase, error) {
	words := strings.Fields(lines[0])
	c := &diffCase{id: words[0], lines: 1, at: "port"}
	for _, flag := range words[1:] {
		name, n, _ := strings.Cut(flag, "=")
		switch {
		case name == "count" && n != "":
			c.count, _ = strconv.Atoi(n)
		case name == "logged" && n != "":
			c.logged, _ = strconv.Atoi(n)
		case name == "lines" && n != "":
			c.lines, _ = strconv.Atoi(n)
		case name == "at":
			c.at = n
		case name == "tls":
			c.tls = strings.Split(n, ",")
		case flag == "noprobe":
			c.noProbe = true
		default:
			return c, fmt.Errorf("unknown flag %q", flag)
		}
	}
	lines = lines[1:]
	for len(lines) > 0 {
		n, err := c.part(lines)
		if err != nil {
			return c, err
		}
		lines = lines[n:]
	}
	if len(c.reqs) == 0 {
		return c, fmt.Errorf("no request")
	}
	return c, nil
}

// part reads one origin line, the raw lines, or one request; it returns how many lines it read.
func (c *diffCase) part(lines []string) (int, error) {
	switch first := lines[0]; {
	case strings.TrimSpace(first) == "" || strings.HasPrefix(first, "#"):
		return 1, nil
	case strings.HasPrefix(first, "origin "):
		words, err := testkit.Words(first)
		if err != nil || len(words) < 3 {
			return 1, fmt.Errorf("bad origin line %q (%v)", first, err)
		}
		o := originLine{name: words[1], words: words[2:]}
		if words[2] == "next" {
			o.queue, o.words = true, words[3:]
		}
		c.origins = append(c.origins, o)
		return 1, nil
	case strings.HasPrefix(first, "raw "):
		return c.rawRequest(lines)
	case strings.HasPrefix(first, "> "):
		n := 1
		for n < len(lines) && !strings.HasPrefix(lines[n], "> ") {
			n++
		}
		c.reqs = append(c.reqs, written(lines[0][2:], lines[1:n]))
		return n, nil
	default:
		return 1, fmt.Errorf("cannot read line %q", first)
	}
}

func (c *diffCase) rawRequest(lines []string) (int, error) {
	var b strings.Builder
	n, ends := 0, false
	for n < len(lines) && strings.HasPrefix(lines[n], "raw ") {
		words, err := testkit.Words(lines[n])
		if err != nil {
			return n, err
		}
		for _, w := range words[1:] {
			if w == "@end" {
				ends = true
				continue
			}
			if size, ok := strings.CutPrefix(w, "@long:"); ok {
				k, _ := strconv.Atoi(size)
				w = strings.Repeat("x", k)
			} else if size, ok := strings.CutPrefix(w, "@pattern:"); ok {
				k, _ := strconv.Atoi(size)
				w = testkit.Pattern(k)
			}
			b.WriteString(w)
		}
		n++
	}
	method, _, _ := strings.Cut(strings.TrimLeft(b.String(), "\r\n"), " ")
	c.reqs = append(c.reqs, request{method: method, text: b.String(), ends: ends})
	return n, nil
}

// written makes the bytes of a request from its line and the lines after it, adding the fields that are left out.
func written(line string, rest []string) request {
	if !strings.Contains(line, " HTTP/") {
		line += " HTTP/1.1"
	}
	n := 0
	for n < len(rest) && rest[n] != "" {
		n++
	}
	fields, body := rest[:n], ""
	if n < len(rest) {
		body = strings.TrimRight(strings.Join(rest[n+1:], "\n"), "\n")
		if spec, ok := strings.CutPrefix(body, "@gzip:"); ok {
			body, _ = testkit.Gzipped(spec)
		}
	}
	var head []string
	host, framed, digest := false, false, ""
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		switch strings.ToLower(name) {
		case "host":
			host = true
			if strings.TrimSpace(value) == "" {
				continue
			}
			f = strings.TrimSuffix(f, "''")
		case "content-length", "transfer-encoding":
			framed = true
		case "digest":
			f = "Authorization: ${digest}"
			digest = strings.TrimSpace(value)
		case "login":
			f = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(strings.TrimPrefix(value, " ")))
		}
		head = append(head, f)
	}
	if !host {
		head = append([]string{"Host: a.test"}, head...)
	}
	if body != "" && !framed {
		head = append(head, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	method, _, _ := strings.Cut(line, " ")
	text := line + "\r\n" + strings.Join(append(head, "", ""), "\r\n") + body
	return request{method: method, text: text, digest: digest}
}
