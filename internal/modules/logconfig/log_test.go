package logconfig

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
)

func TestParseCustomLog(t *testing.T) {
	for _, c := range []struct {
		args []string
		want Custom
		err  string
	}{
		{[]string{"logs/a"}, Custom{Dest: "logs/a"}, ""},
		{[]string{"logs/a", "common"}, Custom{Dest: "logs/a", Format: "common"}, ""},
		{[]string{"|p", "%h", "env=x"}, Custom{Dest: "|p", Format: "%h", Env: "x"}, ""},
		{[]string{"a", "%h", "ENV=!x"}, Custom{Dest: "a", Format: "%h", Env: "x", Not: true}, ""},
		{[]string{"a", "%h", "expr=-z '%{x}'"}, Custom{Dest: "a", Format: "%h", Expr: "-z '%{x}'"}, ""},
		{[]string{"a", "%h", "env="}, Custom{}, "missing environment variable name"},
		{[]string{"a", "%h", "env=!"}, Custom{}, "missing environment variable name"},
		{[]string{"a", "%h", "expr="}, Custom{}, "missing condition"},
		{[]string{"a", "%h", "foo=bar"}, Custom{}, "error in condition clause"},
		{[]string{"a", "%y"}, Custom{}, "Unrecognized LogFormat directive %y"},
	} {
		got, err := ParseCustomLog(c.args)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%q: %v", c.args, err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %+v, %v", c.args, got, err)
		}
	}
}

func TestFormats(t *testing.T) {
	define := func(f *Formats, args ...string) {
		t.Helper()
		if err := f.Define(args); err != nil {
			t.Fatal(err)
		}
	}
	var base, host Formats
	define(&base, "%h", "Common")
	define(&base, "%a", "other")
	define(&base, "common") // a nickname as default
	define(&host, "%U", "common")
	for _, c := range []struct {
		f          Formats
		name, want string
		literal    bool
	}{
		{Formats{}, "", DefaultFormat, false}, {Formats{}, "clf", DefaultFormat, false}, {Formats{}, "%m", "%m", false},
		{Formats{}, "combined", "combined", true}, {base, "", "%h", false}, {base, "COMMON", "%h", false},
		{host.Over(base), "common", "%U", false}, {host.Over(base), "other", "%a", false}, {host.Over(base), "", "%U", false},
		{host.Over(Formats{}), "", DefaultFormat, false},
	} {
		f, err := c.f.Find(c.name)
		if err != nil || f.String() != c.want || f.Literal() != c.literal {
			t.Errorf("%q: %v, %v", c.name, f, err)
		}
	}
	if err := base.Define([]string{"%y", "bad"}); err == nil {
		t.Error("a bad format was taken")
	}
}

func TestLog(t *testing.T) {
	r := logsink.NewRegistry(logsink.Options{Loops: 1})
	defer r.Close()
	path := filepath.Join(t.TempDir(), "access.log")
	out, err := r.Access(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Compile("%m %{n}n")
	if err != nil {
		t.Fatal(err)
	}
	x := finished()
	logs := []*Log{
		{Format: f, Out: out},
		{Format: f, Out: out, Env: "foobar"},
		{Format: f, Out: out, Env: "FooBar", Not: true},
		{Format: f, Out: out, Env: "unset"},
		{Format: f, Out: out, Env: "unset", Not: true},
		{Format: f, Out: out, When: condition500(t)},
	}
	for i, l := range logs {
		x.Notes.Set("n", []byte{'0' + byte(i)})
		l.Log(x)
	}
	panics(t, &Log{Format: &Format{items: []item{{value: func([]byte, *exchange.Exchange) []byte { panic("bug") }}}}, Out: out}, x)
	x.Notes.Set("n", []byte("last"))
	logs[0].Log(x)
	out.Release()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "GET 0\nGET 1\nGET 4\nGET last\n"; string(got) != want {
		t.Errorf("got %q", got)
	}
}

// panics checks that a panic in a value does not end the log.
func panics(t *testing.T, l *Log, x *exchange.Exchange) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	l.Log(x)
}

func BenchmarkLog(b *testing.B) {
	r := logsink.NewRegistry(logsink.Options{Loops: 1})
	defer r.Close()
	out, err := r.Access("/dev/null")
	if err != nil {
		b.Fatal(err)
	}
	f, err := Compile(DefaultFormat)
	if err != nil {
		b.Fatal(err)
	}
	l, x := &Log{Format: f, Out: out}, finished()
	b.ReportAllocs()
	for b.Loop() {
		l.Log(x)
	}
}

func condition500(t *testing.T) *expr.Bool {
	t.Helper()
	cond, err := expr.ParseBool("%{REQUEST_STATUS} == '500'", expr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return cond
}
