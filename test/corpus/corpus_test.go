package corpus

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden table again")

const home = "../../../shared/corpus"

// runtime is the runtime that the files are judged with; nothing is opened.
func runtime(t *testing.T) *config.Runtime {
	logs := logsink.NewRegistry(logsink.Options{Loops: 1})
	t.Cleanup(logs.Close)
	return &config.Runtime{
		Clock: clock.New(nil), State: new(state.Registry), Resolver: new(resolve.Resolver), Logs: logs, Loops: 1,
		Protocols: backend.Protocols(),
	}
}

// TestCorpus loads every file as if it were the main one. A file parses if
// nothing is wrong with it except directives that are pending;
// else it is refused, with a line and a reason.
func TestCorpus(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(home, "index.tsv"))
	if err != nil {
		testkit.Skip(t, "the collection of real configurations is not present")
	}
	rt := runtime(t)
	var table bytes.Buffer
	count := map[string]int{}
	for line := range strings.Lines(string(index)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) < 5 || (f[4] != "user" && f[4] != "stock" && f[4] != "edge") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(home, f[0]+".conf"))
		if err != nil {
			continue
		}
		verdict := judge(t, rt, f[0], string(text))
		word, _, _ := strings.Cut(verdict, " ")
		count[f[4]+" "+strings.TrimSuffix(word, ":")]++
		fmt.Fprintf(&table, "%s %s %s\n", f[0], f[4], verdict)
	}
	t.Log(count)
	const golden = "testdata/corpus.golden"
	if *update {
		if err := os.WriteFile(golden, table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := os.ReadFile(golden)
	if !bytes.Equal(want, table.Bytes()) {
		t.Errorf("the table differs from %s; -update writes it again, the diff is the review\n%s", golden, table.Bytes())
	}
}

func load(rt *config.Runtime, name, text string) *config.Loaded {
	return config.Load(config.Options{
		File: "/etc/httpd/" + name + ".conf", ServerRoot: "/etc/httpd", Text: text + "\n",
		Version: "Headgate/test", Check: true, Fragment: true,
	}, rt, modules.All())
}

// judge returns one line: the verdict on the file.
func judge(t *testing.T, rt *config.Runtime, name, text string) string {
	l := load(rt, name, text)
	var pending, refused []string
	for _, d := range l.Found {
		switch d.Severity {
		case directive.SeverityPending:
			pending = appendNew(pending, d.Directive)
		case directive.SeverityRefused, directive.SeverityError:
			if d.Pos.File == "" || d.Pos.Line == 0 {
				t.Errorf("%s: no position: %s", name, d)
			}
			refused = append(refused, fmt.Sprintf("line %d %s (%s)", d.Pos.Line, d.Directive, d.Severity))
		}
	}
	switch {
	case len(refused) > 0:
		return "refused: " + strings.Join(refused, "; ")
	case len(pending) > 0:
		slices.Sort(pending)
		return "parses, waits for " + strings.Join(pending, " ")
	case l.Snapshot == nil:
		t.Errorf("%s: blocked without a reason", name)
	}
	return "starts"
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
