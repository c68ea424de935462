//go:build linux

package peers

import (
	"os"
	"strings"
	"testing"

	"github.com/headgate/headgate/bench/conf"
)

// TestConfigure writes every peer's configuration, with one mapping and with many.
func TestConfigure(t *testing.T) {
	for _, p := range Find("self", "") {
		for _, paths := range [][]string{{"/"}, {"/a/", "/b/"}} {
			dir := t.TempDir()
			file, err := p.configure(conf.Site{
				Dir: dir, Port: 12345, Backend: "127.0.0.1:23456", Workers: 2, Connections: 100, Pool: 10,
				Servers: []conf.Server{{Name: "one.test", Paths: paths}}, Modules: []string{"proxy"},
			})
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{dir, "12345", "127.0.0.1:23456"} {
				if !strings.Contains(string(text), want) {
					t.Errorf("%s with %d mappings lacks %s:\n%s", p.Name, len(paths), want, text)
				}
			}
		}
	}
}

func TestVersion(t *testing.T) {
	for text, want := range map[string]string{
		"nginx version: nginx/1.22.1":                    "1.22.1",
		"HAProxy version 2.6.12-1+deb12u4 2026/10/17 - ": "2.6.12-1+deb12u4",
		"Server version: Apache/2.4.71 (Debian)":         "2.4.71",
		"2.6.2":                                          "2.6.2",
		"v2.10.0 h1:abc=":                                "v2.10.0",
	} {
		if got := version.FindString(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
