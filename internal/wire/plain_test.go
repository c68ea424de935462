package wire

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/headgate/headgate/internal/message"
)

// tight are limits that short heads reach.
func tight(on bool, l Limits) Limits {
	if on {
		l.Line, l.Field, l.Fields, l.Total = 24, 20, 3, 150
	}
	return l
}

func showResponse(r *message.Response) string {
	return fmt.Sprintf("%d %d %q %v %+v %v %s", r.Version, r.Status, r.Reason, r.Reason == nil, r.Body, r.Close,
		showHeader(&r.Header))
}

// stepsOf delivers the first piece of in, then the rest.
func stepsOf(in []byte, cut int) [][]byte {
	if cut > 0 && cut < len(in) {
		return [][]byte{in[:0], bytes.Clone(in[:cut]), bytes.Clone(in)}
	}
	return [][]byte{in[:0], bytes.Clone(in)}
}

// requestInTwo reads a request by scanning and then parsing, the reference for
// ReadRequest.
func requestInTwo(s *HeadScan, in []byte, r *message.Request, lim *Limits) (int, error) {
	n, err := s.Request(in, lim)
	if n == 0 || err != nil {
		return 0, err
	}
	return n, ParseRequest(in[:n], r, lim)
}

func responseInTwo(s *HeadScan, in []byte, r *message.Response, lim *ResponseLimits) (int, error) {
	n, err := s.Response(in, lim)
	if n == 0 || err != nil {
		return 0, err
	}
	return n, ParseResponse(in[:n], r, lim)
}

// arrive calls read with more and more of in until it has a verdict.
func arrive(in []byte, cut int, read func(*HeadScan, []byte) (int, error)) string {
	var s HeadScan
	for _, piece := range stepsOf(in, cut) {
		if n, err := read(&s, piece); n > 0 || err != nil {
			return fmt.Sprintf("%d %v, clean %v", n, err, s == (HeadScan{}) || n == 0)
		}
	}
	return "more"
}

func sameRequest(t *testing.T, in []byte, cut int, lim *Limits) {
	t.Helper()
	var want, got message.Request
	two := arrive(in, cut, func(s *HeadScan, b []byte) (int, error) { return requestInTwo(s, b, &want, lim) })
	one := arrive(in, cut, func(s *HeadScan, b []byte) (int, error) { return s.ReadRequest(b, &got, lim) })
	one += fmt.Sprintf(" %q %s", got.Line, showRequest(&got))
	two += fmt.Sprintf(" %q %s", want.Line, showRequest(&want))
	if one != two {
		t.Fatalf("%q cut at %d\none pass %s\ntwo %s", in, cut, one, two)
	}
}

func sameResponse(t *testing.T, in []byte, cut int, lim *ResponseLimits) {
	t.Helper()
	var want, got message.Response
	two := arrive(in, cut, func(s *HeadScan, b []byte) (int, error) { return responseInTwo(s, b, &want, lim) })
	one := arrive(in, cut, func(s *HeadScan, b []byte) (int, error) { return s.ReadResponse(b, &got, lim) })
	one += " " + showResponse(&got)
	two += " " + showResponse(&want)
	if one != two {
		t.Fatalf("%q cut at %d\none pass %s\ntwo %s", in, cut, one, two)
	}
}

// Each row, with every byte of it replaced by bytes that matter to a reader.
func TestOnePassAgreesWithTwo(t *testing.T) {
	const odd = "\x00\t\n\r :,;./aH1\x7f\x80\xff"
	for _, small := range []bool{false, true} {
		lim, rlim := tight(small, DefaultLimits()), NewResponseLimits(0)
		rlim.Limits = tight(small, rlim.Limits)
		for _, r := range readRows(t, "testdata/requests.txt") {
			sameRequest(t, []byte(r.input), 0, &lim)
			for i := 0; i < len(r.input) && len(r.input) < 300; i++ {
				b := []byte(r.input)
				b[i] = odd[i%len(odd)]
				sameRequest(t, b, i/2, &lim)
			}
		}
		for _, r := range readRows(t, "testdata/responses.txt") {
			_, l := variant(r.name)
			rlim.BadHeader = l.BadHeader
			sameResponse(t, []byte(r.input), 0, &rlim)
			for i := 0; i < len(r.input) && len(r.input) < 300; i++ {
				b := []byte(r.input)
				b[i] = odd[i%len(odd)]
				sameResponse(t, b, i/2, &rlim)
			}
		}
	}
}

