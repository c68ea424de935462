package syntax

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestWord(t *testing.T) {
	rows := []struct{ in, word, rest string }{
		{``, ``, ``},
		{"  \t ", ``, ``},
		{`a  b`, `a`, `b`},
		{`"a b"  c`, `a b`, `c`},
		{`'a b'c`, `a b`, `c`},
		{`"a\"b" c`, `a"b`, `c`},
		{`"a\'b" c`, `a\'b`, `c`},
		{`'a\'b' c`, `a'b`, `c`},
		{`"a\\" c`, `a\`, `c`},
		{`"a\nb"`, `a\nb`, ``},
		{`"open to the end`, `open to the end`, ``},
		{`"open \`, `open \`, ``},
		{`"open \"`, `open "`, ``},
		{`"`, ``, ``},
		{`"" x`, ``, `x`},
		{`a\ b`, `a\`, `b`},
		{`a\\b`, `a\b`, ``},
		{`a\"b c`, `a\"b`, `c`},
		{`a"b c"`, `a"b`, `c"`},
		{`\\\ x`, `\\`, `x`},
		{"a\vb", `a`, `b`},
		{`"x"# y`, `x`, `# y`},
	}
	for _, r := range rows {
		if w, rest := Word(r.in); w != r.word || rest != r.rest {
			t.Errorf("Word(%q) = %q, %q; want %q, %q", r.in, w, rest, r.word, r.rest)
		}
	}
	got := Words(`  set X-A "b \"c\"" '' # d`)
	if want := []string{"set", "X-A", `b "c"`, "", "#", "d"}; !reflect.DeepEqual(got, want) {
		t.Errorf("Words = %q, want %q", got, want)
	}
}

func TestLines(t *testing.T) {
	rows := []struct {
		in   string
		want []string // "line text"
	}{
		{"", nil},
		{"a\nb", []string{"1 a", "2 b"}},
		{"  a \t\r\n\r\n\tb\r\n", []string{"1 a", "2 ", "3 b"}},
		{"a \\\n  b\\\nc\nd\n", []string{"1 a   bc", "4 d"}},
		{"a \\\r\n  b\r\nc", []string{"1 a   b", "3 c"}},
		{"# x \\\nListen 80\nb", []string{"1 # x Listen 80", "3 b"}},
		{"a \\ \nb", []string{`1 a \`, "2 b"}}, // a blank after the backslash
		{"a \\", []string{`1 a \`}},            // no end of line after it
		{"a \\\n", []string{"1 a"}},
		{"\\\n", []string{"1 "}},
		{"a\\\\\nb\nc", []string{`1 a\b`, "3 c"}}, // one backslash is eaten, the other stays
		{"a\\\\\n\nb\nc", []string{`1 ab`, "4 c"}},
		{"a\x00b \\\nc\n", []string{"1 a", "2 c"}},
		{"a\rb", []string{"1 a\rb"}},
	}
	for _, r := range rows {
		var got []string
		rd := NewReader("f", r.in)
		for l, ok, err := rd.Next(); ok; l, ok, err = rd.Next() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%d %s", l.Pos.Line, l.Text))
		}
		if !reflect.DeepEqual(got, r.want) {
			t.Errorf("%q: %q, want %q", r.in, got, r.want)
		}
	}
}

func TestLineTooLong(t *testing.T) {
	for _, in := range []string{"a\n" + strings.Repeat("x", MaxLine+1), "a\n" + strings.Repeat("x", MaxLine) + "\\\nxxx"} {
		r := NewReader("f", in)
		if _, _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if l, _, err := r.Next(); err != ErrLineTooLong || l.Pos.Line != 2 {
			t.Errorf("got %v at %v", err, l.Pos)
		}
	}
}

func TestInsertedLines(t *testing.T) {
	r := NewReader("f", "one\ntwo\nthree\n")
	next := func() Line { l, _, _ := r.Next(); return l }
	next()
	r.Insert([]string{"a\n", "b\n"}, []Pos{{"m", 7}, {"m", 9}}, &Expansion{Macro: "x", Source: "macro 'x'", Used: Pos{"f", 1}})
	var got []string
	for range 4 {
		l := next()
		got = append(got, l.Text+" "+l.Pos.String()+" "+l.Site().Where())
	}
	want := []string{
		"a m:7 line 1 of macro 'x'", "b m:9 line 2 of macro 'x'",
		"two f:2 line 2 of f", "three f:3 line 3 of f",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestParseHead(t *testing.T) {
	rows := []struct {
		in   string
		want Head
	}{
		{``, Head{}},
		{`# Listen 80`, Head{}},
		{`""`, Head{}},
		{`Listen 80 # x`, Head{Kind: Directive, Name: "Listen", Args: "80 # x"}},
		{`"Listen" 80`, Head{Kind: Directive, Name: "Listen", Args: "80"}},
		{`Listen> 80`, Head{Kind: Directive, Name: "Listen", Args: "80"}},
		{`<VirtualHost *:80>`, Head{Kind: Open, Name: "VirtualHost", Args: "*:80>"}},
		{`<Else>`, Head{Kind: Open, Name: "Else", Args: ">"}},
		{`<Else >`, Head{Kind: Open, Name: "Else", Args: ">"}},
		{`<Else> # x`, Head{Kind: Open, Name: "Else", Args: "# x"}},
		{`</Location>`, Head{Kind: Close, Name: "Location"}},
		{`</Location> </If>`, Head{Kind: Close, Name: "Location", Args: "</If>"}},
		{`</Location >`, Head{Kind: Close, Name: "Location", Args: ">", Bare: true}},
		{`< /Location>`, Head{Kind: Open, Name: "", Args: "/Location>"}},
	}
	for _, r := range rows {
		if got := ParseHead(r.in); got != r.want {
			t.Errorf("ParseHead(%q) = %+v, want %+v", r.in, got, r.want)
		}
	}
	for line, want := range map[string]bool{
		"</IfModule>": true, "</ifmodule>": true, "</IfModule> x": false, "</IfModule": false, "<IfModule>": false, "": false,
	} {
		if IsCloseOf(line, "IfModule") != want {
			t.Errorf("IsCloseOf(%q) != %v", line, want)
		}
	}
}

// dump prints a tree without its positions.
func dump(n *Node) string {
	var b strings.Builder
	for depth, c := range n.All() {
		fmt.Fprintf(&b, "%s%q %q %v\n", strings.Repeat(" ", depth), c.Name, c.Args, c.Section)
	}
	return b.String()
}

func TestParseReportsOneErrorPerMistake(t *testing.T) {
	rows := []struct {
		name, in string
		want     []string
	}{
		{"fine", "<A x>\n<B>\nC d\n</b>\n</a>\n", nil},
		{"stray close", "</A>\nB\n", []string{"f:1: A: </A> without matching <A> section"}},
		{"stray close, no bracket", "</A\n", []string{"f:1: A: </A without matching <A section"}},
		{"not closed", "<A>\n<B x>\n", []string{"f:2: <B> was not closed.", "f:1: <A> was not closed."}},
		{"inner forgotten", "<A>\n<B>\n</A>\nC\n", []string{"f:3: A: Expected </B> but saw </A>"}},
		{"misspelt end", "<Location /x>\n</Loaction>\nC\n", []string{"f:2: Loaction: Expected </Location> but saw </Loaction>"}},
		{"wrong end", "<A>\n<Location />\n</Directory>\n</A>\n", []string{"f:3: Directory: Expected </Location> but saw </Directory>"}},
		{"blank in end", "<Location />\n</Location >\nC\n", []string{"f:2: Location: </Location> directive missing closing '>'"}},
		{"no bracket", "<Location /\nC\n</Location>\n", []string{"f:1: <Location> directive missing closing '>'"}},
		{"comment after Else", "<Else> # x\n</Else>\n", []string{"f:1: <Else> directive missing closing '>'"}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			_, faults := Parse("f", r.in)
			var got []string
			for _, d := range faults {
				got = append(got, d.String())
			}
			if !reflect.DeepEqual(got, r.want) {
				t.Errorf("got  %q\nwant %q", got, r.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	const in = `
# gone
 <VirtualHost   *:80 [::]:80> # gone too
Listen "a b"   c \
   d
<Else>
"odd name" x\\y
</Else>
</VirtualHost> ignored
Last \ `
	const want = `<VirtualHost *:80 [::]:80>
	Listen "a b"   c    d
	<Else>
		"odd name" x\\y
	</Else>
</VirtualHost>
Last \` + " \n"
	root, faults := Parse("f", in)
	if got := Format(root); got != want || faults != nil {
		t.Errorf("got %q, %v", got, faults)
	}
	if root.Children[0].Pos != (Pos{"f", 3}) || root.Children[0].Children[0].Pos.Line != 4 || root.Children[1].Pos.Line != 10 {
		t.Error("a node does not stand where its line begins")
	}
}

func checkStable(t *testing.T, text string) {
	t.Helper()
	first, _ := Parse("f", text)
	printed := Format(first)
	second, faults := Parse("f", printed)
	if len(faults) != 0 {
		t.Fatalf("printed text has faults: %v\n%q", faults, printed)
	}
	if a, b := dump(first), dump(second); a != b {
		t.Fatalf("tree changed:\n%s\n%s\nprinted %q", a, b, printed)
	}
	if again := Format(second); again != printed {
		t.Fatalf("print is not stable:\n%q\n%q", printed, again)
	}
}

func TestOddTextsPrintStably(t *testing.T) {
	for _, s := range []string{
		">", "a>>", "<a>>\n</a>>", "<>\n</>", "< x\n", "\"#x\" y", `"<a b" c>`, "\"<a b>\"", `a\\\\b c\`, `"a\` + "\n", "x/> >", "<a> b>c>d\n",
	} {
		checkStable(t, s)
	}
}

func TestCorpusPrintsStably(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/corpus/*.conf")
	if len(files) == 0 {
		testkit.Skip(t, "../shared/corpus is not here")
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(f), func(t *testing.T) { checkStable(t, string(text)) })
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"ProxyPass", "ProxyPassMatch", "Listen", "Use", "Header"}
	for in, want := range map[string]string{
		"ProxyPas": "ProxyPass", "proxypsas": "ProxyPass", "Lisen": "Listen", "listn": "Listen", "USE": "", "Us": "Use",
		"Xyz": "", "Headers": "Header", "ProxyTimeout": "", "": "",
	} {
		if got := Suggest(in, known); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", in, got, want)
		}
	}
	if got := DidYouMean("Lsiten", known); got != "did you mean Listen?" {
		t.Error(got)
	}
}

func TestTrailingComment(t *testing.T) {
	for in, want := range map[string]bool{
		`5 # seconds`: true, `5 #seconds`: true, `#5`: false, `"#5" x`: false, `a "#b"`: false, `a#b c#`: false, ``: false,
	} {
		if (TrailingComment(in) == CommentHint) != want {
			t.Errorf("TrailingComment(%q) != %v", in, want)
		}
	}
}

func TestDiagnosticForms(t *testing.T) {
	inner := &Expansion{Macro: "in", Source: "macro 'in'", Line: 2, Used: Pos{"f", 9}}
	rows := []struct {
		d           Diagnostic
		text, httpd string
	}{
		{Diagnostic{Pos: Pos{"f", 3}, ID: WalkError, Directive: "Listen", Text: "Port must be specified", Hint: "try 80"},
			"f:3: Listen: Port must be specified (try 80)", "AH00526: Syntax error on line 3 of f:\nPort must be specified"},
		{Diagnostic{Pos: Pos{"f", 3}, ID: "AH00111", Text: "Config variable ${x} is not defined"},
			"f:3: Config variable ${x} is not defined", "AH00111: Config variable ${x} is not defined"},
		{Diagnostic{Pos: Pos{"g", 1}, Text: "bad", Includes: []Site{{Pos: Pos{"f", 3}}}},
			"g:1: bad", "Syntax error on line 3 of f: Syntax error on line 1 of g: bad"},
		{Diagnostic{Pos: Pos{"f", 5}, Text: "bad", Macro: inner},
			"f:5: bad; in macro 'in' used at f:9", "Syntax error on line 2 of macro 'in': bad"},
		{Diagnostic{Pos: Pos{CommandLine, 1}, Text: "bad"}, CommandLine + ":1: bad", "Syntax error in -C/-c directive: bad"},
	}
	for _, r := range rows {
		if got := r.d.String(); got != r.text {
			t.Errorf("String: %q, want %q", got, r.text)
		}
		if got := r.d.Httpd(); got != r.httpd {
			t.Errorf("Httpd: %q, want %q", got, r.httpd)
		}
	}
}
