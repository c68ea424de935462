package headers

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/testkit"
)

func TestHasToken(t *testing.T) {
	for _, tt := range []struct {
		list, want string
		has        bool
	}{
		{"a, b", "b", true}, {"a,b", "a", true}, {"a , b", "a", false}, {"A", "a", false}, {"", "a", false}, {"", "", false},
		{`"a, b", c`, "b", false}, {`"a, b", c`, `"a, b"`, true}, {`"a, b`, "b", false}, {`x="a,b";c, d`, "d", true},
	} {
		if got := hasToken([]byte(tt.list), []byte(tt.want)); got != tt.has {
			t.Errorf("%q in %q: %v", tt.want, tt.list, got)
		}
	}
}

func fixed(s string) value { return value{fixed: []byte(s), text: s} }

// TestReplace: edits for which httpd loops for ever or crashes, or that it refuses.
func TestReplace(t *testing.T) {
	for _, tt := range []struct {
		action                         action
		pattern, template, value, want string
		ok                             bool
	}{
		{actEditAll, "x*", "-", "axb", "-a--b-", true},
		{actEditAll, "$", "!", "ab", "ab!", true},
		{actEditAll, "^a", "", "aaab", "b", true},
		{actEdit, "x*", "-", "axb", "-axb", true},
		{actEdit, "a", "b\r\nX: y", "a", "b  X: y", true},
		{actEdit, ".*", strings.Repeat("$0", 10), strings.Repeat("a", 1000), "", false},
		{actEditAll, ".", strings.Repeat("b", 8000), "aaaaaaaaaa", "", false},
	} {
		re, err := rx.Compile(tt.pattern, 0)
		if err != nil {
			t.Fatal(err)
		}
		x := new(exchange.Exchange)
		e := &entry{action: tt.action, re: re, value: fixed(tt.template)}
		if got, ok := e.replace(x, []byte(tt.value)); ok != tt.ok || ok && string(got) != tt.want {
			t.Errorf("%s %s: %q %v", tt.pattern, tt.template, got, ok)
		}
	}
}

// TestNoAllocation: constant edits of a request and of a response allocate nothing.
func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		testkit.Skip(t, "counting allocations means nothing under the race detector")
	}
	named := func(a action, name, v string) *entry {
		return &entry{action: a, name: []byte(name), id: message.IDOf([]byte(name)), value: fixed(v)}
	}
	all := func() []*entry {
		return []*entry{
			named(actSet, "X-Frame-Options", "DENY"), named(actSet, "Cache-Control", "no-store"), named(actUnset, "Vary", ""),
			named(actUnset, "X-Powered-By", ""), named(actAdd, "X-A", "b"), named(actAppend, "Via", "x"),
		}
	}
	c := &conf{request: all(), always: all(), response: all()}
	in, out := requestStep(c.request, false), newResponse(c, false)
	x := new(exchange.Exchange)
	via := []byte("1.1 a")
	if n := testing.AllocsPerRun(100, func() {
		x.Reset(false)
		x.Req.Header.AddID(message.Via, via)
		x.Resp.Header.AddID(message.Via, via)
		if in.Do(x) != nil || out.Do(x) != nil {
			t.Fatal("an edit failed")
		}
		x.Resp.Header.Prepend(&x.Always)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if v, _ := x.Req.Header.Get(message.Via); string(v) != "1.1 a, x" {
		t.Errorf("Via is %q", v)
	}
	if x.Resp.Header.Has(message.Vary) || x.Resp.Header.Count(message.CacheControl) != 2 {
		t.Errorf("%v", x.Resp.Header.Rows())
	}
}

// FuzzFormat: every accepted format makes a value without line breaks.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"a%%", "%", "%{X}e", `\n\r\t\\`, "%D %t %l %i %b", "%{HTTP_HOST}s", "%{", "%{x", "%z"} {
		f.Add(s)
	}
	evals := new(exchange.Evaluator)
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := parseFormat(s)
		if err != nil {
			return
		}
		x := &exchange.Exchange{Client: new(exchange.Client), Site: new(exchange.Site)}
		v := value{parts: parts, evals: evals}
		if out := v.of(x); strings.ContainsAny(string(out), "\r\n\x00") {
			t.Errorf("%q makes %q", s, out)
		}
	})
}

// FuzzReplace: every edit ends, and its result is within the limit.
func FuzzReplace(f *testing.F) {
	f.Add("a*", "$0$1", "banana", true)
	f.Add("^", "x", "banana", true)
	f.Add("(.)(.)", "$2$1", "banana", false)
	f.Fuzz(func(t *testing.T, pattern, template, v string, every bool) {
		re, err := rx.Compile(pattern, 0)
		if err != nil || re.Backtracking() {
			return
		}
		e := &entry{action: actEdit, re: re, value: fixed(template)}
		if every {
			e.action = actEditAll
		}
		out, ok := e.replace(new(exchange.Exchange), []byte(v))
		if ok && (len(out) > maxValue+len(v) || strings.ContainsAny(string(out), "\r\n\x00")) && re.Match([]byte(v)) {
			t.Errorf("%q %q %q makes %q", pattern, template, v, out)
		}
	})
}
