package expr

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestTrue and TestFalse have a true and a false case for each operator. Most were
// observed on httpd 2.4.71.
func TestTrue(t *testing.T) {
	for _, src := range []string{
		"true", "!false", "not false", "!!true", "(true)", "true or false and false", "true and false or true",
		"!true || true", "!false && true", "not 'a' == 'b'", "(true || false) && (false || true)",
		"'a' == 'a'", "'a' = 'a'", "'a' != 'b'", "'a' < 'b'", "'b' > 'a'", "'a' <= 'a'", "'a' >= 'a'", "'' < 'a'",
		"'B' < 'a'", `'\200' > 'a'`, "'a'=='a'and'b'=='b'",
		"1 -eq 1", "1 eq 1", "'abc' -eq '0'", "' 12' -eq 12", "'12abc' -eq 12", "'+5' -eq 5", "'' -eq 0", "'-5' -lt -4",
		"'99999999999999999999' -eq 9223372036854775807", "'-99999999999999999999' -lt -9223372036854775807",
		"1 -ne 2", "2 -gt 1", "2 gt 1", "1 -le 1", "1 -ge 1", "1 le 2", "2 ge 2", "1 lt 2", "1 ne 2",
		"'a' in {'b', 'a'}", "'a' -in {'a'}", "'two' in PeerExtList('oid')",
		"'ABC' =~ /b/i", "'abc' !~ /B/", "'a/b' =~ m#a/b#", "'a' =~ m!a!", "'a' =~ m.A.i", "'a' =~ m'a'",
		`unescape('x%0ay') =~ /x.y/`, `'\303\251' =~ /^..$/`, `'a\nb' =~ /a.b/`,
		"-n 'a'", "-z ''", "-T 'on'", "-T '00'", "-T 'n'", "-T 'null'",
		"-d 'dir'", "-e 'empty'", "-f 'empty'", "-s 'dir/full'", "-L 'link'", "-h 'link'", "-x 'prog'",
		"-F 'F'", "-U 'U'", "-A 'U'", "-R '127'", "-R '127.0.0.0/8'", "-R '127.0.0.1'", "! -R '10.0.0.0/8'",
		"%{REMOTE_ADDR} -ipmatch '127.0.0.0/8'", "'::ffff:10.0.0.1' -ipmatch '10'", "'2001:db8::1' -ipmatch '2001:db8::/32'",
		"'10.1.2.3' -ipmatch '10.1.2.0/255.255.255.0'", "'10.1.2.3' -ipmatch '010.1.2.3'", "'fe80::1%lo' -ipmatch 'fe80::/10'",
		"'/a/b' -strmatch '/a*'", "'/A/b' -strcmatch '/a*'", "'/a/b' -fnmatch '/*/b'", "'.a' -fnmatch '*a'",
		"'a]' -strmatch 'a[]]'", "'ab' -strmatch 'a[!c]'", "'ab' -strmatch 'a[^c]'", "'a-' -strmatch 'a[a-]'",
		`'a*' -strmatch 'a\\*'`, "'a[b' -strmatch 'a[b'", "'b' -strcmatch '[A-C]'", "'' -strmatch '*'", "'/a/b' -strmatch '/a[/]b'",
		"%{https} == 'off'", "%{REQUEST_URI} == '/a/b'", "%{REQUEST_STATUS} =~ /^[234]/", "%{SSL_PROTOCOL} == 'TLSv1.3'",
		"hc('body') =~ /RUNNING/", "%{hc:body} =~ /RUNNING/", "%{TIME} == '20261102030405'", "%{TIME_WDAY} == '1'",
		"%{HTTP_HOST} == 'www.example.org'", "%{http:Foo} == 'Bar'", "REQ('Foo') == 'Bar'", "req_novary('Foo') == 'Bar'",
		"reqenv('FOO') == 'bar'", "env('both') == 'note'", "env('FOO') == 'bar'", "env('PATH') == '/bin'", "osenv('both') == 'osenv'",
		"resp('X') == '1'", "note('both') == 'note'", "req('no') == ''", "req('F' . 'oo') == 'Bar'", "%{req:F%{tolower:OO}} == 'Bar'",
		"'abc' =~ /(b)/ && $1 == 'b'", "'abc' =~ /(b)/ && $0 == 'b'", "'abc' =~ /(b)/ && 'x' =~ /x/ && $1 == 'b'",
		"'abc' =~ /(b)/ && $5 == ''", "'abc' =~ /(b)/ && ('x' =~ /(y)/ || $1 == '')", "'abc' =~ /(b)(x)?/ && $2 == ''",
		"'abc' !~ /(x)/ && $1 == ''", "'abc' =~ /(b)/ && 'x$1y' == 'xby'", "'ab' =~ /(a)/ && $1 =~ /(.)/ && $0 == 'a'",
		"'a' . 'b' == 'ab'", "1.2 == '12'", "tolower('A' . 'B') == 'ab'", "'x%{HTTPS}y' == 'xoffy'",
		`'a\x41' == 'ax41'`, `'\101' == 'A'`, `'a\qb' == 'aqb'`, `'a\0b' == 'a'`, `'\0' == ''`, `'a\'b' == "a'b"`,
		"filesize('nonexist') == '0'", "filesize('dir') == '0'", "filesize('dir/full') == 4", "file('dir/full') == 'text'",
		strings.Repeat("!", 3000) + "true", strings.Repeat("false || ", 3000) + "true",
	} {
		if !evalBool(t, src, newEnv()) {
			t.Errorf("%.200s: false", src)
		}
	}
}

