package autoindex

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// titleOf returns the text of a page's title, with blanks for line ends. httpd:
// find_title.
func titleOf(page []byte) string {
	const begin, end = "<title>", "</title>"
	text := string(page)
	lower := ascii.ToLower(text)
	from := strings.Index(lower, begin)
	if from < 0 {
		return ""
	}
	from += len(begin)
	to := len(text)
	if n := strings.Index(lower[from:], end); n >= 0 {
		to = from + n
	}
	title := strings.TrimLeft(text[from:to], "\r\n")
	return strings.NewReplacer("\r", " ", "\n", " ", "<", "&lt;", ">", "&gt;", "\x00", "").Replace(title)
}

// shorten cuts a description to a width. Tags have no width, an entity has that of
// one character. httpd: terminate_description.
func shorten(text string, most int) string {
	i := 0
	for ; i < len(text) && (most > 0 || text[i] == '<'); i++ {
		skip := byte(0)
		switch text[i] {
		case '<':
			skip = '>'
		case '&':
			skip = ';'
			most--
		default:
			most--
			continue
		}
		n := strings.IndexByte(text[i:], skip)
		if n < 0 {
			most, i = 0, len(text)
			break
		}
		i += n
	}
	if most <= 0 && i < len(text) {
		return text[:i-1] + ">"
	}
	return text
}
