package logsink

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"
)

// values is a Subject with fixed values.
type values map[string]string

func (v values) AppendErrorItem(dst []byte, letter byte, arg string) []byte {
	return AppendEscaped(dst, v[string(letter)+arg])
}

func TestErrorFormat(t *testing.T) {
	at := time.Date(2026, 11, 2, 18, 7, 6, 833844_000, time.Local)
	subject := values{"eA": "a\nb", "iReferer": "r\"", "v": "www", "L": "id"}
	for _, c := range []struct{ format, want string }{
		{"%M", "AH1: text\\n"},
		{"[%t] [%l] %M", "[Mon Nov 02 18:07:06 2026] [error] AH1: text\\n"},
		{"[%{u}t] [%{cu}t] [%{m}t] %M", "[Mon Nov 02 18:07:06.833844 2026] [2026-11-02 18:07:06.833844] [Mon Nov 02 18:07:06.833 2026] AH1: text\\n"},
		{"%{%Y-%j}t %M", "2026-306 AH1: text\\n"},
		{"%m:%l %E: %M", "proxy:error (111)Connection refused: AH1: text\\n"},
		{"%M e=%{A}e e=%{B}e b=%-{B}e", "AH1: text\\n e=a\\nb b=-"},
		{"%M% , referer %{Referer}i% , gone %{None}i% ;end", "AH1: text\\n, referer r\", gone;end"},
		{"%M% ,\\ gone\\ %{None}i% ;end", "AH1: text\\n;end"},
		{"%7L %3L %2L %M", " id id AH1: text\\n"},
		{"%F %M %{error-request}n", " AH1: text\\n GET /x"},
		{"a\\tb\\\\ %% %M", "a\tb\\ % AH1: text\\n"},
		{"%v %M x%{B}e y", "www AH1: text\\n y"},
	} {
		f, err := ParseErrorFormat(c.format, true)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		l := &ErrorLog{now: func() time.Time { return at }}
		r := &Record{Level: Error, Module: "proxy", ID: "AH1", Err: syscall.ECONNREFUSED, Subject: subject, Request: "GET /x", LogID: "id"}
		if got := string(f.append(nil, l, r, "text\n")); strings.TrimLeft(got, " ") != strings.TrimLeft(c.want, " ") {
			t.Errorf("%s:\n got %q\nwant %q", c.format, got, c.want)
		}
	}
}

func TestErrorFormatRefused(t *testing.T) {
	for format, want := range map[string]string{
		"%t": "must contain", "%+L %M": "'+' flag", "%Q %M": "Unrecognized error log format directive %Q", "%M %{a": "Ran off end", "%M %": "Ran off end",
	} {
		if _, err := ParseErrorFormat(format, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", format, err, want)
		}
	}
}

// A line of the error log is one line, whatever the message and the format, unless
// the format has line ends itself.
func FuzzErrorFormat(f *testing.F) {
	f.Add("[%{u}t] [%-m:%l] [pid %P:tid %T] %7F: %E: [client\\ %a] %M% ,\\ referer\\ %{Referer}i", "a\nb", uint8(3))
	f.Add("% %+L%{x}e%12M", "\x00\xff", uint8(12))
	f.Fuzz(func(t *testing.T, format, text string, level uint8) {
		for _, full := range []bool{true, false} {
			form, err := ParseErrorFormat(format, full)
			if err != nil {
				continue
			}
			l := &ErrorLog{now: time.Now}
			r := &Record{Level: Level(level % 16), Module: "m", Err: errors.New(text), Subject: values{"L": text, "ex": text}, Request: text}
			got := form.append([]byte("before "), l, r, text)
			if !strings.HasPrefix(string(got), "before ") {
				t.Fatalf("%q lost what was before it: %q", format, got)
			}
			if !strings.ContainsAny(format, "\n%\\") && strings.Contains(string(got), "\n") {
				t.Fatalf("%q: %q has several lines", format, got)
			}
		}
	})
}