func TestFalse(t *testing.T) {
	for _, src := range []string{
		"false", "!true", "!true && false", "true && false", "false || false", "true and not true",
		"'a' == 'b'", "'a' != 'a'", "'b' < 'a'", "'a' > 'b'", "'b' <= 'a'", "'a' >= 'b'", "'a' == 'A'",
		"1 -eq 2", "1 -ne 1", "1 -gt 1", "2 -le 1", "1 -ge 2", "1 -lt 1", "'0x10' -eq 16",
		"'a' in {'b', 'c'}", "'three' in PeerExtList('oid')", "'on' in PeerExtList('oid')",
		"'abc' =~ /B/", "'abc' !~ /b/", "'abc' !~ /B/i", `unescape('x%0a') =~ /x$/`, `'\303\251' =~ /^.$/`, `'\351' =~ /\xc9/i`, `'\351' =~ /\w/`,
		"-n ''", "-z 'a'", "-T 'off'", "-T 'OFF'", "-T 'no'", "-T 'False'", "-T '0'", "-T ''",
		"-d 'empty'", "-e 'nonexist'", "-f 'dir'", "-s 'empty'", "-L 'empty'", "-h 'dir/full'", "-x 'empty'", "-e ''",
		"-F 'U'", "-U 'F'", "-A 'F'", "-R '::1'", "-R '10'", "%{REMOTE_ADDR} -ipmatch '10.0.0.0/8'",
		"'' -ipmatch '127.0.0.1'", "'10.1.2.3' -ipmatch '10.1.99.0/255.0.255.0'", "'10.1.2.3 ' -ipmatch '10'",
		"'10.0.0.1:80' -ipmatch '10'", "'[::1]' -ipmatch '::1'", "'::1' -ipmatch '10'", "'8.1.2.3' -ipmatch '010.1.2.3'", "'1.2.3' -ipmatch '1'",
		"'/a/b' -fnmatch '/a*'", "'a/b' -fnmatch 'a?b'", "'a/b' -fnmatch 'a[!x]b'", "'/a/b' -fnmatch '/a[/]b'", "'/a/' -fnmatch '/a*'",
		`'ab' -strmatch 'a\\*'`, "'a' -strmatch 'a[b'", "'a' -strmatch '[[:alpha:]]'", "'A' -strmatch 'a'", "'/A/b' -strmatch '/a*'",
		"'abc' =~ /(b)/ && ('x' =~ /(y)/ || $1 == 'b')", "'abc' =~ /b/ && $0 == 'b'",
		`'a\'b' == 'a\x27b'`,
	} {
		if evalBool(t, src, newEnv()) {
			t.Errorf("%s: true", src)
		}
	}
}