// At each limit, one less and one more, both ways of reading agree.
func TestOnePassKeepsLimits(t *testing.T) {
	request, response := benchRequest[:len(benchRequest):len(benchRequest)], benchResponse
	for n := range 800 {
		for _, set := range []func(*Limits){
			func(l *Limits) { l.Line = n }, func(l *Limits) { l.Field = n },
			func(l *Limits) { l.Fields = n }, func(l *Limits) { l.Total = n },
		} {
			lim, rlim := DefaultLimits(), NewResponseLimits(0)
			set(&lim)
			set(&rlim.Limits)
			sameRequest(t, request, 0, &lim)
			sameResponse(t, response, 0, &rlim)
		}
	}
}

// Common heads are read in one pass.
func TestUsualHeadsArePlain(t *testing.T) {
	lim, rlim := DefaultLimits(), NewResponseLimits(0)
	var q message.Request
	if n, err := plainRequest(benchRequest, &q, &lim); n != len(benchRequest) || err != nil {
		t.Errorf("request: %d, %v", n, err)
	}
	var p message.Response
	if n, err := plainResponse(benchResponse, &p, &rlim.Limits); n != len(benchResponse) || err != nil {
		t.Errorf("response: %d, %v", n, err)
	}
}

// FuzzOnePass: ReadRequest and ReadResponse agree with scanning and parsing one
// after the other, however the bytes arrive.
func FuzzOnePass(f *testing.F) {
	for _, path := range []string{"testdata/requests.txt", "testdata/responses.txt"} {
		for _, r := range readRows(f, path) {
			if len(r.input) < 1000 {
				f.Add([]byte(r.input), uint16(len(r.input)/2), uint8(0), false)
			}
		}
	}
	f.Add(benchRequest, uint16(0), uint8(0), true)
	f.Add(benchResponse, uint16(0), uint8(2), true)
	f.Fuzz(func(t *testing.T, in []byte, cut uint16, policy uint8, small bool) {
		lim, rlim := tight(small, DefaultLimits()), NewResponseLimits(0)
		rlim.Limits, rlim.BadHeader = tight(small, rlim.Limits), BadHeader(policy%3)
		sameRequest(t, in, int(cut), &lim)
		sameResponse(t, in, int(cut), &rlim)
	})
}

// A line is copied from its head only if it reads as its field.
func TestPrintingRunsOfLines(t *testing.T) {
	lim := DefaultLimits()
	edits := []struct {
		name string
		edit func(h *message.Header)
	}{
		{"none", func(*message.Header) {}},
		{"dropped", func(h *message.Header) { h.Del("b") }},
		{"replaced", func(h *message.Header) { h.SetID(message.Cookie, []byte("new")) }},
		{"shorter", func(h *message.Header) { f := h.At(2); f.Value = f.Value[:1] }},
		{"later", func(h *message.Header) { f := h.At(2); f.Value = f.Value[1:] }},
		{"shorter name", func(h *message.Header) { f := h.At(2); f.Name = f.Name[:1] }},
		{"swapped", func(h *message.Header) { a, b := h.At(1), h.At(2); *a, *b = *b, *a }},
		{"twice", func(h *message.Header) { h.Append(message.Other, h.At(1).Name, h.At(1).Value) }},
		{"other's value", func(h *message.Header) { h.At(1).Value = h.At(2).Value }},
	}
	for _, head := range []string{
		"Host: h\r\nA: 1\r\nbb: two\r\nb: 3\r\nCookie: c=d\r\nZ: z\r\n\r\n",
		"Host:h\r\nA:\t1\r\nbb:  two \r\nb:\r\nCookie: c=d \r\nZ: z\r\n\r\n",
		"Host: h\r\nA: 1 2\r\nbb: : x\r\nb: 3\r\ncookie: c=d\r\nCookie: e=f\r\n\r\n",
	} {
		for _, e := range edits {
			var r message.Request
			if err := ParseRequest([]byte("GET / HTTP/1.1\r\n"+head), &r, &lim); err != nil {
				t.Fatal(err)
			}
			e.edit(&r.Header)
			var want []byte
			for i := range r.Header.Len() {
				if f := r.Header.At(i); f.Flags&message.Dropped == 0 {
					want = AppendField(want, string(f.Name), f.Value)
				}
			}
			if got := AppendHeader(nil, &r.Header, 0); !bytes.Equal(got, want) {
				t.Errorf("%s of %q: %q, want %q", e.name, head, got, want)
			}
		}
	}
}
