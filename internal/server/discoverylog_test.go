package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/testkit"
)

// Conflicts and problems of what is discovered are logged once each, again if they
// come again, and not without limit.
func TestComplaints(t *testing.T) {
	a := origin(t, says("a"))
	r := newRig(t, "", server.Options{})
	r.write(fromFile, "ORIGIN", a)
	taken := "own:\n  - http://" + a + "\n"
	r.put("members.yaml", taken)
	r.up()
	said := func(text string, times int) {
		t.Helper()
		testkit.Eventually(t, fmt.Sprintf("%q is logged %d times", text, times), func() bool { return strings.Count(r.log(), text) == times })
	}
	const conflict = "discovered: file: conflict: "
	said(conflict, 1)
	r.put("members.yaml", taken+"app:\n  - http://"+a+"\n")
	r.becomes("/app/", 200, "a")
	said(conflict, 1)
	r.put("members.yaml", "app:\n  - http://"+a+" loadfactor=2\n")
	r.logs("~file/app")
	r.put("members.yaml", taken)
	said(conflict, 2)

	many := taken
	for n := range 100 {
		many += fmt.Sprintf("bad%d:\n  - %d\n", n, n)
	}
	r.put("members.yaml", many)
	r.logs("more problems and conflicts; headgate discovered lists all")
	if n := strings.Count(r.log(), "discovered: file: "); n > 30 {
		t.Errorf("%d lines about 100 problems", n)
	}
}
