package snapshot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// clocked is a loop whose time a test sets, and that does everything at once.
type clocked struct {
	reactor.Loop
	index int
	now   time.Time
}

func (l *clocked) Index() int     { return l.index }
func (l *clocked) Now() time.Time { return l.now }
func (l *clocked) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	j.Do(ctx)
	return nil
}

// accessible makes sections whose .htaccess files hold a number each, or "bad".
func accessible(parsed *atomic.Int64, l SectionLists) *Sections {
	l.Rules.May = &directive.Override{Classes: directive.AnyClass}
	s := NewSections(mark(0), l, order)
	s.Walks = NewWalks(2)
	s.Access = &Access{Names: []string{".htaccess"}, Parse: func(t AccessText) (Section, error) {
		parsed.Add(1)
		n := 0
		if _, err := fmt.Sscan(t.Text, &n); err != nil {
			return Section{}, errors.New("Junk not allowed here")
		}
		return Section{Match: Folder(t.Dir), Dir: mark(n), Defined: t.File, Tag: ".htaccess"}, nil
	}}
	return s
}

func put(t testing.TB, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func asked(l reactor.Loop, name string) *exchange.Exchange {
	x := &exchange.Exchange{Loop: l, Path: []byte("/"), Filename: []byte(name)}
	x.Store()
	return x
}

// What is changed on disk counts once what was seen has become old, on every loop; what
// is wrong fails requests below it only.
func TestAccessFollowsChanges(t *testing.T) {
	dir := t.TempDir()
	var parsed atomic.Int64
	s := accessible(&parsed, SectionLists{
		Dirs:  []Section{{Match: Folder(dir), Dir: mark(1)}, {Match: Folder(dir + "/a"), Dir: mark(3)}, {Match: regexSection(t, "f$"), Dir: mark(9)}},
		Inner: Inner{Files: []Section{{Match: Name("f"), Dir: mark(10)}}},
	})
	put(t, dir+"/a/f", "file")
	put(t, dir+"/b/f", "file")
	loops := []*clocked{{index: 0, now: time.Now()}, {index: 1, now: time.Now()}}
	check := func(step, below, want string) {
		t.Helper()
		for _, l := range loops {
			got, err := s.ForTarget(asked(l, dir+below))
			shown := got.Handler
			if err != nil {
				shown = fault.Of(err).Detail
			}
			if !strings.Contains(shown, want) {
				t.Errorf("%s: loop %d has %s, want %s", step, l.index, shown, want)
			}
		}
	}
	later := func() {
		for _, l := range loops {
			l.now = l.now.Add(walkLife)
		}
	}
	check("nothing", "/a/f", "[0 1 3 9 10]")
	put(t, dir+"/.htaccess", "2")
	put(t, dir+"/a/.htaccess", "4")
	later()
	check("two files", "/a/f", "[0 1 2 3 4 9 10]")
	check("one file", "/b/f", "[0 1 2 9 10]")
	check("missing", "/a/none/x", "[0 1 2 3 4]")
	put(t, dir+"/a/.htaccess", "5")
	check("believed for a moment", "/a/f", "[0 1 2 3 4 9 10]")
	later()
	check("changed", "/a/f", "[0 1 2 3 5 9 10]")
	put(t, dir+"/a/.htaccess", "bad")
	later()
	check("bad", "/a/f", dir+"/a/.htaccess: Junk not allowed here")
	check("beside bad", "/b/f", "[0 1 2 9 10]")
	put(t, dir+"/a/.htaccess", strings.Repeat(" ", 1<<20)+"6")
	later()
	check("too large", "/a/f", "larger than a megabyte")
	if err := errors.Join(os.Remove(dir+"/a/.htaccess"), os.Mkdir(dir+"/a/.htaccess", 0o755)); err != nil {
		t.Fatal(err)
	}
	later()
	check("a folder", "/a/f", "unable to check htaccess file")
	if err := os.Remove(dir + "/a/.htaccess"); err != nil {
		t.Fatal(err)
	}
	later()
	check("removed", "/a/f", "[0 1 2 3 9 10]")
	if err := os.Remove(dir + "/a/f"); err != nil {
		t.Fatal(err)
	}
	later()
	if x := asked(loops[0], dir+"/a/f"); target(s, x) == nil || x.File().Mode != exchange.NoFile {
		t.Errorf("a removed file is still there: %v", x.File())
	}
}

// A file that has not changed is parsed once, once it is old enough to be believed.
func TestAccessIsParsedOnce(t *testing.T) {
	name := t.TempDir() + "/.htaccess"
	put(t, name, "1")
	var parsed atomic.Int64
	s := accessible(&parsed, SectionLists{})
	q := lookup{access: s.Access, dir: filepath.Dir(name) + "/", may: &directive.Override{}, walks: s.Walks}
	a, err := q.find(nil, nil)
	if err != nil || a == nil {
		t.Fatal(a, err)
	}
	if again, _ := q.find(nil, a); again == a {
		t.Error("a file that was just written is believed: it may have been written again")
	}
	a.read = a.read.Add(2 * coarse)
	before := parsed.Load()
	if again, _ := q.find(nil, a); again != a || parsed.Load() != before {
		t.Error("an unchanged file was parsed again")
	}
}

// A request for a file that was asked for a moment ago allocates nothing.
func TestWalkAllocatesNothing(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/a/f", "file")
	put(t, dir+"/a/.htaccess", "2")
	var parsed atomic.Int64
	s := accessible(&parsed, SectionLists{Dirs: []Section{{Match: Folder(dir), Dir: mark(1)}}})
	x := asked(&clocked{now: time.Now()}, dir+"/a/f")
	if n := testing.AllocsPerRun(100, func() {
		x.Store()
		if c, err := s.ForTarget(x); err != nil || c.Handler != "[0 1 2]" {
			t.Fatal(c.Handler, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Loops walk while files come, change and go.
func TestAccessTogether(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/a/b/f", "file")
	var parsed atomic.Int64
	s := accessible(&parsed, SectionLists{Dirs: []Section{{Match: Folder(dir), Dir: mark(1)}}})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			l := &clocked{index: i % 2, now: time.Now()}
			for {
				select {
				case <-stop:
					return
				default:
				}
				l.now = l.now.Add(walkLife / 3)
				c, err := s.ForTarget(asked(l, dir+"/a/b/f"))
				if err == nil && !strings.HasPrefix(c.Handler, "[0 1") {
					t.Errorf("%s", c.Handler)
				}
			}
		})
	}
	for i := range 300 {
		put(t, dir+"/a/.htaccess.new", fmt.Sprint(100+i))
		if err := os.Rename(dir+"/a/.htaccess.new", dir+"/a/.htaccess"); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			_ = os.Remove(dir + "/a/.htaccess")
		}
	}
	put(t, dir+"/a/.htaccess", "7")
	close(stop)
	wg.Wait()
	if got := target(s, asked(&clocked{now: time.Now().Add(time.Hour)}, dir+"/a/b/f")).Handler; got != "[0 1 7]" {
		t.Errorf("at last %s", got)
	}
}
