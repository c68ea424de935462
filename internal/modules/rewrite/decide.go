package rewrite

import (
	"bytes"
	"os"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/record"
)

// condition evaluates one condition. httpd: apply_rewrite_cond.
func (u *run) condition(c *cond) bool {
	var input []byte
	if c.test != testExpr {
		input = u.expand(&c.input, nil)
	}
	holds := u.holds(c, input) != c.not
	if u.traces(4) {
		nc, verdict := "", "not-matched"
		if c.noCase {
			nc = " [NC]"
		}
		if holds {
			verdict = "matched"
		}
		if c.test == testExpr {
			input = []byte("(null)")
		}
		u.tracef(4, u.set.dir, "RewriteCond: input='%s' pattern='%s'%s => %s", input, c.shown, nc, verdict)
	}
	if u.tried != nil {
		u.tried.Conditions = append(u.tried.Conditions, record.Condition{Line: c.line, Input: string(input), Holds: holds})
	}
	return holds
}

func (u *run) holds(c *cond, input []byte) bool {
	switch c.test {
	case testRegex:
		return u.condMatches(c, input)
	case testExpr:
		return u.evaluate(c)
	case testURL:
		return u.lookURL(input)
	case testLookup:
		return u.lookFile(input)
	case testFile, testSize, testFolder, testExecutable, testLink:
		return fileIs(c.test, string(input))
	case testEqual:
		if c.noCase {
			return compareFold(input, c.pattern) == 0
		}
		return bytes.Equal(input, c.pattern)
	case testLess, testLessEqual, testMore, testMoreEqual:
		order := compareText(input, c.pattern)
		if c.noCase {
			order = compareFold(input, c.pattern)
		}
		return ordered(c.test-testLess+testIntLess, order)
	}
	return ordered(c.test, leadingInt(input)-c.number)
}

// ordered returns the result of a test by the sign of a comparison.
func ordered(t test, sign int) bool {
	switch t {
	case testIntLess:
		return sign < 0
	case testIntLessEqual:
		return sign <= 0
	case testIntEqual:
		return sign == 0
	case testIntMore:
		return sign > 0
	}
	return sign >= 0
}

// compareText compares two texts. If their lengths differ, only the lengths are
// compared. httpd: compare_lexicography.
func compareText(a, b []byte) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return bytes.Compare(a, b)
}

// condMatches matches a pattern and keeps its groups for %0 to %9.
func (u *run) condMatches(c *cond, input []byte) bool {
	hit, err := c.re.Test(input)
	if hit && !c.not {
		var spans []int
		if spans, err = c.re.Exec(u.spans[:0], input); spans != nil {
			setGroups(&u.condGroups, input, spans)
		}
	}
	if err != nil {
		u.x.Logf(logsink.Error, "rewrite", "", "RewriteCond '%s' gave up on '%s': %v", c.shown, input, err)
		return false
	}
	return hit
}

// evaluate evaluates the expression of a condition. Its groups become %0 to %9.
func (u *run) evaluate(c *cond) bool {
	var holds bool
	var err error
	if c.not {
		holds, err = c.evals.Bool(c.expr, u.x)
	} else {
		holds, err = c.evals.Match(c.expr, u.x, func(x *exchange.Exchange, st *expr.State) {
			for i := range u.condGroups {
				u.condGroups[i] = append(x.Arena.Alloc(len(st.Group(i))), st.Group(i)...)
			}
		})
	}
	if err != nil {
		if u.traces(1) {
			u.tracef(1, u.set.dir, "RewriteCond: expr='%s' evaluation failed: %s", c.shown, err)
		}
		return false
	}
	return holds
}

// lookURL implements -U: a request for the URL would succeed.
func (u *run) lookURL(input []byte) bool {
	if len(input) == 0 || !mayLook(u.x) {
		return false
	}
	status := u.x.Lookups.Lookup(u.x, input).Status
	if u.traces(5) {
		u.tracef(5, "", "RewriteCond URI (-U check: path=%s -> status=%d", input, status)
	}
	return status < 400
}

// lookFile implements -F: the file exists, and a request for it would be allowed.
func (u *run) lookFile(input []byte) bool {
	if len(input) == 0 || !mayLook(u.x) {
		return false
	}
	sub := u.x.Lookups.LookupFile(u.x, input)
	_, err := os.Stat(string(input))
	if u.traces(5) {
		u.tracef(5, "", "RewriteCond file (-F check: path=%s -> file=%s status=%d", input, sub.Filename, sub.Status)
	}
	return sub.Status < 300 && err == nil
}

// fileIs tests a property of a file.
func fileIs(t test, name string) bool {
	if t == testLink {
		info, err := os.Lstat(name)
		return err == nil && info.Mode()&os.ModeSymlink != 0
	}
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	switch t {
	case testFile:
		return info.Mode().IsRegular()
	case testSize:
		return info.Mode().IsRegular() && info.Size() > 0
	case testFolder:
		return info.IsDir()
	}
	return info.Mode()&0o111 != 0
}

// compareFold compares like C's strcasecmp.
func compareFold(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if d := int(ascii.Lower(a[i])) - int(ascii.Lower(b[i])); d != 0 {
			return d
		}
	}
	return len(a) - len(b)
}

// leadingInt parses like C's atoi.
func leadingInt(b []byte) int { return ascii.LeadingInt(string(b)) }
