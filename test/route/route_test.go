package route

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

var update = flag.Bool("update", false, "write the transcripts again")

func TestMain(m *testing.M) {
	flag.Parse()
	testkit.Main(m)
}

// TestTranscripts plays every file of testdata.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { playFile(t, path) })
	}
}

func playFile(t *testing.T, path string) {
	ar, err := testkit.ReadArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for i := range ar.Files {
		f := &ar.Files[i]
		if f.Name == "transcript" {
			defer func() { compare(t, ar, f, path, dir) }()
			continue
		}
		write(t, filepath.Join(dir, f.Name), strings.ReplaceAll(f.Data, "${dir}", dir))
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compare plays the commands of a transcript.
func compare(t *testing.T, ar *testkit.Archive, f *testkit.File, path, dir string) {
	var got strings.Builder
	for line := range strings.SplitSeq(f.Data, "\n") {
		if command, ok := strings.CutPrefix(line, "$ headgate "); ok {
			words, err := testkit.Words(command)
			if err != nil {
				t.Fatal(err)
			}
			out, code := run(t, dir, words...)
			fmt.Fprintf(&got, "$ headgate %s\n%s", command, masked(out, dir))
			if code != 0 {
				fmt.Fprintf(&got, "exit %d\n", code)
			}
			got.WriteString("\n")
		}
	}
	if *update {
		f.Data = got.String()
		if err := os.WriteFile(path, ar.Format(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != f.Data {
		t.Errorf("got\n%s\nwant\n%s", got.String(), f.Data)
	}
}

// run runs the binary in dir, and returns what it printed and its exit code.
func run(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	if args[0] == "route" && !strings.Contains(strings.Join(args, " "), "-f ") {
		args = append([]string{"route", "-f", "httpd.conf"}, args[1:]...)
	}
	cmd := exec.Command(testkit.Binary(t), args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // its exit code is checked
	return out.String(), cmd.ProcessState.ExitCode()
}

var (
	date    = regexp.MustCompile(`Date: [A-Z][^\n"]*GMT`)
	changed = regexp.MustCompile(`Last-Modified: [A-Z][^\n"]*GMT`) // of the test's own files
	etag    = regexp.MustCompile(`ETag: (W/)?"[^"]*"`)
	product = regexp.MustCompile(`Headgate/[\w.-]+( \([^)]*\))?`)
	id      = regexp.MustCompile(`\bid [\w@-]{16}\b`)
	length  = regexp.MustCompile(`Content-Length: \d{3,4}\b`)
)

// masked replaces text that differs from run to run.
func masked(s, dir string) string {
	s = strings.ReplaceAll(s, dir, "DIR")
	s = date.ReplaceAllString(s, "Date: Sun, 22 Nov 2026 12:00:00 GMT")
	s = changed.ReplaceAllString(s, "Last-Modified: Sun, 22 Nov 2026 11:00:00 GMT")
	s = etag.ReplaceAllString(s, `ETag: "E"`)
	s = id.ReplaceAllString(s, "id ID")
	s = length.ReplaceAllString(s, "Content-Length: N")
	return product.ReplaceAllString(s, "Headgate/0.1.0")
}

// TestJSON checks that --json prints JSON, with the contents of the text form, and the same in every run.
func TestJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "httpd.conf"), "Listen 80\nServerName www.test\nProxyPass /app/ http://10.0.0.2:3000/\n")
	out, code := run(t, dir, "route", "--json", "/app/x?a=<b>")
	var r struct {
		Version int
		Outcome struct {
			Kind, Backend string
			By            struct{ Directive, Place string }
		}
		Passes []struct {
			Path   string
			Events []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 {
		t.Fatalf("%v, exit %d\n%s", err, code, out)
	}
	o := r.Outcome
	if r.Version != 1 || o.Kind != "backend" || o.Backend != "http://10.0.0.2:3000/x?a=<b>" || o.By.Place != dir+"/httpd.conf:3" {
		t.Errorf("%+v", r)
	}
	for _, e := range r.Passes[0].Events {
		if e["kind"] == "" || e["kind"] == nil {
			t.Errorf("an event without kind: %v", e)
		}
	}
}

// TestDocs checks that the example of docs/command-line.md is a transcript.
func TestDocs(t *testing.T) {
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile(filepath.Join(root, "docs", "command-line.md"))
	if err != nil {
		t.Fatal(err)
	}
	ar, err := testkit.ReadArchive("testdata/docs.txtar")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := ar.File("transcript")
	block := "```\n" + strings.TrimSpace(text) + "\n```\n"
	if *update {
		now := example.ReplaceAllLiteral(docs, []byte(block))
		if err := os.WriteFile(filepath.Join(root, "docs", "command-line.md"), now, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !strings.Contains(string(docs), block) {
		t.Errorf("docs/command-line.md does not have\n%s", block)
	}
}

// example is the transcript in docs/command-line.md.
var example = regexp.MustCompile("(?s)```\n\\$ headgate route.*?\n```\n")