// TestString has values observed on httpd 2.4.71.
func TestString(t *testing.T) {
	tests := []struct{ src, want string }{
		{"a", "a"}, {"", ""}, {"x%{HTTPS}y", "xoffy"}, {"%{req:Foo}", "Bar"}, {`a\tb`, "a\tb"}, {`a\_b`, "a_b"},
		{`a\101b`, "aAb"}, {"100%", "100%"}, {"%%", "%%"}, {"a}b", "a}b"}, {`a"b'c`, `a"b'c`}, {"$1", ""}, {"a$b", "a$b"}, {"$", "$"},
		{"%{tolower:ABC}", "abc"}, {"%{toupper:%{req:Foo}}", "BAR"}, {`%{toupper:a\351}`, "A\xe9"},
		{"%{escape:a b:c%?d&=+~!*(),;@/é}", "a%20b:c%25%3fd&=+~!*(),;@/%c3%a9"},
		{"%{unescape:a%2fb%41%zz}", ""}, {"%{unescape:a%2fb%41}", "a%2fbA"}, {"%{unescape:a%00b}", ""}, {"%{unescape:a%2Fb+c}", "a%2Fb+c"}, {"%{unescape:a%4}", ""},
		{"%{base64:hello}", "aGVsbG8="}, {`%{base64:\303\251}`, "w6k="},
		{"%{unbase64:aGVsbG8=}", "hello"}, {"%{unbase64:aGVsbG8}", "hello"}, {"%{unbase64:aGVs!bG8=}", "hel"}, {"%{unbase64:a}", ""}, {"%{unbase64:=}", ""},
		{"%{md5:a}", "0cc175b9c0f1b6a831c399e269772661"}, {"%{sha1:a}", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
		{`%{ldap:a*b(c)d\\e}`, `a\2ab\28c\29d\5ce`}, {"%{TIME_YEAR}-%{TIME_MON}-%{TIME_DAY}", "2026-11-02"},
		{"tolower('A')", "tolower('A')"}, {"'a' . 'b'", "'a' . 'b'"}, {"%{env:FOO}", "bar"}, {"%{note:a}", ""}, {"%{resp:X}", "1"},
		{"%{SSL_PROTOCOL}", "TLSv1.3"}, {`a\}%{req:a\}b}`, "a}"},
	}
	for _, tt := range tests {
		s, err := ParseString(tt.src, withExterns)
		if err != nil {
			t.Errorf("%s: %v", tt.src, err)
			continue
		}
		got, err := s.Append([]byte(">"), newEnv(), &State{})
		if err != nil || string(got) != ">"+tt.want {
			t.Errorf("%s: %q %v, want %q", tt.src, got, err, tt.want)
		}
	}
}

func TestGroupsInString(t *testing.T) {
	s, err := ParseString("<$1$2$9>", Options{})
	if err != nil {
		t.Fatal(err)
	}
	st := &State{}
	st.SetGroups([]byte("/rab"), []int{0, 4, 2, 3, 3, 4})
	if got, _ := s.Append(nil, newEnv(), st); string(got) != "<ab>" {
		t.Errorf("%q", got)
	}
	b, err := ParseBool("%{REQUEST_URI} =~ m#^/(.)/(.)#", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := b.Eval(newEnv(), st); !ok || err != nil || string(st.Group(2)) != "b" {
		t.Errorf("%v %v %q", ok, err, st.Group(2))
	}
	st.Reset()
	if got, _ := s.Append(nil, newEnv(), st); string(got) != "<>" {
		t.Errorf("after Reset %q", got)
	}
}

func TestErrors(t *testing.T) {
	b, err := ParseBool("file('nonexist') == 'x' || true", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := b.Eval(newEnv(), &State{}); ok || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v %v", ok, err)
	}
	s, err := ParseString("a%{file:nonexist}b", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Append([]byte("kept"), newEnv(), &State{}); string(got) != "kept" || err == nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestVary(t *testing.T) {
	tests := []struct {
		src  string
		opt  Options
		want []string
	}{
		{"%{HTTP_USER_AGENT} == '' || req('Foo') == 'Bar'", Options{}, []string{"User-Agent", "Foo"}},
		{"%{HTTP_HOST} == '' || req('host') == ''", Options{}, nil},
		{"req_novary('Foo') == ''", Options{}, nil},
		{"%{HTTP_COOKIE} == ''", Options{DontVary: true}, nil},
	}
	for _, tt := range tests {
		b, err := ParseBool(tt.src, tt.opt)
		if err != nil {
			t.Fatal(err)
		}
		env := newEnv()
		if _, err := b.Eval(env, &State{}); err != nil || !slices.Equal(env.vary, tt.want) {
			t.Errorf("%s: %v %v", tt.src, env.vary, err)
		}
	}
}

func TestUses(t *testing.T) {
	tests := []struct {
		src  string
		want Uses
	}{
		{"true", 0}, {"%{REQUEST_URI} == 'a'", 0}, {"resp('a') == ''", UsesResponse}, {"%{REQUEST_STATUS} -eq 200", UsesResponse},
		{"%{REMOTE_USER} == $1", UsesUser | UsesGroups}, {"-f %{REQUEST_FILENAME}", UsesFiles | UsesFilename},
		{"-U 'x' && req('a') == env('b')", UsesSubrequest | UsesHeaders | UsesEnv}, {"hc('body') == ''", UsesExtern},
	}
	for _, tt := range tests {
		b, err := ParseBool(tt.src, withExterns)
		if err != nil || b.Uses() != tt.want {
			t.Errorf("%s: %b %v", tt.src, b.Uses(), err)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		testkit.Skip(t, "allocations are not counted under the race detector")
	}
	env, st := newEnv(), &State{}
	env.remote = netip.MustParseAddr("10.1.2.3")
	for _, src := range []string{
		"%{HTTPS} == 'off'", "%{REQUEST_URI} =~ m#^/a#", "%{REQUEST_URI} =~ m#^/(.*)$# && $1 == 'a/b'", "%{REMOTE_ADDR} -ipmatch '10.0.0.0/8'",
		"'10.1.2.3' -ipmatch '10.0.0.0/8'", "-R '10'", "'x%{HTTPS}y' in {'a', 'xoffy'}", "tolower(req_novary('Foo')) == 'bar'", "%{REQUEST_STATUS} -ge 400",
		"%{REQUEST_URI} -strmatch '/a/*'",
	} {
		b, err := ParseBool(src, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := b.Eval(env, st); !ok || err != nil {
			t.Errorf("%s: %v %v", src, ok, err)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = b.Eval(env, st) }); n != 0 {
			t.Errorf("%s: %v allocations", src, n)
		}
	}
	s, err := ParseString("%{REQUEST_SCHEME}://%{HTTP_HOST}:%{SERVER_PORT}%{REQUEST_URI}", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var dst []byte
	run := func() { dst, _ = s.Append(dst[:0], env, st) }
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 || string(dst) != "http://www.example.org:8080/a/b" {
		t.Errorf("%q: %v allocations", dst, n)
	}
}

func BenchmarkEval(b *testing.B) {
	env, st := newEnv(), &State{}
	for _, src := range []string{"%{HTTPS} == 'off'", "%{HTTP_HOST} !~ /^.*\\.onion$/i", "%{REMOTE_ADDR} -ipmatch '10.0.0.0/8'"} {
		e, err := ParseBool(src, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(src, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = e.Eval(env, st)
			}
		})
	}
}
