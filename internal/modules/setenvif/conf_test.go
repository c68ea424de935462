package setenvif

import (
	"testing"

	"github.com/headgate/headgate/internal/rx"
)

func TestPlain(t *testing.T) {
	for pattern, want := range map[string]bool{
		"abc": true, `a\.b`: true, `a\\b`: true, "a b": true, `\.`: true,
		"^a": false, "a.b": false, `a\d`: false, "a|b": false, "(a)": false, "a{2}": false, `a\\.`: false,
	} {
		if plain(pattern) != want {
			t.Errorf("%s: %v", pattern, !want)
		}
	}
}

// FuzzPlain: a pattern that is searched for literally has no groups and finds
// itself, without its backslashes.
func FuzzPlain(f *testing.F) {
	f.Add(`a\.b`)
	f.Add(`\\x\(`)
	f.Fuzz(func(t *testing.T, pattern string) {
		if !plain(pattern) {
			return
		}
		var text []byte
		for i := 0; i < len(pattern); i++ {
			if pattern[i] == '\\' {
				if i++; i == len(pattern) {
					return // a pattern that ends in a backslash is invalid
				}
			}
			text = append(text, pattern[i])
		}
		re, err := rx.Compile(pattern, 0)
		if err != nil || re.NumGroups() != 0 || !re.Match(text) {
			t.Errorf("%q: %v", pattern, err)
		}
	})
}

func TestAssignments(t *testing.T) {
	for _, tt := range []struct {
		word  string
		group bool
		want  assignment
	}{
		{"A", true, assignment{name: "A", value: []byte("1")}},
		{"A=", true, assignment{name: "A", value: []byte("1")}},
		{"!A", true, assignment{name: "A", unset: true}},
		{"A=!b", true, assignment{name: "A", value: []byte("!b"), unset: true}},
		{"A=b=c", true, assignment{name: "A", value: []byte("b=c")}},
		{"A=$1", true, assignment{name: "A", template: "$1"}},
		{"A=$1", false, assignment{name: "A", value: []byte("$1")}},
	} {
		got := newAssignment(tt.word, tt.group)
		if got.name != tt.want.name || string(got.value) != string(tt.want.value) || got.template != tt.want.template || got.unset != tt.want.unset {
			t.Errorf("%s: %+v", tt.word, got)
		}
	}
	list := set(set(nil, newAssignment("Ab=1", true)), newAssignment("aB=2", true))
	if len(list) != 1 || list[0].name != "Ab" || string(list[0].value) != "2" {
		t.Errorf("%+v", list)
	}
}
