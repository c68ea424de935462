package prefix

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// naive compares the strings one after the other.
func naive(list []string, subject string, fold bool) (found []int32) {
	for i, s := range list {
		if strings.HasPrefix(subject, s) || fold && ascii.HasPrefixFold(subject, s) {
			found = append(found, int32(i))
		}
	}
	return found
}

func build(list []string, fold bool) *Tree {
	t := &Tree{Fold: fold}
	for i, s := range list {
		t.Add(s, int32(i))
	}
	return t
}

// all returns every value of a walk, sorted.
func all(t *testing.T, tree *Tree, list []string, subject string) []int32 {
	t.Helper()
	var found []int32
	last := -1
	w := tree.Walk([]byte(subject))
	for {
		n, values := w.Next(None)
		if values == nil {
			break
		}
		if n <= last || n > len(subject) {
			t.Fatalf("%q in %q: %d bytes after %d", subject, list, n, last)
		}
		if !slices.IsSorted(values) {
			t.Fatalf("%q in %q: values %v", subject, list, values)
		}
		for _, v := range values {
			if len(list[v]) != n {
				t.Fatalf("%q in %q: %q is said to take %d bytes", subject, list, list[v], n)
			}
		}
		last = n
		found = append(found, values...)
	}
	slices.Sort(found)
	return found
}

// first returns the lowest value of a walk that narrows itself.
func first(tree *Tree, subject string) int32 {
	best := int32(None)
	w := tree.Walk([]byte(subject))
	for {
		_, values := w.Next(best)
		if values == nil {
			return best
		}
		best = min(best, values[0])
	}
}

func check(t *testing.T, list []string, subject string, fold bool) {
	t.Helper()
	tree := build(list, fold)
	want := naive(list, subject, fold)
	if got := all(t, tree, list, subject); !slices.Equal(got, want) {
		t.Fatalf("%q in %q, fold %v: %v, want %v", subject, list, fold, got, want)
	}
	lowest := int32(None)
	if len(want) > 0 {
		lowest = want[0]
	}
	if got := first(tree, subject); got != lowest {
		t.Fatalf("%q in %q, fold %v: first is %d, want %d", subject, list, fold, got, lowest)
	}
}

func text(r *rand.Rand, most int) string {
	b := make([]byte, r.IntN(most+1))
	for i := range b {
		b[i] = "ab/A"[r.IntN(4)]
	}
	return string(b)
}

func TestAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		list := make([]string, r.IntN(12))
		for i := range list {
			list[i] = text(r, 6)
		}
		check(t, list, text(r, 9), r.IntN(2) == 0)
	}
}

func FuzzTree(f *testing.F) {
	f.Add("a ab  abc a", "abcd", false)
	f.Add("HTTP://a http://A/b", "http://a/B/c", true)
	f.Fuzz(func(t *testing.T, list, subject string, fold bool) {
		check(t, strings.Split(list, " "), subject, fold)
	})
}

func TestEmpty(t *testing.T) {
	var tree Tree
	if !tree.Empty() || first(&tree, "x") != None {
		t.Error("an empty tree finds something")
	}
	if tree.Add("", 0); tree.Empty() || first(&tree, "") != 0 {
		t.Error("the empty string is not found")
	}
}

func BenchmarkWalk(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("/app%d/part", i)
		}
		tree, subject := build(list, false), fmt.Sprintf("/app%d/part/of/it", n-1)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if first(tree, subject) == None {
					b.Fatal("nothing found")
				}
			}
		})
	}
}
