package rx

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestPCRE compares with recorded results of the real PCRE2.
func TestPCRE(t *testing.T) {
	f, err := os.Open("testdata/pcre.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	engines := map[string]int{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		c := strings.Split(sc.Text(), "\t")
		pattern, subject := unquote(t, c[0]), unquote(t, c[2])
		got, engine := answer(t, pattern, c[1], subject)
		engines[engine]++
		if want, _, _ := strings.Cut(c[3], " "); got != want {
			t.Errorf("%s %s on %s: got %s, want %s", c[0], c[1], c[2], got, c[3])
		}
	}
	for _, e := range []string{"plain", "re2", "backtracking"} {
		if engines[e] < 50 {
			t.Errorf("only %d cases ran on %s", engines[e], e)
		}
	}
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	out, err := strconv.Unquote(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return out
}

// answer runs one case and writes the result in the file's format.
func answer(t *testing.T, pattern, flags, subject string) (result, engine string) {
	t.Helper()
	var f Flags
	for _, c := range flags {
		f |= map[rune]Flags{'i': IgnoreCase, 'm': Multiline, 'x': Extended}[c]
	}
	r, err := Compile(pattern, f)
	if err != nil {
		return "E", ""
	}
	spans, err := r.Exec(nil, []byte(subject))
	if err != nil {
		return "L", engineOf(r)
	}
	if r.Match([]byte(subject)) != (spans != nil) || r.MatchString(subject) != (spans != nil) {
		t.Errorf("%q on %q: Match and Exec differ", pattern, subject)
	}
	if spans == nil {
		return "-", engineOf(r)
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(spans), " ", ","), "[]"), engineOf(r)
}

func engineOf(r *Regexp) string {
	switch {
	case r.shape != nil:
		return "plain"
	case r.net != nil, r.exact != nil:
		return "backtracking"
	}
	return "re2"
}
