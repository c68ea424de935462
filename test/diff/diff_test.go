package diff

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

var (
	live   = flag.Bool("live", false, "play the real httpd too, and check that the record is true")
	record = flag.Bool("record", false, "with -live: write what httpd did to recorded/")
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "4") // a group mostly waits: for limits of time, and for logs
	testkit.Main(m)
}

// TestHttpd plays every group to the real httpd and compares with the record, or writes it.
func TestHttpd(t *testing.T) {
	if !*live {
		testkit.Skip(t, "httpd runs only with -live (make diff); recorded/ replaces it")
	}
	testkit.NeedHttpd(t)
	eachGroup(t, func(t *testing.T, g *group) {
		st := setUp(t, g, testkit.StartHttpd)
		ar := &testkit.Archive{Comment: "What httpd did. Written by: go test ./test/diff -live -record\n"}
		for _, c := range g.cases {
			ar.Files = append(ar.Files, testkit.File{Name: c.id, Data: st.play(c)})
		}
		if *record {
			if err := os.WriteFile(recordPath(g), ar.Format(), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		rec := recorded(t, g)
		for _, f := range ar.Files {
			if was, _ := rec.File(f.Name); was != f.Data {
				t.Errorf("%s: httpd no longer does what is recorded (- recorded, + now)\n%s", f.Name, lineDiff(was, f.Data))
			}
		}
	})
}

// TestDiff plays every group to Headgate and compares with httpd's record.
func TestDiff(t *testing.T) {
	testkit.Binary(t) // skips the test with one line if there is none
	ks, err := loadKnown()
	if err != nil {
		t.Fatal(err)
	}
	eachGroup(t, func(t *testing.T, g *group) {
		t.Parallel()
		for _, engine := range g.engines() {
			if engine == os.Getenv("DIFF_ENGINE") {
				g.diff(t, engine, ks)
				continue
			}
			t.Run(engine, func(t *testing.T) { g.diff(t, engine, ks) })
		}
	})
}

// bothEngines are the groups that depend on the engine: early
// responses, bodies that are cut, upgrades, timeouts, and those of logs.
const bothEngines = " auth-log body errorlog-format errors front globallog log reqtimeout respchunks slashlog upgrade "

// engines returns the engines that a group is played on: the one that
// DIFF_ENGINE names, and for some the portable one too.
func (g *group) engines() []string {
	list := []string{os.Getenv("DIFF_ENGINE")}
	if list[0] == "" && strings.Contains(bothEngines, " "+g.name+" ") {
		list = append(list, "goroutine")
	}
	return list
}

// stalled is how long a case takes on a machine that stood still meanwhile: nearly KeepAliveTimeout, after which
// connections are closed that the record has open.
const stalled = 4500 * time.Millisecond

// diff plays a group to Headgate on an engine and compares with httpd's record.
func (g *group) diff(t *testing.T, engine string, ks []known) {
	rec := recorded(t, g)
	st := setUp(t, g, func(t testing.TB, site testkit.Site) *testkit.Server {
		site.Env = append(site.Env, "HEADGATE_LOOPS=1") // connections to backends are counted, and each loop has its own
		return testkit.StartHeadgate(t, engine, site)
	})
	for _, c := range g.cases {
		want, _ := rec.File(c.id)
		st.expect = strings.Count("\n"+want, "\nlog: ")
		began := time.Now()
		got := st.play(c)
		if took := time.Since(began); want != got && took > stalled {
			t.Logf("%s/%s took %v, and is played again", g.name, c.id, took)
			got = st.play(c)
		}
		k := lookUp(ks, g.name, c.id)
		switch {
		case want != got && k == nil:
			t.Errorf("%s/%s differs (- httpd, + headgate)\n%s", g.name, c.id, lineDiff(want, got))
		case want == got && k != nil:
			t.Errorf("%s/%s no longer differs: remove it from known.txt (%s: %s)", g.name, c.id, k.key, k.reason)
		case k != nil && testing.Verbose():
			t.Logf("%s/%s differs as known (%s)\n%s", g.name, c.id, k.key, lineDiff(want, got))
		}
	}
}

// TestRecord checks that every case is recorded and nothing else is.
func TestRecord(t *testing.T) {
	if *record {
		testkit.Skip(t, "being written")
	}
	eachGroup(t, func(t *testing.T, g *group) {
		rec := recorded(t, g)
		for _, c := range g.cases {
			if _, ok := rec.File(c.id); !ok {
				t.Errorf("%s is not recorded", c.id)
			}
		}
		if len(rec.Files) > len(g.cases) {
			t.Errorf("%d cases are recorded, but %d exist", len(rec.Files), len(g.cases))
		}
	})
}

func eachGroup(t *testing.T, f func(*testing.T, *group)) {
	t.Helper()
	gs, err := loadGroups()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gs {
		t.Run(g.name, func(t *testing.T) { f(t, g) })
	}
}

func recordPath(g *group) string { return filepath.Join("recorded", g.name+".txtar") }

func recorded(t *testing.T, g *group) *testkit.Archive {
	t.Helper()
	ar, err := testkit.ReadArchive(recordPath(g))
	if err != nil {
		t.Fatalf("%v (go test ./test/diff -live -record writes it)", err)
	}
	return ar
}

// lineDiff prints the lines of a and b; - and + mark those that only one has (by longest common subsequence).
func lineDiff(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	common := make([][]int, len(x)+1)
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var out strings.Builder
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			out.WriteString("  " + x[i] + "\n")
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			out.WriteString("- " + x[i] + "\n")
			i++
		default:
			out.WriteString("+ " + y[j] + "\n")
			j++
		}
	}
	return strings.TrimRight(out.String(), " \n") + "\n"
}
