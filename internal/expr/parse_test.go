package expr

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestRefused has expressions that httpd 2.4.71 refuses, with its messages.
func TestRefused(t *testing.T) {
	tests := []struct{ src, want string }{
		{"", "syntax error, unexpected $end"},
		{"'a'", "syntax error, unexpected $end"},
		{"-T 'a' && ", "syntax error, unexpected $end"},
		{"(true", "syntax error, unexpected $end"},
		{"true)", "syntax error, unexpected ')'"},
		{"true true", "syntax error, unexpected T_TRUE"},
		{"&& true", "syntax error, unexpected T_OP_AND"},
		{"('a') == 'a'", "syntax error, unexpected ')'"},
		{"'a' == 'a' 'b'", "syntax error, unexpected T_STR_BEGIN"},
		{"'a' == true", "syntax error, unexpected T_TRUE"},
		{"a -eq 1", "syntax error, unexpected T_OP_EQ"},
		{"'a' === 'a'", "syntax error, unexpected T_OP_STR_EQ"},
		{"'a' <> 'b'", "syntax error, unexpected T_OP_STR_GT"},
		{"$1$2 == 'x'", "syntax error, unexpected T_REGEX_BACKREF"},
		{"$10 == 'a'", "syntax error, unexpected T_DIGIT"},
		{"'a' == /a/", "syntax error, unexpected T_REGEX"},
		{"'a' =~ 'a'", "syntax error, unexpected T_STR_BEGIN"},
		{"'a' !~ /a", "syntax error, unexpected $end, expecting T_REGEX or T_REGEX_I"},
		{"'a' =~ /a/g", "syntax error, unexpected T_ID"},
		{"'a' =~ /a/ii", "syntax error, unexpected T_ID"},
		{"'a' =~ m_a_", "syntax error, unexpected T_ID"},
		{"'a' =~ m(a(", "syntax error, unexpected T_ID"},
		{"'a' in {}", "syntax error, unexpected '}'"},
		{"'a' in {'a'", "syntax error, unexpected $end"},
		{"'a' in ({'a'})", "syntax error, unexpected '('"},
		{"tolower() == ''", "syntax error, unexpected ')'"},
		{"tolower 'a' == 'a'", "syntax error, unexpected T_STR_BEGIN"},
		{"req('a','b') == 'c'", "syntax error, unexpected ','"},
		{"join({'a'}) == 'a'", "syntax error, unexpected '{'"},
		{"true & false", "Parse error near '&'"},
		{"@foo", "Parse error near '@'"},
		{"--1 == 1", "Parse error near '-'"},
		{"$a == 'a'", "Parse error near '$'"},
		{"'abc", "Unterminated string or variable"},
		{"'a\nb' == 'a'", "Unterminated string or variable"},
		{"%{req:a", "Unterminated string or variable"},
		{"%{req:a'b} == ''", "Unterminated string or variable"},
		{"%{ HTTPS} == 'a'", "Invalid character in variable name ' '"},
		{"%{LA-U:foo} == 'a'", "Invalid character in variable name '-'"},
		{"%{} == 'a'", "syntax error, unexpected T_VAR_END, expecting T_ID"},
		{"%{req:} == ''", "syntax error, unexpected T_VAR_END, expecting T_ERROR or T_STRING or T_REGEX_BACKREF or T_VAR_BEGIN"},
		{`'\400' == 'a'`, "Escape sequence out of bound"},
		{`'\8' == 'a'`, "Bad escape sequence"},
		{`'\1011' == 'A1'`, "Bad escape sequence"},
		{"%{FOO} == 'a'", "Variable 'FOO' does not exist"},
		{"%{TLS_PROTOCOL} == 'x'", "Variable 'TLS_PROTOCOL' does not exist"},
		{"foo('x') == 'a'", "Function 'foo' does not exist"},
		{"'a' in PeerExtList('oid')", "PeerExtList() reads extensions of the client's certificate, which are not supported"},
		{"%{TLS:foo} == 'a'", "Function 'TLS' does not exist"},
		{"hc('body') == 'a'", "Function 'hc' does not exist"},
		{"'a' in tolower('x')", "List-returning function 'tolower' does not exist"},
		{"-Q 'x'", "Unary operator '-Q' does not exist"},
		{"-N 'x'", "Unary operator '-N' does not exist"},
		{"'a' -foo 'b'", "Binary operator '-foo' does not exist"},
		{"-R %{REMOTE_ADDR}", "-R requires subnet/netmask as constant argument"},
		{"-R 10", "-R requires subnet/netmask as constant argument"},
		{"'10.0.0.1' -ipmatch '10.0'.'.0.0/8'", "-ipmatch requires subnet/netmask as constant argument"},
		{"-R '10.0.0.0/99'", "parsing of subnet/netmask failed"},
		{"'a' =~ /(/", "Failed to compile regular expression"},
		{`'a' =~ /a\/b/`, "Failed to compile regular expression"},
		{strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300), "Recursion limit reached"},
		{strings.Repeat("tolower(", 300), "Recursion limit reached"},
		{strings.Repeat("%{tolower:", 300), "Recursion limit reached"},
	}
	for _, tt := range tests {
		_, err := ParseBool(tt.src, Options{})
		var e *ParseError
		if !errors.As(err, &e) || !strings.HasPrefix(e.Reason, tt.want) {
			t.Errorf("%.60q: %v, want %s", tt.src, err, tt.want)
		}
	}
}

