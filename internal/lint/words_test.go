package lint

import (
	"regexp"
	"strings"
	"testing"
)

// stilted are phrases that readers stumble over, and what to write instead. They
// may not appear in comments, messages and pages.
var stilted = []struct{ pattern, instead string }{
	{`of (its|his|her|their|our|your) own\b`, `"its own X", "a separate X", "a new X"`},
	{`\banew\b`, `"again"`},
	{`\b(is|are|be|was|were) told of\b`, `"is reported", "is documented"`},
	{`\bso (is|are|was|were) (it|they)\b`, "subject, verb, object"},
	{`\b(lie|lies|lay) (in|below|behind|beside|under)\b`, `"is in", "is below"`},
	{`\bcarr(y|ies|ied) out\b`, `"apply", "run", "implement"`},
	{`\bas (it stands|they stand|it is met|they are met)\b`, `"unchanged", "realistic"`},
	{`\b[Ww]hoever\b`, `"the caller", "a client that"`},
	{`\btakes nothing\b`, `"accepts no data"`},
	{`\bbehind an? (answer|response)\b`, `"after a response"`},
	{`\bholds? (it|them) to\b`, `"limits it to"`},
	{`\b[Gg]ives (the|an?|what|back)\b`, `"returns the", "frees"`},
}

// TestPlainWords keeps stilted phrases out of the repository. Records of what
// other programs print are left out.
func TestPlainWords(t *testing.T) {
	var rules []*regexp.Regexp
	for _, s := range stilted {
		rules = append(rules, regexp.MustCompile(s.pattern))
	}
	err := walk(func(path string, text []byte) error {
		if !isProse(path) {
			return nil
		}
		for i, line := range strings.Split(string(text), "\n") {
			for k, re := range rules {
				if m := re.FindString(line); m != "" {
					t.Errorf("%s:%d: %q: write %s", path, i+1, m, stilted[k].instead)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isProse says whether a file is a program or a page of ours.
func isProse(path string) bool {
	switch {
	case path == "internal/lint/words_test.go", strings.Contains(path, "/testdata/"), strings.HasPrefix(path, "bench/results/"):
		return false
	}
	return strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".md")
}
