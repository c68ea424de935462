package rewrite

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/rx"
)

// cond is one compiled RewriteCond.
type cond struct {
	input   template
	line    record.Line
	source  string // the first argument as written
	shown   string // the pattern as written, for the trace
	pattern []byte // without its operator
	number  int    // the pattern of an integer test
	test    test
	not     bool
	noCase  bool
	orNext  bool
	re      *rx.Regexp
	expr    *expr.Bool
	evals   exchange.Evaluator
	ignored bool // NC was set but has no effect on this test
}

// test is the kind of a condition.
type test uint8

const (
	testRegex test = iota
	testExpr
	testFile       // -f
	testSize       // -s
	testFolder     // -d
	testExecutable // -x
	testLink       // -h -l -L
	testURL        // -U
	testLookup     // -F
	testLess       // <
	testLessEqual  // <=
	testEqual      // =
	testMore       // >
	testMoreEqual  // >=
	testIntLess    // -lt
	testIntLessEqual
	testIntEqual
	testIntMore
	testIntMoreEqual
)

// fileTests are the tests that are named by one letter.
var fileTests = map[byte]test{
	'f': testFile, 's': testSize, 'd': testFolder, 'x': testExecutable, 'h': testLink, 'l': testLink, 'L': testLink,
	'U': testURL, 'F': testLookup,
}

// intTests are the integer tests; -ne is -eq negated.
var intTests = map[string]test{
	"lt": testIntLess, "le": testIntLessEqual, "eq": testIntEqual, "ne": testIntEqual, "gt": testIntMore, "ge": testIntMoreEqual,
}

// parseCond compiles the arguments of a RewriteCond, which may be untrusted: from a .htaccess file. The error is httpd's.
func parseCond(line string, untrusted bool) (*cond, error) {
	input, pattern, flags, ok := argline(line)
	if !ok {
		return nil, fmt.Errorf("bad argument line '%s'", line)
	}
	c := &cond{source: input, shown: pattern}
	vary := true
	if flags != "" {
		err := eachFlag(flags, func(key, _ string) error {
			switch ascii.ToLower(key) {
			case "nocase", "nc":
				c.noCase = true
			case "ornext", "or":
				c.orNext = true
			case "novary", "nv":
				vary = false
			default:
				return unknownFlag(key)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(pattern, "!") {
		c.not, pattern = true, pattern[1:]
	}
	if ascii.EqualFold(input, "expr") {
		c.test = testExpr
	} else {
		pattern = c.operator(pattern)
	}
	c.pattern = []byte(pattern)
	if c.noCase && (c.test == testExpr || c.test >= testFile && c.test < testLess || c.test >= testIntLess) {
		c.ignored, c.noCase = true, false
	}
	switch c.test {
	case testRegex:
		return c, c.compile(pattern)
	case testExpr:
		cond, err := expr.ParseBool(pattern, expr.Options{DontVary: !vary, Restricted: untrusted})
		if err != nil {
			where := ""
			if untrusted {
				where = "in htaccess context "
			}
			return nil, fmt.Errorf("cannot compile expression %s\"%s\": %w", where, pattern, err)
		}
		c.expr = cond
		return c, nil
	}
	c.number = ascii.LeadingInt(pattern)
	c.input = compile(input)
	return c, nil
}

func (c *cond) compile(pattern string) error {
	var mode rx.Flags
	if c.noCase {
		mode = rx.IgnoreCase
	}
	re, err := rx.Compile(pattern, mode)
	if err != nil {
		return &hinted{fmt.Sprintf("cannot compile regular expression '%s'", pattern), err.Error()}
	}
	c.re, c.input = re, compile(c.source)
	return nil
}

// operator sets the test that a pattern's operator means, and returns the pattern
// without it.
func (c *cond) operator(p string) string {
	if len(p) < 2 {
		return p
	}
	switch p[0] {
	case '-':
		if len(p) == 2 {
			if t, ok := fileTests[p[1]]; ok {
				c.test = t
			}
			return p
		}
		if t, ok := intTests[p[1:3]]; ok && len(p) > 3 {
			c.test = t
			if p[1:3] == "ne" {
				c.not = !c.not
			}
			return p[3:]
		}
	case '>', '<':
		less := p[0] == '<'
		equal := p[1] == '='
		switch {
		case less && equal:
			c.test = testLessEqual
		case less:
			c.test = testLess
		case equal:
			c.test = testMoreEqual
		default:
			c.test = testMore
		}
		if equal {
			return p[2:]
		}
		return p[1:]
	case '=':
		c.test = testEqual
		if p == `=""` {
			return ""
		}
		return p[1:]
	}
	return p
}
