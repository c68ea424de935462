package directive

import (
	"slices"
	"testing"
)

func TestShapes(t *testing.T) {
	type result struct {
		args string
		want []string // nil: refused
	}
	for shape, results := range map[Args][]result{
		NoArgs:   {{"", []string{}}, {"a b", []string{"a", "b"}}},
		Take1:    {{"a", []string{"a"}}, {`"a b"`, []string{"a b"}}, {"", nil}, {`""`, nil}, {"a b", nil}, {`a ""`, nil}},
		Take2:    {{"a b", []string{"a", "b"}}, {"a", nil}, {`a ""`, nil}, {"a b c", nil}},
		Take12:   {{"a", []string{"a"}}, {"a b", []string{"a", "b"}}, {`a ""`, []string{"a"}}, {`"" b`, nil}, {"", nil}, {"a b c", nil}},
		Take3:    {{"a b c", []string{"a", "b", "c"}}, {"a b", nil}, {"a b c d", nil}, {`a "" c`, nil}},
		Take23:   {{"a b", []string{"a", "b"}}, {"a b c", []string{"a", "b", "c"}}, {`a b ""`, []string{"a", "b", ""}}, {"a", nil}, {"a b c d", nil}},
		Take123:  {{"a", []string{"a"}}, {"a b c", []string{"a", "b", "c"}}, {`a "" c`, []string{"a", "", "c"}}, {"", nil}, {`"" b`, nil}, {"a b c d", nil}},
		Take13:   {{"a", []string{"a"}}, {"a b c", []string{"a", "b", "c"}}, {"a b", nil}, {`a ""`, []string{"a"}}, {"a b c d", nil}, {"", nil}},
		Iterate:  {{"a", []string{"a"}}, {"a b c", []string{"a", "b", "c"}}, {`a "" c`, []string{"a"}}, {"", nil}, {`"" a`, nil}},
		Iterate2: {{"a b", []string{"a", "b"}}, {"a b c", []string{"a", "b", "c"}}, {"a", nil}, {`"" b`, nil}, {`a ""`, []string{"a"}}},
		Flag:     {{"On", []string{"On"}}, {"oFF x", []string{"oFF"}}, {"yes", nil}, {"", nil}},
		Raw:      {{`a "b c`, []string{"a", "b c"}}, {"", []string{}}},
		TakeArgv: {{"", []string{}}, {`a "" b`, []string{"a", "", "b"}}},
	} {
		for _, r := range results {
			words, ok := shapes[shape].split(r.args)
			if ok != (r.want != nil) || ok && !slices.Equal(words, r.want) {
				t.Errorf("%s of %q: %q, %v; want %q", shape, r.args, words, ok, r.want)
			}
		}
	}
}

func TestShapeNames(t *testing.T) {
	for a := Inherit; a <= TakeArgv; a++ {
		if got, ok := parseArgs(a.String()); !ok || got != a {
			t.Errorf("%s is read as %s", a, got)
		}
	}
	if _, ok := parseArgs("TAKE4"); ok {
		t.Error("TAKE4 is a shape")
	}
}
