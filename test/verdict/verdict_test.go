package verdict

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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

var (
	live    = flag.Bool("live", false, "ask the real httpd too, and check that the record is true")
	missing = flag.Bool("missing", false, "with -record: ask only about what is not recorded yet")
	record  = flag.Bool("record", false, "with -live: write what httpd says to testdata/httpd.txt")
)

func TestMain(m *testing.M) {
	flag.Parse()
	testkit.Main(m)
}

const (
	recordFile = "testdata/httpd.txt"
	knownFile  = "testdata/known.txt"
)

// verdict is a server's verdict on a probe: "ok", "warns" with a warning, "no"
// with an error, or that it does not know or support the directive.
type verdict struct{ word, text string }

func (v verdict) String() string { return strings.TrimSuffix(v.word+"\t"+v.text, "\t") }

// TestHttpd runs the real httpd and compares with the record, or writes it.
func TestHttpd(t *testing.T) {
	if !*live {
		testkit.Skip(t, "httpd runs only with -live; testdata/httpd.txt replaces it")
	}
	h := testkit.NeedHttpd(t)
	list := probes(t)
	said := make([]verdict, len(list))
	was := map[string]verdict{}
	if *missing {
		was = recorded(t)
	}
	var wg sync.WaitGroup
	for w := range 3 {
		dir := t.TempDir()
		wg.Go(func() {
			for i := w; i < len(list); i += 3 {
				var known bool
				if said[i], known = was[list[i]]; !known {
					said[i] = askHttpd(h, dir, list[i])
				}
			}
		})
	}
	wg.Wait()
	if *record {
		var b strings.Builder
		b.WriteString("# What httpd 2.4.71 says. Written by: go test ./test/verdict -live -record\n")
		for i, p := range list {
			fmt.Fprintf(&b, "%s\t%s\n", p, said[i])
		}
		if err := os.WriteFile(recordFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was = recorded(t)
	for i, p := range list {
		if was[p] != said[i] {
			t.Errorf("%s\nrecorded: %s\nnow:      %s", p, was[p], said[i])
		}
	}
}

// preamble is the configuration around a probe.
func preamble(dir string) string {
	return fmt.Sprintf("ServerRoot %q\nServerName www.test\nErrorLog error.log\nListen 127.0.0.1:8080\n", dir)
}

// more are modules that only these tests load.
var more = []string{"ssl", "version", "unixd"}

// askHttpd runs httpd -t.
func askHttpd(h testkit.Httpd, dir, probe string) verdict {
	file := filepath.Join(dir, "httpd.conf")
	conf := h.LoadModules(more...) + preamble(dir) + text(probe)
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return verdict{"failed", err.Error()}
	}
	out, err := exec.Command(h.Program, "-t", "-d", dir, "-f", file).CombinedOutput()
	var lines []string
	for l := range strings.Lines(string(out)) {
		l = plain(dir, l)
		if l != "" && l != "Syntax OK" && !debugging.MatchString(l) {
			lines = append(lines, l)
		}
	}
	said := strings.Join(lines, " / ")
	switch {
	case strings.HasPrefix(said, "Invalid command"):
		return verdict{"unknown", ""} // for another platform, or the module is not installed
	case err != nil:
		return verdict{"no", said}
	case said != "":
		return verdict{"warns", said}
	}
	return verdict{"ok", ""}
}

// prefix matches httpd's text before a message: the time, the level, the process.
var prefix = regexp.MustCompile(`^(\[[^]]*\] )*(AH\d+: )?`)

// debugging matches lines that name their place in the source.
var debugging = regexp.MustCompile(`^\w+\.c\(\d+\)`)

// varying matches a list whose order changes from run to run.
var varying = regexp.MustCompile(` \(known names: [^)]*\)`)

func plain(dir, l string) string {
	l = strings.ReplaceAll(strings.TrimSpace(l), dir, "${dir}")
	if _, text, ok := strings.Cut(l, "Syntax error on line"); ok {
		_, l, _ = strings.Cut(text, ": ")
	}
	l = varying.ReplaceAllString(l, "")
	return strings.ReplaceAll(prefix.ReplaceAllString(l, ""), "\t", " ")
}

// recorded reads the record.
func recorded(t *testing.T) map[string]verdict {
	t.Helper()
	data, err := os.ReadFile(recordFile)
	if err != nil {
		t.Fatalf("%v (go test ./test/verdict -live -record writes it)", err)
	}
	said := map[string]verdict{}
	for l := range strings.Lines(string(data)) {
		if f := strings.SplitN(strings.TrimSuffix(l, "\n"), "\t", 3); l[0] != '#' && len(f) >= 2 {
			said[f[0]] = verdict{f[1], strings.Join(f[2:], "")}
		}
	}
	return said
}

// TestVerdicts compares Headgate's verdicts with the record.
func TestVerdicts(t *testing.T) {
	if *record {
		testkit.Skip(t, "being written")
	}
	was, known := recorded(t), loadKnown(t)
	list := probes(t)
	rt := judge(t)
	dir := t.TempDir()
	for _, p := range list {
		theirs, ok := was[p]
		if !ok {
			t.Errorf("%s: not recorded", p)
			continue
		}
		delete(was, p)
		ours := ask(rt, dir, p)
		differ := theirs.word != "unknown" && ours.word != "not offered" && (theirs.word == "no") != (ours.word == "no") ||
			theirs.word == "warns" && ours.word == "ok"
		if differ && !known.have(p) {
			t.Errorf("%s\n   httpd:    %s\n   headgate: %s", p, theirs, ours)
		}
	}
	for p := range was {
		t.Errorf("%s: recorded, but no longer a probe", p)
	}
	for _, k := range known {
		if !k.used {
			t.Errorf("known.txt: %s matches no probe that differs", k.pattern)
		}
	}
}

// judge is the runtime that configurations are read with; nothing is opened.
func judge(t *testing.T) *config.Runtime {
	logs := logsink.NewRegistry(logsink.Options{Loops: 1})
	t.Cleanup(logs.Close)
	return &config.Runtime{
		Clock: clock.New(nil), State: new(state.Registry), Resolver: new(resolve.Resolver), Logs: logs, Loops: 1,
		Protocols: backend.Protocols(),
	}
}

// ask has Headgate judge a probe. "not offered" is the verdict on directives
// and values that are known but not supported, whatever their arguments.
func ask(rt *config.Runtime, dir, probe string) verdict {
	l := config.Load(config.Options{
		File: filepath.Join(dir, "httpd.conf"), ServerRoot: dir, Version: "Headgate/test", Check: true,
		Text: preamble(dir) + text(probe),
	}, rt, modules.All())
	v := verdict{"ok", ""}
	for _, d := range l.Found {
		switch d.Severity {
		case directive.SeverityError:
			return verdict{"no", d.Text}
		case directive.SeverityRefused, directive.SeverityPending:
			v = verdict{"not offered", d.Text}
		case directive.SeverityWarning, directive.SeverityNote:
			if v.word == "ok" {
				v = verdict{"warns", d.Text}
			}
		}
	}
	return v
}

// difference is a line of known.txt: a pattern of probes, a key, and the reason.
type difference struct {
	pattern, key, reason string
	used                 bool
}

type differences []*difference

// have reports whether a probe that differs is listed, and marks that line as used.
func (list differences) have(probe string) bool {
	for _, d := range list {
		if ok, _ := path.Match(strings.ReplaceAll(d.pattern, "/", "\x00"), strings.ReplaceAll(probe, "/", "\x00")); ok {
			d.used = true
			return true
		}
	}
	return false
}

// loadKnown reads known.txt; each key must be one of docs/differences.md.
func loadKnown(t *testing.T) (list differences) {
	t.Helper()
	data, err := os.ReadFile(knownFile)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(data)) {
		l = strings.TrimSuffix(l, "\n")
		if l == "" || l[0] == '#' {
			continue
		}
		f := strings.Split(l, "\t")
		if len(f) != 3 {
			t.Fatalf("known.txt: %q: needs pattern, key and reason, separated by tabs", l)
		}
		if !strings.Contains(string(docs), "`"+f[1]+"`") {
			t.Errorf("known.txt: docs/differences.md has no `%s`", f[1])
		}
		list = append(list, &difference{pattern: f[0], key: f[1], reason: f[2]})
	}
	return list
}
