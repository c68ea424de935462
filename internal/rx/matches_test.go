package rx

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// spansOf lists the matches of r in subject by Exec, the long way.
func spansOf(r *Regexp, subject []byte) (all [][]int, err error) {
	for at := 0; ; {
		caps, err := r.Exec(nil, subject[at:])
		if err != nil || caps == nil || caps[1] == 0 {
			return all, err
		}
		for i := range caps {
			if caps[i] >= 0 {
				caps[i] += at
			}
		}
		all, at = append(all, caps), caps[1]
	}
}

func checkAll(t *testing.T, r *Regexp, subject []byte) {
	t.Helper()
	want, err := spansOf(r, subject)
	if err != nil {
		return // the time limit: chance
	}
	m := r.All(subject)
	defer m.Close()
	for at, n := 0, 0; ; n++ {
		caps, err := m.Next(nil)
		if errors.Is(err, ErrLimit) {
			return
		}
		if caps == nil || caps[1] == at {
			if n != len(want) {
				t.Fatalf("%q on %q: %d matches, want %v", r, subject, n, want)
			}
			return
		}
		if n >= len(want) || !slices.Equal(caps, want[n]) {
			t.Fatalf("%q on %q: match %d is %v, want %v", r, subject, n, caps, want)
		}
		at = caps[1]
	}
}

func TestAll(t *testing.T) {
	for _, pattern := range []string{`a`, `^a`, `a$`, `(a)(b)?`, `\bfoo\b`, `a(?=b)`, `(?<=a)b`, `(.)\1`, `[^b]+`, "\xe9", `(a|ab)(c|bcd)(d*)`, `x\Ky`, `(a*)+b`} {
		r := mustCompile(t, pattern, 0)
		for _, subject := range []string{"", "a", "aaab", "foo foofoo foo", "ab\xe9ab\xff\xe9", "aabbcc", "xyxy", "abcdabcd\x00a"} {
			checkAll(t, r, []byte(subject))
		}
	}
}

func FuzzAll(f *testing.F) {
	f.Add(`a(b)?`, []byte("abaab"))
	f.Add(`(?<=a)b`, []byte("ab\xe9b"))
	f.Add(`[^a]`, []byte("\xe9\x80b"))
	f.Fuzz(func(t *testing.T, pattern string, subject []byte) {
		r, err := Compile(pattern, 0)
		if err != nil || len(subject) > 1<<10 {
			return
		}
		before := bytes.Clone(subject)
		checkAll(t, r, subject)
		if !bytes.Equal(before, subject) {
			t.Fatal("the subject was changed")
		}
	})
}

// A literal without case is found where the lower-case one is in the lower-case subject, and Quote quotes it.
func FuzzFold(f *testing.F) {
	f.Add("http://App", []byte("x HTTP://aPP http://app"))
	f.Add("a", []byte("bAa"))
	f.Add("ab", []byte("aab"))
	f.Fuzz(func(t *testing.T, text string, subject []byte) {
		if len(subject) > 1<<10 || len(text) > 100 {
			return
		}
		for flags, want := range map[Flags]int{
			0:          bytes.Index(subject, []byte(text)),
			IgnoreCase: bytes.Index(lowered(subject), lowered([]byte(text))),
		} {
			r, err := Compile(Quote(text), flags)
			if err != nil {
				t.Fatal(err)
			}
			got := -1
			if caps := r.Find(nil, subject); caps != nil {
				got = caps[0]
			}
			if got != want {
				t.Errorf("%q in %q, flags %b: %d, want %d", text, subject, flags, got, want)
			}
		}
	})
}

func lowered(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return b
}
