package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/headgate/headgate/internal/message"
)

// printRequest prints a request as a head, every field of it.
func printRequest(r *message.Request) []byte {
	b := AppendRequestLine(nil, r.Method, r.Target, r.Version)
	return AppendEnd(AppendHeader(b, &r.Header, 0))
}

// showRequest prints everything in a request, for comparing.
func showRequest(r *message.Request) string {
	return fmt.Sprintf("%q %d %q %d %q %q %q %q %v %d %q %+v %v %v %q", r.Method, r.Verb, r.Target, r.Form, r.Scheme,
		r.Auth, r.Path, r.Query, r.HasQ, r.Version, r.Host, r.Body, r.Expect, r.Close, showHeader(&r.Header))
}

func showHeader(h *message.Header) string {
	var b bytes.Buffer
	for i := range h.Len() {
		f := h.At(i)
		fmt.Fprintf(&b, "%d %q %q %d\n", f.ID, f.Name, f.Value, f.Flags)
	}
	return b.String()
}

func checkFields(t *testing.T, h *message.Header) {
	for i := range h.Len() {
		f := h.At(i)
		if !ValidName(f.Name) || !ValidValue(f.Value) || bytes.ContainsAny(f.Value, "\r\n\x00") {
			t.Fatalf("field %q: %q was accepted", f.Name, f.Value)
		}
		if !bytes.Equal(trim(f.Value), f.Value) {
			t.Fatalf("value %q is not trimmed", f.Value)
		}
	}
}

// FuzzRequest: an accepted request prints and reads again as the same request,
// the printed head is one head, and the pieces in which bytes arrive change
// nothing.
func FuzzRequest(f *testing.F) {
	for _, r := range readRows(f, "testdata/requests.txt") {
		if len(r.input) < 1000 {
			f.Add([]byte(r.input), uint16(len(r.input)/2))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		whole := judgeRequests(newFeed(string(in)))
		if n := int(cut); n < len(in) {
			if got := judgeRequests(newFeed(string(in), n)); got != whole {
				t.Fatalf("cut at %d: %s\nwhole: %s", n, got, whole)
			}
		}
		lim := DefaultLimits()
		var r message.Request
		if ParseRequest(bytes.Clone(in), &r, &lim) != nil {
			return
		}
		checkFields(t, &r.Header)
		if !ValidName(r.Method) || !ValidTarget(r.Target) {
			t.Fatalf("line %q was accepted", r.Line)
		}
		printed := printRequest(&r)
		var scan HeadScan
		if n, err := scan.Request(append(printed, "GET"...), &lim); err == nil && n != len(printed) {
			t.Fatalf("printed %q ends at %d", printed, n)
		}
		var again message.Request
		if err := ParseRequest(printed, &again, &lim); err != nil {
			t.Fatalf("printed %q: %v", printed, err)
		}
		if a, b := showRequest(&r), showRequest(&again); a != b {
			t.Fatalf("read  %s\nagain %s", a, b)
		}
	})
}

// FuzzResponse: like FuzzRequest; leniency matters in the first reading only.
func FuzzResponse(f *testing.F) {
	for _, r := range readRows(f, "testdata/responses.txt") {
		if len(r.input) < 1000 {
			verb, lim := variant(r.name)
			f.Add([]byte(r.input), uint16(len(r.input)/2), verb == message.HEAD, uint8(lim.BadHeader))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16, head bool, policy uint8) {
		lim := NewResponseLimits(0)
		lim.BadHeader = BadHeader(policy % 3)
		verb := message.GET
		if head {
			verb = message.HEAD
		}
		whole := judgeResponses(newFeed(string(in)), verb, &lim)
		if n := int(cut); n < len(in) {
			if got := judgeResponses(newFeed(string(in), n), verb, &lim); got != whole {
				t.Fatalf("cut at %d: %s\nwhole: %s", n, got, whole)
			}
		}
		var r, again message.Response
		if ParseResponse(bytes.Clone(in), &r, &lim) != nil {
			return
		}
		checkFields(t, &r.Header)
		b := AppendStatusLine(nil, r.Version, r.Status, r.Reason)
		b = AppendEnd(AppendHeader(b, &r.Header, 0))
		if err := ParseResponse(b, &again, &lim); err != nil {
			t.Fatalf("printed %q: %v", b, err)
		}
		if x, y := showHeader(&r.Header), showHeader(&again.Header); x != y ||
			r.Status != again.Status || !bytes.Equal(r.Reason, again.Reason) || (again.Close && !r.Close) {
			t.Fatalf("read  %s\nagain %s", x, y)
		}
		b1, e1 := FrameResponse(&r, verb)
		b2, e2 := FrameResponse(&again, verb)
		if e1 != e2 || b1 != b2 {
			t.Fatalf("framing %+v %v, again %+v %v", b1, e1, b2, e2)
		}
	})
}

// FuzzChunks: however the bytes are split, data, trailers and verdict are the
// same, and an accepted body is the same when it is printed and read again.
func FuzzChunks(f *testing.F) {
	for _, s := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "5;a=\"b\\\"\"\r\nhello\r\n0;x\r\nX: y\r\n\r\nGET", "5 ;a\r\nhello\r\n00\r\n\r\n",
		"5 \t \r\nhello\r\n0 \r\n\r\n", "0000000000000000000000000000005\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"ffffffffffffffff\r\n", "7fffffffffffffff\r\nx", "1\r\na\r\n1\r\nb\r\n0\r\nHost: h\r\n\r\n", "5\nhello", "0\r\n\r\r\n",
	} {
		f.Add([]byte(s), uint16(3), uint16(8), false)
		f.Add([]byte(s), uint16(3), uint16(8), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, a, b uint16, response bool) {
		lim, begin := DefaultLimits(), (*Chunks).Reset
		if response {
			begin = (*Chunks).ResetResponse
		}
		read := func(cuts ...int) (text string, data []byte, h *message.Header, used int, err error) {
			h = new(message.Header)
			f := newFeed(string(in), cuts...)
			data, err = readChunks(f, h, &lim, begin)
			return fmt.Sprintf("%q %s %v", data, showHeader(h), err), data, h, f.used, err
		}
		whole, data, h, used, err := read()
		steps := make([]int, 0, 64)
		for i := 1; i <= min(len(in), 64); i++ {
			steps = append(steps, i)
		}
		for _, cuts := range [][]int{{min(int(a), len(in)), min(int(b), len(in))}, steps} {
			if got, _, _, n, _ := read(cuts...); got != whole || (err == nil && n != used) {
				t.Fatalf("cuts %v: %s\nwhole: %s", cuts, got, whole)
			}
		}
		if err != nil {
			return
		}
		checkFields(t, h)
		var out []byte
		if len(data) > 0 {
			out = AppendChunkEnd(append(AppendChunkHead(out, int64(len(data))), data...))
		}
		out = AppendLastChunk(out, h)
		in = out
		begin = (*Chunks).Reset // a printed body satisfies the strict reader
		again, _, _, _, err := read()
		if err != nil {
			t.Fatalf("printed %q: %v (%s)", out, err, again)
		}
	})
}