func TestSubnets(t *testing.T) {
	for s, ok := range map[string]bool{"10.1": true, "10.1.2.3/255.255.0.0": true, "::/1": true, "localhost": false, "0.0.0.0/0": false, "::ffff:10.0.0.1": false} {
		if _, err := ParseBool("-R '"+s+"'", Options{}); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestRestricted(t *testing.T) {
	for _, src := range []string{"file('a') == ''", "%{filesize:a} == 0"} {
		if _, err := ParseBool(src, Options{Restricted: true}); err == nil || !strings.Contains(err.Error(), "not available in restricted context") {
			t.Errorf("%s: %v", src, err)
		}
		if _, err := ParseBool(src, Options{}); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
	if _, err := ParseBool("-f 'a' || -d 'b'", Options{Restricted: true}); err != nil {
		t.Error(err) // as observed on httpd 2.4.71
	}
	if _, err := ParseString("%{file:a}", Options{Restricted: true}); err == nil {
		t.Error("file allowed in a restricted string")
	}
}

func TestPrint(t *testing.T) {
	tests := []struct{ src, want string }{
		{"not 'a'=='b' and ( true or %{https} ne 1 )", "!'a' == 'b' && (true || %{HTTPS} -ne 1)"},
		{`-R "10/8".""`, ""},
		{`'it\'s %{HTTP_HOST}$1' in {"x", TOLOWER('Y')}`, `'it\'s ' . %{HTTP_HOST} . $1 in {'x', tolower('Y')}`},
		{"!(!('a' =~ m#b/#i))", "'a' =~ m#b/#i"},
		{"! -R '10.0.0.0/8'", "!-R '10.0.0.0/8'"},
	}
	for _, tt := range tests {
		b, err := ParseBool(tt.src, Options{})
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s accepted", tt.src)
			}
			continue
		}
		if err != nil || b.String() != tt.want {
			t.Errorf("%s: %v %v", tt.src, b, err)
		}
	}
}

// inConfig finds expressions in lines of configurations.
var inConfig = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^\s*<(?:Else)?If\s+"([^"]*)">`),
	regexp.MustCompile(`(?m)^\s*RewriteCond\s+expr\s+"([^"]*)"`),
	regexp.MustCompile(`(?m)^\s*Require\s+expr\s+"?([^"\n]*)`),
	regexp.MustCompile(`(?m)^\s*ProxyHCExpr\s+\S+\s+\{(.*)\}`),
	regexp.MustCompile(`(?m)^\s*SetEnvIfExpr\s+"([^"]*)"`),
}

func TestCorpus(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/corpus/*.conf")
	if len(files) == 0 {
		testkit.Skip(t, "no ../shared/corpus here")
	}
	seen := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, re := range inConfig {
			for _, m := range re.FindAllStringSubmatch(string(text), -1) {
				b, err := ParseBool(m[1], withExterns)
				if err != nil {
					t.Errorf("%s: %s: %v", filepath.Base(name), m[1], err)
					continue
				}
				t.Logf("%s: %s", filepath.Base(name), b)
				seen++
			}
		}
	}
	if seen == 0 {
		t.Error("no expression found")
	}
}

func FuzzExpr(f *testing.F) {
	for _, s := range []string{
		"'a' =~ m#(b)#i && $1 != 'x' || !-R '10'", `%{req:a%{HTTPS}\}$1}`, "'a' in {1, tolower('B') . $0}", "%{TIME} -gt -1", `\101 "'%{hc:\0}`,
		"'/a' -strmatch '/[!x-z]*' and not (true or file('dir/full') == 'text')", "%{HTTP_HOST} -ipmatch '::1/7'", "'a' in PeerExtList('oid')",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 500 {
			return
		}
		env, st := newEnv(), &State{}
		if b, err := ParseBool(src, withExterns); err == nil {
			again, err := ParseBool(b.String(), withExterns)
			if err != nil {
				t.Fatalf("%q printed as %q: %v", src, b, err)
			}
			if b.String() != again.String() || b.Uses() != again.Uses() {
				t.Fatalf("%q printed as %q, then %q", src, b, again)
			}
			x, errX := b.Eval(env, st)
			y, errY := again.Eval(env, st)
			if errX == nil && errY == nil && x != y {
				t.Fatalf("%q is %v, %q is %v", src, x, again, y)
			}
		}
		s, err := ParseString(src, withExterns)
		if err != nil {
			return
		}
		again, err := ParseString(s.String(), withExterns)
		if err != nil || s.String() != again.String() {
			t.Fatalf("%q printed as %q: %v", src, s, err)
		}
		x, _ := s.Append(nil, env, st)
		y, _ := again.Append(nil, env, st)
		if string(x) != string(y) {
			t.Fatalf("%q gave %q, %q gave %q", src, x, again, y)
		}
	})
}
