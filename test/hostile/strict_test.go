package hostile

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/testkit"
)

var (
	requestLine = regexp.MustCompile(`^[!#$%&'*+\-.^_` + "`" + `|~0-9A-Za-z]+ (/[!-"$-~]*|\*) HTTP/1\.[01]$`)
	fieldLine   = regexp.MustCompile(`(?s)^[!#$%&'*+\-.^_` + "`" + `|~0-9A-Za-z]+: ?([\t \x21-\x7e\x80-\xff]*)$`)
	digits      = regexp.MustCompile(`^[0-9]+$`)
)

// latin turns every byte into a rune, so that an expression sees bytes.
func latin(b string) string {
	r := make([]rune, len(b))
	for i := range len(b) {
		r[i] = rune(b[i])
	}
	return string(r)
}

// strict returns an error for a request at a backend that not every kind of backend understands alike.
func strict(r *testkit.Request) error {
	head, _, ended := strings.Cut(string(r.Raw), "\r\n\r\n")
	if !ended {
		return fmt.Errorf("the head does not end: %q", head)
	}
	lines := strings.Split(head, "\r\n")
	if !requestLine.MatchString(lines[0]) {
		return fmt.Errorf("request line %q", lines[0])
	}
	for _, l := range lines[1:] {
		if !fieldLine.MatchString(latin(l)) {
			return fmt.Errorf("field line %q", l)
		}
	}
	hosts := testkit.Lookup(r.Fields, "Host")
	lengths, codings := testkit.Lookup(r.Fields, "Content-Length"), testkit.Lookup(r.Fields, "Transfer-Encoding")
	switch {
	case len(hosts) != 1 || hosts[0] == "":
		return fmt.Errorf("%d Host fields: %q", len(hosts), hosts)
	case len(lengths)+len(codings) > 1:
		return fmt.Errorf("framed by Content-Length %q and Transfer-Encoding %q", lengths, codings)
	case len(lengths) == 1 && !digits.MatchString(lengths[0]):
		return fmt.Errorf("Content-Length %q", lengths[0])
	case len(codings) == 1 && codings[0] != "chunked":
		return fmt.Errorf("Transfer-Encoding %q", codings[0])
	}
	return nil
}
