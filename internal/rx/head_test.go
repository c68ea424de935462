package rx

import (
	"strings"
	"testing"
)

func TestHead(t *testing.T) {
	for pattern, want := range map[string]string{
		"^/app/": "/app/", "^/app/(.*)$": "/app/", `^/a\.b/[0-9]+`: "/a.b/", "/app/": "", "": "", "^": "", "^$": "",
		"^/a|^/b": "", "^/a(b|c)": "/a", "^(/a/b)/c": "/a/b/c", "^(?:/x)?/y": "", "^/ab*": "/a", "^/ab+c": "/ab",
		"^/ab?": "/a", "^(?i)/app": "/", "(?i)^/app": "/", "^/a(?=b)": "/a", "^(^/a)": "/a", "(^/a)/b": "/a/b",
		"(?m)^/a": "", "a^/b": "", "^(/a){2}": "/a", "^/a{3}b": "/a", `^/\Qa.b\E/c`: "/a.b/c", "(?:^/a)?": "", "(?!^/a)": "",
	} {
		r, err := Compile(pattern, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Head(); got != want {
			t.Errorf("%s: head %q, want %q", pattern, got, want)
		}
	}
}

// A pattern matches only subjects that begin with its head.
func FuzzHead(f *testing.F) {
	f.Add("^/a(b|c)", "/ab")
	f.Add("^(?:/x)?/y", "/y")
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		r, err := Compile(pattern, 0)
		if err != nil {
			return
		}
		if r.MatchString(subject) && !strings.HasPrefix(subject, r.Head()) {
			t.Fatalf("%q matches %q, head %q", pattern, subject, r.Head())
		}
	})
}
