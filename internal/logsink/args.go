package logsink

import "strings"

// splitArgs splits a command line without a shell: words between blanks,
// quotes of either kind around words with blanks, a backslash before a
// character that is to lose its meaning. httpd: apr_tokenize_to_argv.
func splitArgs(line string) []string {
	var args []string
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return args
		}
		var word string
		word, line = nextArg(line)
		args = append(args, word)
	}
}

// nextArg takes the first word off line, which begins with one.
func nextArg(line string) (word, rest string) {
	ends := " \t"
	start := 0
	if line[0] == '"' || line[0] == '\'' {
		ends, start = line[:1], 1
	}
	var b strings.Builder
	i := start
	for ; i < len(line) && strings.IndexByte(ends, line[i]) < 0; i++ {
		if line[i] == '\\' && i+1 < len(line) && strings.IndexByte(" \t\"'\\", line[i+1]) >= 0 {
			i++
		}
		b.WriteByte(line[i])
	}
	if i < len(line) {
		i++ // the quote or blank
	}
	return b.String(), line[i:]
}
