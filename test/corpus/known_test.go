package corpus

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// knowns are the differences that are meant: lines of testdata/sent-known.txt.
type knowns []*knownLine

type knownLine struct {
	file    string // of the collection; "*": any
	request *regexp.Regexp
	key     string // of docs/differences.md
	used    bool
}

func readKnown(t *testing.T) (ks knowns) {
	text, err := os.ReadFile("testdata/sent-known.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(f) == 3 && !strings.HasPrefix(line, "#") {
			ks = append(ks, &knownLine{f[0], regexp.MustCompile(f[2]), f[1], false})
		}
	}
	return ks
}

// compare reports the requests whose outcome differs and is not known. A line of httpd's and ours for one request are
// joined by a bar for the patterns of the list: "GET host0:80 / => 200 | GET host0:80 / => 404".
func (ks knowns) compare(t *testing.T, file, httpd, ours string) {
	a, b := strings.Split(httpd, "\n"), strings.Split(ours, "\n")
	for len(a) > 0 && len(b) > 0 {
		asked, was, _ := strings.Cut(a[0], " => ")
		again, is, _ := strings.Cut(b[0], " => ")
		switch {
		case a[0] == b[0]:
		case asked == again && ks.has(file, a[0]+" | "+b[0]):
		default:
			t.Errorf("%s\n\thttpd    %s\n\theadgate %s", asked, was, is)
		}
		a, b = a[1:], b[1:]
		// Only one of them may have sent the request on, and then again with a redirect.
		if len(a) > 1 && strings.HasPrefix(a[0], asked+" => ") && (len(b) < 1 || !strings.HasPrefix(b[0], asked+" => ")) {
			a = a[1:]
		} else if len(b) > 1 && strings.HasPrefix(b[0], asked+" => ") && (len(a) < 1 || !strings.HasPrefix(a[0], asked+" => ")) {
			b = b[1:]
		}
	}
}

func (ks knowns) has(file, pair string) bool {
	for _, k := range ks {
		if (k.file == "*" || k.file == file) && k.request.MatchString(pair) {
			k.used = true
			return true
		}
	}
	return false
}

// unused reports the lines that nothing needs any more.
func (ks knowns) unused(t *testing.T) {
	for _, k := range ks {
		if !k.used {
			t.Errorf("no request differs by %s of %s any more: %s", k.key, k.file, k.request)
		}
	}
}
