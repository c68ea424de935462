package env

import (
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	base := &conf{vars: []variable{{name: "A", value: []byte("1")}, {name: "B", value: []byte("2")}, {name: "C", value: []byte("3")}}}
	add := &conf{vars: []variable{{name: "b", value: []byte("4")}, {name: "D", value: []byte("5")}}, unset: []string{"c", "none"}}
	var got strings.Builder
	for _, v := range merge(base, add).vars {
		got.WriteString(v.name + string(v.value) + " ")
	}
	if got.String() != "A1 B4 D5 " || string(base.vars[1].value) != "2" || len(base.vars) != 3 {
		t.Errorf("%s from %q", got.String(), base.vars)
	}
}
