package expr

import (
	"io/fs"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/glob"
)

// operator is one row of the tables of operators.
type operator struct {
	name   string
	subnet bool // the last word must be a constant subnet
	uses   Uses
	unary  func(e *eval, n *node) bool
	binary func(e *eval, n *node) bool
}

// unaryOps is the table of operators with one word. All are allowed in .htaccess:
// httpd 2.4.71 refuses only file() and filesize() there.
var unaryOps = [...]operator{
	{name: "n", unary: func(e *eval, n *node) bool { return len(e.word(n.a)) > 0 }},
	{name: "z", unary: func(e *eval, n *node) bool { return len(e.word(n.a)) == 0 }},
	{name: "T", unary: func(e *eval, n *node) bool { return isTrue(e.word(n.a)) }},
	{name: "R", subnet: true, unary: func(e *eval, n *node) bool { return n.net.Contains(e.env.RemoteAddr()) }},
	{name: "d", uses: UsesFiles, unary: stat(false, func(i fs.FileInfo) bool { return i.IsDir() })},
	{name: "e", uses: UsesFiles, unary: stat(false, func(fs.FileInfo) bool { return true })},
	{name: "f", uses: UsesFiles, unary: stat(false, func(i fs.FileInfo) bool { return i.Mode().IsRegular() })},
	{name: "s", uses: UsesFiles, unary: stat(false, func(i fs.FileInfo) bool { return i.Mode().IsRegular() && i.Size() > 0 })},
	{name: "L", uses: UsesFiles, unary: stat(true, isLink)},
	{name: "h", uses: UsesFiles, unary: stat(true, isLink)},
	{name: "x", uses: UsesFiles, unary: stat(true, func(i fs.FileInfo) bool { return i.Mode()&0o111 != 0 })},
	{name: "F", uses: UsesSubrequest, unary: subrequest('F')},
	{name: "U", uses: UsesSubrequest, unary: subrequest('U')},
	{name: "A", uses: UsesSubrequest, unary: subrequest('U')},
}

// binaryOps is the table of operators between two words.
var binaryOps = [...]operator{
	{name: "ipmatch", subnet: true, binary: ipMatch},
	{name: "fnmatch", binary: func(e *eval, n *node) bool { return glob.Match(e.word(n.b), e.word(n.a), glob.Path) }},
	{name: "strmatch", binary: func(e *eval, n *node) bool { return glob.Match(e.word(n.b), e.word(n.a), 0) }},
	{name: "strcmatch", binary: func(e *eval, n *node) bool { return glob.Match(e.word(n.b), e.word(n.a), glob.Fold) }},
}

// isTrue implements -T: false for an empty text, 0, off, false and no.
func isTrue(s []byte) bool {
	if len(s) == 0 || len(s) == 1 && s[0] == '0' {
		return false
	}
	for _, no := range []string{"off", "false", "no"} {
		if ascii.EqualFoldBytes(s, no) {
			return false
		}
	}
	return true
}

func isLink(i fs.FileInfo) bool { return i.Mode()&fs.ModeSymlink != 0 }

// stat returns an operator that checks a property of a file.
func stat(link bool, is func(fs.FileInfo) bool) func(*eval, *node) bool {
	return func(e *eval, n *node) bool {
		info, err := e.env.Stat(string(e.word(n.a)), link)
		return err == nil && is(info)
	}
}

func subrequest(op byte) func(*eval, *node) bool {
	return func(e *eval, n *node) bool { return e.env.Subrequest(op, string(e.word(n.a))) }
}

// ipMatch implements -ipmatch. The client's address is not parsed again.
func ipMatch(e *eval, n *node) bool {
	if n.a.kind == wordVar && n.a.v == RemoteAddr {
		return n.net.Contains(e.env.RemoteAddr())
	}
	addr, ok := parseAddr(e.word(n.a))
	return ok && n.net.Contains(addr)
}
