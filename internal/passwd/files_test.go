package passwd_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/passwd"
)

func TestUsers(t *testing.T) {
	for text, want := range map[string]passwd.Users{
		"": {}, "\n\n# a:b\n": {}, "a:b": {"a": "b"}, "a:b\na:c\n": {"a": "b"}, "  a:b  \r\nc:d:e\n": {"a": "b", "c": "d"},
		"lonely\n":           {"lonely": ""},
		":x\n":               {"": "x"},
		"a:\\\nb\n":          {"a": "b"},
		"a:b\\":              {"a": "b"},
		"a:b\\\\\nc:d":       {"a": "b\\c"},
		"a:b\n #x\n\tc:d\t ": {"a": "b", "c": "d"},
		"a:b\n" + strings.Repeat("x", 9000) + ":y\nc:d\n": {"a": "b"},
	} {
		if got := passwd.ParseUsers(text); !maps.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestRealms(t *testing.T) {
	got := passwd.ParseRealms("joe:one:111\njoe:two:222:x\n#ann:one:3\nann:one:444\njoe:one:555\nbob\n")
	want := passwd.Realms{{"joe", "one"}: "111", {"joe", "two"}: "222", {"ann", "one"}: "444", {"bob", ""}: ""}
	if !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestGroups(t *testing.T) {
	got := passwd.ParseGroups("Admin : joe ann\nusers:ann \"two words\" bob \\\n  joe\n#no: joe\nempty:\nAdmin: joe carl\n")
	want := passwd.Groups{
		"joe": {"Admin", "users"}, "ann": {"Admin", "users"}, "two words": {"users"}, "bob": {"users"}, "carl": {"Admin"},
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%q", got)
	}
	if !passwd.In(got["joe"], "admin") || passwd.In(got["joe"], "empty") || passwd.In(got["nobody"], "users") {
		t.Error("membership")
	}
}

// Each file is read to its end, whatever it holds, and what was read, written
// again, is read as the same.
func FuzzFiles(f *testing.F) {
	for _, s := range []string{"a:b\nc:d\n", "u:r:h\n", "g: a b \"c d\"\n", "a:b\\\nc", "#", "\x00:\xff", "a\\\\\n\\\n:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		users := passwd.ParseUsers(text)
		var b strings.Builder
		for u, p := range users {
			if strings.ContainsAny(u+p, "\\") { // it would go on in the next line
				return
			}
			b.WriteString(u + ":" + p + ":\n") // what follows keeps a blank at the end
		}
		if again := passwd.ParseUsers(b.String()); !maps.Equal(users, again) {
			t.Errorf("%q: %q, then %q", text, users, again)
		}
		for key, hash := range passwd.ParseRealms(text) {
			if strings.ContainsAny(key.User+key.Realm+hash, ":\n") {
				t.Errorf("%q: %q has what separates", text, key)
			}
		}
		for user, groups := range passwd.ParseGroups(text) {
			for _, g := range groups {
				if strings.ContainsAny(g, ":\n") {
					t.Errorf("%q: %q is in %q", text, user, g)
				}
			}
		}
	})
}
