package syntax

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// CommentHint is the advice for a comment after the arguments. httpd has no
// such comments: it takes the words for arguments.
const CommentHint = "comments must be on their own line"

// TrailingComment looks for a word that begins with '#' after the first one and
// returns the hint to add to an error about these arguments, or "".
func TrailingComment(args string) string {
	first := true
	for rest := ascii.TrimLeftSpace(args); rest != ""; first = false {
		if !first && rest[0] == '#' {
			return CommentHint
		}
		_, rest = Word(rest)
	}
	return ""
}

// Suggest returns the name in known that was probably meant by name: at most
// two typing errors away (one for very short names), ignoring case. It returns
// "" when there is none, or when name itself is known.
func Suggest(name string, known []string) string {
	limit := 2
	if len(name) < 5 {
		limit = 1
	}
	best, found := limit+1, ""
	for _, k := range known {
		if ascii.EqualFold(k, name) {
			return ""
		}
		if d := distance(name, k, best-1); d < best {
			best, found = d, k
		}
	}
	return found
}

// DidYouMean formats the result of Suggest as a hint.
func DidYouMean(name string, known []string) string {
	if s := Suggest(name, known); s != "" {
		return "did you mean " + strings.TrimSuffix(s, ">") + "?"
	}
	return ""
}

// distance counts the typing errors (a letter too many, missing, wrong, or two
// swapped) between a and b, and stops counting above limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			x, y := ascii.Lower(a[i-1]), ascii.Lower(b[j-1])
			cost := 1
			if x == y {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x == ascii.Lower(b[j-2]) && ascii.Lower(a[i-2]) == y {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
