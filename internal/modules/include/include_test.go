package include

import (
	"testing"

	"github.com/headgate/headgate/internal/exchange"
)

func TestSizes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "  0 ", 972: "972 ", 973: "1.0K", 1024: "1.0K", 1536: "1.5K", 9999: "9.8K", 10240: " 10K", 1 << 20: "1.0M", 123456789: "118M", 1 << 40: "1.0T",
	} {
		if got := string(abbreviated(n)); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := string(grouped(1234567)); got != "1,234,567" {
		t.Errorf("%q", got)
	}
}

func TestBelow(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "a/b": true, "a/../b": true, "../a": false, "a/../../b": false, "/a": false, "./a": true, "a\x00": false, "..": false, "a//../../x": false,
	} {
		if below(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// FuzzCommand: a command is complete or it is not, in whatever pieces it comes.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{`echo var="a" -->`, `if expr='a \' b' -->x`, "printenv-->", `x "y" -->`, "a b=c d -->", "--> ", `a b = "c`, "set var=`x` value -->"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, n := readCommand([]byte(text), []byte("-->"))
		if n < 0 || n > len(text) {
			t.Fatal(n)
		}
		if n == 0 {
			return
		}
		for k := range n {
			if _, early := readCommand([]byte(text[:k]), []byte("-->")); early != 0 {
				t.Fatalf("%q is complete after %d of %d bytes", text, k, n)
			}
		}
		if again, m := readCommand([]byte(text[:n]), []byte("-->")); m != n || again.name != c.name || len(again.args) != len(c.args) {
			t.Fatalf("%q: %+v, then %+v", text, c, again)
		}
	})
}

// FuzzExpand: texts are expanded to an end, and stay within their limit.
func FuzzExpand(f *testing.F) {
	f.Add("$a ${b} \\$c ${", "x")
	f.Add("$$$a${}\\\\", "$a")
	f.Fuzz(func(t *testing.T, text, value string) {
		x := new(exchange.Exchange)
		x.Chain = new(exchange.Chain)
		x.Env.Set("a", []byte(value))
		p := &page{filter: new(filter), x: x}
		if got := p.expand(text); len(got) > maxText+len(value)+len(text) {
			t.Fatal(len(got))
		}
	})
}
