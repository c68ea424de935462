package diff

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/testkit"
)

// classesOfOverride are the words of AllowOverride that are tried, the folders of which they are the names.
var classesOfOverride = []string{"AuthConfig", "FileInfo", "Indexes", "Limit", "Options", "All", "unset"}

const overrideRecord = "recorded/overrides.txt"

// TestOverrides compares, for every directive and each class of AllowOverride, whether a .htaccess file may contain it.
func TestOverrides(t *testing.T) {
	if *live {
		testkit.NeedHttpd(t)
		got := permitted(t, overridden(t, testkit.StartHttpd))
		if *record {
			if err := os.WriteFile(overrideRecord, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if want := overrideRecorded(t); want != got {
			t.Errorf("httpd no longer does what is recorded\n%s", lineDiff(want, got))
		}
	}
	testkit.Binary(t)
	own := overridden(t, func(t testing.TB, s testkit.Site) *testkit.Server {
		return testkit.StartHeadgate(t, os.Getenv("DIFF_ENGINE"), s)
	})
	mine := map[string]string{}
	for line := range strings.Lines(permitted(t, own)) {
		name, classes, _ := strings.Cut(line, "\t")
		mine[name] = classes
	}
	compared := 0
	for line := range strings.Lines(overrideRecorded(t)) {
		name, classes, ok := strings.Cut(line, "\t")
		if !ok {
			continue // a comment
		}
		if compared++; mine[name] != classes {
			t.Errorf("%s: %s, httpd %s", name, strings.TrimSpace(mine[name]), strings.TrimSpace(classes))
		}
	}
	t.Logf("%d directives compared in %d classes", compared, len(classesOfOverride))
}

func overrideRecorded(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(overrideRecord)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// directivesToTry are the names of all that is known, sections with their bracket.
func directivesToTry() []string {
	var names []string
	for _, r := range directive.Known().Rows() {
		if !strings.Contains(r.Name, "*") {
			names = append(names, r.Name)
		}
	}
	return names
}

// verdicts are the complaints by folder: of a class, and the number of a directive.
type verdicts map[string]string

var aboutFile = regexp.MustCompile(`htdocs/(\w+/\d+)/\.htaccess: (.*)`)

// overridden has a server read one file for each directive in each class.
func overridden(t *testing.T, start func(testing.TB, testkit.Site) *testkit.Server) verdicts {
	t.Helper()
	conf := "KeepAlive On\nMaxKeepAliveRequests 0\n"
	files := map[string]string{}
	for _, class := range classesOfOverride {
		if class != "unset" {
			conf += fmt.Sprintf("<Directory ${dir}/htdocs/%s>\nAllowOverride %[1]s\n</Directory>\n", class)
		}
		for i, name := range directivesToTry() {
			text := name + "\n"
			if head, ok := strings.CutSuffix(name, ">"); ok {
				text = head + " x>\n</" + head[1:] + ">\n"
			}
			files[fmt.Sprintf("htdocs/%s/%d/.htaccess", class, i)] = text
		}
	}
	s := start(t, testkit.Site{Conf: conf, Files: files})
	c, err := net.Dial("tcp", "127.0.0.1:"+s.Port)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		fetch(t, s.Port, strings.TrimSuffix(strings.TrimPrefix(file, "htdocs"), ".htaccess"))
	}
	s.Stop()
	text, err := os.ReadFile(filepath.Join(s.Dir, "error.log"))
	if err != nil {
		t.Fatal(err)
	}
	out := verdicts{}
	for _, m := range aboutFile.FindAllStringSubmatch(string(text), -1) {
		out[m[1]] = m[2]
	}
	return out
}

// fetch sends a request for a path on a new connection; the response does not matter.
func fetch(t *testing.T, port, path string) {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintf(c, "HEAD %s HTTP/1.0\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// permitted prints the classes of each directive that a server knows.
func permitted(t *testing.T, v verdicts) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# The classes of AllowOverride for which httpd has a directive in .htaccess. Written by: go test ./test/diff -live -record -run Overrides\n")
	for i, name := range directivesToTry() {
		if strings.Contains(v[fmt.Sprintf("All/%d", i)], "Invalid command") {
			continue
		}
		var classes []string
		for _, class := range classesOfOverride {
			if !strings.Contains(v[fmt.Sprintf("%s/%d", class, i)], " not allowed here") {
				classes = append(classes, class)
			}
		}
		fmt.Fprintf(&b, "%s\t%s\n", name, strings.Join(classes, " "))
	}
	return b.String()
}
