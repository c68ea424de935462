package substitute

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) {
	// The clock of the backtracker's time limit stops a second after the last match.
	testkit.Main(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

func mustParse(t testing.TB, list ...string) (out []*pattern) {
	t.Helper()
	for _, text := range list {
		p, problem := parse(text)
		if problem != "" {
			t.Fatalf("%s: %s", text, problem)
		}
		out = append(out, p)
	}
	return out
}

func TestParse(t *testing.T) {
	const incomplete, flag = "Bad Substitute format, must be a complete s/// pattern", "Bad Substitute flag, only s///[infq] are supported"
	for text, want := range map[string]string{
		"": "Bad Substitute format, must be an s/// pattern", "x/a/b/": "Bad Substitute format, must be an s/// pattern",
		"s": incomplete, "s/": incomplete, "s//b/": incomplete, "s/a": incomplete, "s/a/": "", "s/a/b": "", "s/a//": "", "S|a|b|NIFQ": "",
		"s/a/b/g": flag, "s/a/b/c/": flag, "s/(/b/": "Substitute could not compile regex: ", "s/(/b/n": "", "s/(/b/ni": "",
	} {
		if _, problem := parse(text); problem != want && (want == "" || !strings.HasPrefix(problem, want)) {
			t.Errorf("%q: %q", text, problem)
		}
	}
}

// whole applies patterns to a body in one go: what lines must come to, by another way.
func whole(list []*pattern, body []byte, limit int) (out []byte, ok bool) {
	for _, line := range bytes.SplitAfter(body, []byte("\n")) {
		if len(line) == 0 {
			break
		}
		if len(line) > limit {
			return out, false
		}
		pieces := [][]byte{line}
		for _, p := range list {
			var next [][]byte
			for _, piece := range pieces {
				made, ok := naive(p, piece, limit, len(list) == 1)
				if !ok {
					return out, false
				}
				next = append(next, made...)
			}
			pieces = next
		}
		out = append(out, bytes.Join(pieces, nil)...)
	}
	return out, true
}

// naive applies a pattern to a piece as httpd's loops do, with a search from the start for each match.
func naive(p *pattern, piece []byte, limit int, only bool) (out [][]byte, ok bool) {
	space, rest, found := limit, piece, false
	for {
		start, end, repl := -1, -1, []byte(p.to)
		if p.re == nil {
			if start = bytes.Index(rest, p.from); start >= 0 {
				end = start + len(p.from)
			}
		} else if caps := p.re.Find(nil, rest); caps != nil {
			start, end = caps[0], caps[1]
			if !p.literal {
				repl = expand(p.to, rest, caps)
			}
		}
		if start < 0 || start == end && start == 0 && found {
			break
		}
		found = true
		if p.literal && space < start+len(repl) || !p.literal && (space <= start || space-start <= len(repl)) {
			return nil, false
		}
		space -= start + len(repl)
		out = append(out, rest[:start], repl)
		rest = rest[end:]
		if start == end {
			break
		}
	}
	if !found {
		return [][]byte{piece}, true
	}
	if p.literal && (!p.flat || only) && len(rest) > space {
		return nil, false
	}
	out = append(out, rest)
	if p.flat && !only {
		out = [][]byte{bytes.Join(out, nil)}
	}
	var full [][]byte
	for _, o := range out {
		if len(o) > 0 {
			full = append(full, o)
		}
	}
	return full, true
}

// expand replaces $0 to $9.
func expand(to string, subject []byte, caps []int) (out []byte) {
	for i := 0; i < len(to); i++ {
		switch c := to[i]; {
		case c == '\\' && i+1 < len(to):
			i++
			out = append(out, to[i])
		case c == '$' && i+1 < len(to) && to[i+1] >= '0' && to[i+1] <= '9':
			i++
			if n := 2 * int(to[i]-'0'); n < len(caps) && caps[n] >= 0 {
				out = append(out, subject[caps[n]:caps[n+1]]...)
			}
		default:
			out = append(out, c)
		}
	}
	return out
}

// run rewrites a body that comes in pieces of the sizes in splits.
func run(list []*pattern, body, splits []byte, limit int) (out []byte, ok bool) {
	l := lines{patterns: list, max: limit}
	for _, n := range splits {
		n := min(int(n), len(body))
		p := bytes.Clone(body[:n])
		if !l.take(p, false) {
			return l.out, false
		}
		clear(p) // borrowed until take returns
		body = body[n:]
	}
	ok = l.take(body, true)
	return l.out, ok
}

func check(t *testing.T, list []*pattern, body, splits []byte, limit int) {
	t.Helper()
	want, wantOK := whole(list, body, limit)
	got, ok := run(list, body, splits, limit)
	if ok != wantOK || ok && !bytes.Equal(got, want) {
		t.Fatalf("%q in pieces of %v, limit %d: %q %v, want %q %v", body, splits, limit, got, ok, want, wantOK)
	}
}

func TestLines(t *testing.T) {
	bodies := []string{"", "\n", "a", "ab\nab\n", "aaab\r\nb\x00a\n\naa", "x\xe9a\xc3\xa9\n", "foo bar foobar\nbarfoo"}
	lists := [][]string{
		{"s/a/b/"}, {"s/a/bb/n"}, {"s/A/b/ni"}, {"s/a+//"}, {"s/a/b/", "s/bb/c/"}, {"s/a/b/q", "s/bb/c/q"}, {"s/a/b/q", "s/^b/$0c/"}, {"s/aa/a/nq", "s/aa/b/nq", "s/^a/c/"},
		{"s/(fo+)|(bar)/<$1$2$3>/", "s/oo>/x/nq", "s/x$/y/"}, {"s/$/-/"}, {"s/^/-/", "s/x*/y/"}, {"s/\\s*$//"}, {"s/[^a]/é/i"}, {"s/(?<=a)b/X/"}, {"s/\\n/|/"}, {"s/a\\x00?/\\$0/"},
	}
	for _, l := range lists {
		for _, b := range bodies {
			for _, limit := range []int{0, 1, 5, 8, 1 << 20} {
				for _, splits := range [][]byte{nil, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {3, 2, 200}, {0, 4, 0}} {
					check(t, mustParse(t, l...), []byte(b), splits, limit)
				}
			}
		}
	}
}

// FuzzLines compares with a naive implementation over the whole body, for random splits.
func FuzzLines(f *testing.F) {
	f.Add("s/a/b/", "s/b/cc/q", []byte("ab\nba"), []byte{1, 2}, uint16(100))
	f.Add("s|(a)(b)?|$2$1|i", "s|b|x|n", []byte("abAB\x00\r\n"), []byte{3}, uint16(6))
	f.Add("s/$/-/", "s/^/+/q", []byte("a\n\n"), []byte{}, uint16(9))
	f.Fuzz(func(t *testing.T, one, two string, body, splits []byte, limit uint16) {
		var list []*pattern
		for _, text := range []string{one, two} {
			if p, problem := parse(text); problem == "" && (p.re == nil || !p.re.Backtracking()) {
				list = append(list, p)
			}
		}
		if len(list) == 0 || len(body) > 1<<10 {
			return
		}
		check(t, list, body, splits, int(limit))
	})
}

func BenchmarkLines(b *testing.B) {
	body := []byte(strings.Repeat("some text with http://app.internal/path?and=more in it, and more of it\n", 200))
	for _, list := range [][]string{{"s|http://app.internal|https://www.example.com|n"}, {"s|http://app\\.internal|https://www.example.com|"}, {"s/nothing/x/i"}} {
		b.Run(list[0], func(b *testing.B) {
			l := lines{patterns: mustParse(b, list...), max: maxLine}
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				l.take(body, false)
				l.out = l.out[:0]
			}
		})
	}
}
