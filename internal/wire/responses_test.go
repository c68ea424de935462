package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/message"
)

// judgeResponses reads the stream as a backend engine would and returns what it
// saw. A refusal of a head that is not about its size is a 502 whatever its
// Status is.
func judgeResponses(f *feed, verb message.Method, lim *ResponseLimits) string {
	var out []string
	for {
		var scan HeadScan
		var r message.Response
		n, err := scan.Response(f.bytes(), lim)
		for n == 0 && err == nil && f.more() {
			n, err = scan.Response(f.bytes(), lim)
		}
		if n == 0 && err == nil {
			if len(f.bytes()) > 0 {
				out = append(out, "more")
			}
			break
		}
		if err == nil {
			err = ParseResponse(f.bytes()[:n:n], &r, lim)
		}
		if err == nil {
			r.Body, err = FrameResponse(&r, verb)
		}
		if err != nil {
			s := status(err)
			if s == "400" || s == "501" {
				s = "502"
			}
			out = append(out, s)
			break
		}
		f.used += n
		s, ok := describeResponse(f, &r, &lim.Limits)
		out = append(out, s)
		if r.Close || !ok {
			break
		}
	}
	return strings.Join(out, " | ")
}

func describeResponse(f *feed, r *message.Response, lim *Limits) (string, bool) {
	body, ok := readBody(f, r.Body, &r.Trailer, lim, (*Chunks).ResetResponse)
	s := fmt.Sprintf("%d %s %s", r.Status, plain(r.Reason), body)
	if v, ok := r.Header.Get(message.ContentLength); ok && r.Body.Kind == message.NoBody {
		s += " cl " + string(v)
	}
	var l []string
	for i := range r.Header.Len() {
		f := r.Header.At(i)
		switch f.ID {
		case message.Other, message.SetCookie:
			if f.Flags == 0 {
				l = append(l, fmt.Sprintf("%s: %s", f.Name, plain(f.Value)))
			}
		}
	}
	if l != nil {
		s += " [" + strings.Join(l, ",") + "]"
	}
	if t := trailerList(&r.Trailer); t != "" {
		s += " trailer " + t
	}
	if u := UpgradeOf(&r.Header); u != nil {
		s += " upgrade " + string(u)
	}
	if t := nominatedList(&r.Header); t != "" {
		s += " hop " + t
	}
	if r.Close {
		s += " close"
	}
	return s, ok
}

// variant reads the text after the slash of a row's name.
func variant(name string) (message.Method, ResponseLimits) {
	verb, lim := message.GET, NewResponseLimits(0)
	_, v, _ := strings.Cut(name, "/")
	switch v {
	case "HEAD":
		verb = message.HEAD
	case "CONNECT":
		verb = message.CONNECT
	case "ignore":
		lim.BadHeader = BadIgnore
	case "startbody":
		lim.BadHeader = BadStartBody
	}
	return verb, lim
}

func TestResponses(t *testing.T) {
	for _, r := range readRows(t, "testdata/responses.txt") {
		t.Run(r.name, func(t *testing.T) {
			verb, lim := variant(r.name)
			judge := func(f *feed) string { return judgeResponses(f, verb, &lim) }
			if got := judge(newFeed(r.input)); got != r.want {
				t.Errorf("got  %s\nwant %s", got, r.want)
			}
			everyCut(t, r.input, judge)
		})
	}
}

// A folded head is edited in place and must read the same again.
func TestFoldedHeadReadsTwice(t *testing.T) {
	head := []byte("HTTP/1.1 200 OK\r\nX: a\r\n  b\r\n\tc  \r\nY:\r\n d\r\nAge: 1\r\n\r\n")
	lim := NewResponseLimits(0)
	var first, second message.Response
	if err := ParseResponse(head, &first, &lim); err != nil {
		t.Fatal(err)
	}
	want := string(AppendHeader(nil, &first.Header, 0))
	if err := ParseResponse(head, &second, &lim); err != nil {
		t.Fatal(err)
	}
	if got := string(AppendHeader(nil, &second.Header, 0)); got != want || want != "X: a b c\r\nY: d\r\nAge: 1\r\n" {
		t.Errorf("first %q, second %q", want, got)
	}
}

// The number of fields is limited by the total size, which grows with the
// longest allowed line.
func TestResponseTotal(t *testing.T) {
	for _, row := range []struct {
		field, count int
		ok           bool
	}{{0, 20_000, true}, {0, 30_000, false}, {8192, 20_000, true}, {100, 20_000, true}, {100, 30_000, false}, {16 << 10, 40_000, true}, {16 << 10, 60_000, false}} {
		lim := NewResponseLimits(row.field)
		fields := strings.Repeat("Age: 1\r\n", row.count)
		var scan HeadScan
		head := "HTTP/1.1 200 OK\r\n" + fields + "\r\n"
		n, err := scan.Response([]byte(head), &lim)
		if row.ok && (err != nil || n != len(head)) || !row.ok && err != errHeadSize {
			t.Errorf("responsefieldsize=%d, %d fields: %d, %v", row.field, row.count, n, err)
		}
		var r message.Response
		data, err := readChunks(newFeed("2\r\nhi\r\n0\r\n"+fields+"\r\n"), &r.Trailer, &lim.Limits, (*Chunks).ResetResponse)
		if row.ok && err != nil || !row.ok && err != errOverlong || string(data) != "hi" {
			t.Errorf("responsefieldsize=%d, %d trailer fields: %q, %v", row.field, row.count, data, err)
		}
	}
}
