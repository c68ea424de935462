package syntax

import "testing"

func FuzzSyntax(f *testing.F) {
	for _, s := range []string{
		"", "Listen 80\n", "<A x>\nB \"c d\" \\\n e\n</A>\n", "</A>", "<A\n</B >\n", "\"#a\" b\\", "<>>\n</>>\n", "a\x00b\\\r\n\r\nc",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkStable(t, text)
		for rest := text; rest != ""; {
			before := len(rest)
			_, rest = Word(rest)
			if len(rest) >= before {
				t.Fatalf("Word does not advance on %q", rest)
			}
		}
	})
}

func FuzzQuote(f *testing.F) {
	f.Add(`a "b" \c`)
	f.Fuzz(func(t *testing.T, word string) {
		if got, rest := Word(Quote(word)); got != word || rest != "" {
			t.Fatalf("Word(Quote(%q)) = %q, %q", word, got, rest)
		}
	})
}
