package module

import (
	"testing"
)

func TestParseText(t *testing.T) {
	m := parseText([]byte("# c\nkey value\nkey second\n indented no\nnovalue\ntwo  words more\ntab\tbed\n"))
	if len(m) != 3 || string(m["key"]) != "value" || string(m["two"]) != "words" || string(m["tab"]) != "bed" {
		t.Errorf("%q", m)
	}
}
