package wire

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/message"
)

// row is one line of a matrix in testdata.
type row struct {
	name, want, input string
}

var repeated = regexp.MustCompile(`(?s)\{([^{}]*)\*(\d+)\}`)

// expand replaces {s*n} by n times s.
func expand(s string) string {
	return repeated.ReplaceAllStringFunc(s, func(m string) string {
		p := repeated.FindStringSubmatch(m)
		n, _ := strconv.Atoi(p[2])
		return strings.Repeat(p[1], n)
	})
}

func readRows(t testing.TB, path string) (rows []row) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		p := strings.Split(line, "\t")
		if len(p) != 3 {
			t.Fatalf("%s:%d: want three columns", path, n)
		}
		in, err := strconv.Unquote(p[2])
		if err != nil {
			t.Fatalf("%s:%d: %v", path, n, err)
		}
		rows = append(rows, row{p[0], expand(p[1]), expand(in)})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// feed delivers the pieces in which a stream arrives, in one growing buffer.
type feed struct {
	stream []byte
	cuts   []int // ends of all pieces except the last
	got    int   // bytes that have arrived
	used   int   // bytes that the reader has consumed
}

// more delivers the next piece; false when all have arrived.
func (f *feed) more() bool {
	if f.got == len(f.stream) {
		return false
	}
	for len(f.cuts) > 0 {
		next := f.cuts[0]
		f.cuts = f.cuts[1:]
		if next > f.got {
			f.got = next
			return true
		}
	}
	f.got = len(f.stream)
	return true
}

func (f *feed) bytes() []byte { return f.stream[f.used:f.got:f.got] }

func newFeed(stream string, cuts ...int) *feed { return &feed{stream: []byte(stream), cuts: cuts} }

func status(err error) string {
	var b *Bad
	if !errors.As(err, &b) || b.Reason == "" || !b.Close {
		return fmt.Sprintf("not a Bad: %v", err)
	}
	return strconv.Itoa(b.Status)
}

// readBody reads a body of the framing; ok says that its end was found.
func readBody(f *feed, fr message.Framing, trailer *message.Header, lim *Limits, begin func(*Chunks, *message.Header, *Limits)) (s string, ok bool) {
	switch fr.Kind {
	case message.NoBody:
		return "none", true
	case message.Length:
		for int64(f.got-f.used) < fr.Length && f.more() {
		}
		n := min(int64(len(f.bytes())), fr.Length)
		s = fmt.Sprintf("length %q", f.bytes()[:n])
		if f.used += int(n); n < fr.Length {
			return s + " more", false
		}
		return s, true
	case message.UntilClose:
		for f.more() {
		}
		s = fmt.Sprintf("close %q", f.bytes())
		f.used = f.got
		return s, true
	}
	data, err := readChunks(f, trailer, lim, begin)
	s = fmt.Sprintf("chunked %q", data)
	switch {
	case err == errMore:
		s += " more"
	case err == errOverlong:
		s += " overlong"
	case err != nil:
		s += " " + status(err)
	}
	return s, err == nil
}

var (
	errMore     = errors.New("more")
	errOverlong = errors.New("overlong trailer")
)

// readChunks reads a chunked body to its end.
func readChunks(f *feed, trailer *message.Header, lim *Limits, begin func(*Chunks, *message.Header, *Limits)) ([]byte, error) {
	var c Chunks
	var data []byte
	begin(&c, trailer, lim)
	for !c.Done() {
		n, piece, err := c.Next(f.bytes())
		if f.used += n; err != nil {
			return data, err
		}
		data = append(data, piece...)
		if n == 0 && !c.Done() && !f.more() {
			return data, errMore
		}
	}
	if c.Overlong() {
		return data, errOverlong
	}
	return data, nil
}

// plain shows bytes unchanged except for controls and high ones.
func plain(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			fmt.Fprintf(&s, `\x%02x`, c)
		} else {
			s.WriteByte(c)
		}
	}
	return s.String()
}

// judgeRequests reads the stream as a front would and returns what it saw.
func judgeRequests(f *feed) string {
	lim := DefaultLimits()
	var out []string
	for {
		var scan HeadScan
		var r message.Request
		n, err := scan.Request(f.bytes(), &lim)
		for n == 0 && err == nil && f.more() {
			n, err = scan.Request(f.bytes(), &lim)
		}
		if n == 0 && err == nil {
			if len(f.bytes()) > 0 {
				out = append(out, "more")
			}
			break
		}
		if err == nil {
			err = ParseRequest(f.bytes()[:n:n], &r, &lim)
		}
		if err != nil {
			out = append(out, status(err))
			break
		}
		f.used += n
		s, ok := describe(f, &r, &lim)
		out = append(out, s)
		if r.Close || !ok {
			break
		}
	}
	return strings.Join(out, " | ")
}

func describe(f *feed, r *message.Request, lim *Limits) (s string, ok bool) {
	path := plain(r.Path)
	if r.HasQ {
		path += "?" + plain(r.Query)
	}
	s = fmt.Sprintf("%s %s %s ", r.Method, path, r.Host)
	body, ok := readBody(f, r.Body, &r.Trailer, lim, (*Chunks).Reset)
	s += body
	switch r.Form {
	case message.AbsoluteForm:
		s += " abs " + string(r.Scheme)
	case message.AuthorityForm:
		s += " auth"
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
	if r.Expect {
		s += " expect"
	}
	if r.Close {
		s += " close"
	}
	return s, ok
}

func trailerList(h *message.Header) string {
	var l []string
	for i := range h.Len() {
		if f := h.At(i); f.Flags&message.Dropped == 0 {
			l = append(l, fmt.Sprintf("%s:%s", f.Name, f.Value))
		}
	}
	return strings.Join(l, ",")
}

// nominatedList names the fields that are flagged only because Connection lists
// them.
func nominatedList(h *message.Header) string {
	var l []string
	for i := range h.Len() {
		if f := h.At(i); f.Flags&message.Hop != 0 && hopSet>>f.ID&1 == 0 {
			l = append(l, string(f.Name))
		}
	}
	return strings.Join(l, ",")
}

// everyCut tries the stream whole, byte by byte, and in every two pieces (of a
// long one, those near lines and limits).
func everyCut(t *testing.T, in string, judge func(*feed) string) {
	t.Helper()
	whole := judge(newFeed(in))
	if len(in) <= 3000 {
		bytewise := make([]int, len(in))
		for i := range bytewise {
			bytewise[i] = i + 1
		}
		if got := judge(newFeed(in, bytewise...)); got != whole {
			t.Errorf("byte by byte: %s\n  whole: %s", got, whole)
		}
	}
	for i := 1; i < len(in); i++ {
		if len(in) > 3000 && i > 200 && i < len(in)-200 && i%997 != 0 && (i < 8100 || i > 8300) {
			continue
		}
		if got := judge(newFeed(in, i)); got != whole {
			t.Errorf("cut at %d: %s\n  whole: %s", i, got, whole)
			return
		}
	}
}

func TestRequests(t *testing.T) {
	rows := readRows(t, "testdata/requests.txt")
	if len(rows) < 143 {
		t.Errorf("only %d rows", len(rows))
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if got := judgeRequests(newFeed(r.input)); got != r.want {
				t.Errorf("got  %s\nwant %s", got, r.want)
			}
			everyCut(t, r.input, judgeRequests)
		})
	}
}
