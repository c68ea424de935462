package logsink

import (
	"strings"
	"testing"
	"time"

	_ "time/tzdata" // also where the machine has no time zones
)

// The rules are those that rotatelogs -v prints for the same arguments.
func TestParseRotation(t *testing.T) {
	for _, row := range []struct{ args, want string }{
		{"x 5", "|rotatelogs /r/x 5"},
		{"x 5x", "|rotatelogs /r/x 5"},
		{"x 5.5", "|rotatelogs /r/x 5"},
		{"x 10b", "|rotatelogs /r/x 10"},
		{"x 10B", "|rotatelogs /r/x 10B"},
		{"x 3K", "|rotatelogs /r/x 3072B"},
		{"x 5M", "|rotatelogs /r/x 5242880B"},
		{"x 5G", "|rotatelogs /r/x 5368709120B"},
		{"x 10B 60", "|rotatelogs /r/x 10B 60"},
		{"x 5 60", "|rotatelogs /r/x 5 60"},
		{"x 5 -300", "|rotatelogs /r/x 5 -300"},
		{"x 5 10B", "|rotatelogs /r/x 5 10B"},
		{"x 5 10B -300", "|rotatelogs /r/x 5 10B -300"},
		{"-lf /x 5", "|rotatelogs -l -f /x 5"},
		{"-Lcur -p prog -vecDtT x 5", "|rotatelogs -D -t -T -v -e -c -L /r/cur -p prog /r/x 5"},
		{"-L /a/cur -n 3 -- x 5", "|rotatelogs -L /a/cur -n 3 /r/x 5"},
		{"-n3x x 5", "|rotatelogs -n 3 /r/x 5"},
		{`"a b/%Y" 5`, `|rotatelogs /r/a\ b/%Y 5`},
		{"x", "incorrect number of arguments"},
		{"x 5 10B 60 70", "incorrect number of arguments"},
		{"x abc", "invalid rotation time"},
		{"x 0", "invalid rotation time"},
		{"x -5", "invalid rotation time"},
		{"x 5 10 B", "rotation time parameter allowed only once"},
		{"x 10B 20B", "rotation size parameter allowed only once"},
		{"x 10BB", "invalid rotation size"},
		{"x 0B", "invalid rotation size"},
		{"-n x x 5", "invalid -n"},
		{"-n -1 x 5", "invalid -n"},
		{"-n 3 x.%Y 5", "cannot use -n with %"},
		{"-z x 5", "illegal option -z"},
		{"-n", "needs an argument"},
		{"", "incorrect number of arguments"},
	} {
		rule, err := ParseRotation("|/usr/bin/rotatelogs "+row.args, "/r")
		switch {
		case err != nil && strings.Contains(err.Error(), row.want):
		case err != nil:
			t.Errorf("%s: %v, want %s", row.args, err, row.want)
		case rule.Command() != row.want:
			t.Errorf("%s: %s, want %s", row.args, rule.Command(), row.want)
		}
	}
}

func TestOtherPrograms(t *testing.T) {
	for dest, rotates := range map[string]bool{
		"rotatelogs x 5": false, "|rotatelogsx x 5": false, "|cat rotatelogs x 5": false, "|": false, "|$": false,
		"|rotatelogs x 5": true, "||/opt/bin/rotatelogs x 5": true, "|$rotatelogs x 5": true, "|$ exec rotatelogs x 5": true,
		"|$rotatelogs x 5 > y": false, "|$rotatelogs $X 5": false, "|bin/rotatelogs x.%H 5": true,
	} {
		if rule, err := ParseRotation(dest, "/"); err != nil || (rule != nil) != rotates {
			t.Errorf("%s: %v, %v", dest, rule, err)
		}
	}
}

func TestRotationFile(t *testing.T) {
	at := time.Date(2026, 11, 30, 10, 38, 20, 0, time.UTC).Unix()
	for _, row := range []struct {
		args   string
		number int
		want   string
	}{
		{"x 5", 0, "/x.1796035100"},
		{"-t x 5", 0, "/x"},
		{"-t x.%Y 5", 0, "/x.2026"},
		{"-n 3 x 5", 0, "/x"},
		{"-n 3 x 5", 2, "/x.2"},
		{"d/%Y-%m-%d/x.%H%M%S.%z 5", 0, "/d/2026-11-30/x.103820.+0000"},
	} {
		rule, err := ParseRotation("|rotatelogs "+row.args, "/")
		if err != nil {
			t.Fatal(err)
		}
		if got := rule.File(at, row.number); got != row.want {
			t.Errorf("%s: %s, want %s", row.args, got, row.want)
		}
	}
}

// TestRotationLocal: with -l days begin at the machine's midnight, and names tell
// its time.
func TestRotationLocal(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	before := time.Local
	time.Local = zone
	defer func() { time.Local = before }()
	rule, err := ParseRotation("|rotatelogs -l x.%Y-%m-%d-%H.%z.%Z.%s 3600", "/")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 10, 38, 20, 0, time.UTC)
	at := rule.Now(now)
	at -= at % 3600
	if got := rule.File(at, 0); got != "/x.2026-11-30-05.-0500.EST.1796032800" {
		t.Error(got)
	}
}

func TestRotationRecent(t *testing.T) {
	rule, _ := ParseRotation("|rotatelogs x 3600 60", "/")
	now := time.Unix(1796035100, 0)
	here := rule.Now(now)
	for at, want := range map[int64]bool{here: true, here - here%3600: true, here + 61: false, here - 3661: false, 0: false} {
		if rule.Recent(at, now) != want {
			t.Errorf("%d at %d: %v", at, here, !want)
		}
	}
}

// FuzzParseRotation: a rule that is accepted is the same after it was printed.
func FuzzParseRotation(f *testing.F) {
	for _, s := range []string{"x 5", "-l -L a\\ b x.%Y 5M -60", "-n 3 'a b' 5 10B", "-vecDtTf x 1", "-p '' x 5", "-- -x 5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, args string) {
		rule, err := ParseRotation("|rotatelogs "+args, "/r")
		if err != nil || rule == nil {
			return
		}
		again, err := ParseRotation(rule.Command(), "/elsewhere")
		if err != nil || again.Command() != rule.Command() {
			t.Fatalf("%q: %q becomes %v, %v", args, rule.Command(), again, err)
		}
		if a, b := rule.File(1796035100, 0), again.File(1796035100, 0); a != b {
			t.Fatalf("%q: %q and %q", args, a, b)
		}
	})
}
