package script

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/testkit"
)

// clause is one row of the table of expectations: how many words it has and how it is checked.
type clause struct {
	words int
	judge func(p *play, args []string) error
}

var clauses = map[string]clause{
	"status":      {1, statusLine(func(r *testkit.Response) string { return strconv.Itoa(r.Status) })},
	"reason":      {1, statusLine(func(r *testkit.Response) string { return r.Reason })},
	"proto":       {1, statusLine(func(r *testkit.Response) string { return r.Proto })},
	"header":      {1, header},
	"header~":     {1, headerMatch},
	"no-header":   {1, noHeader},
	"body":        {1, body},
	"body~":       {1, bodyMatch},
	"body-size":   {1, bodySize},
	"chunk":       {1, chunk},
	"decoded":     {1, decoded},
	"trailer":     {1, trailer},
	"interim":     {1, interim},
	"raw":         {1, raw},
	"closed":      {0, closed},
	"open":        {0, stillOpen},
	"nothing":     {0, nothing},
	"alert":       {1, alert},
	"cut":         {0, cut},
	"saw":         {2, saw},
	"saw~":        {2, sawMatch},
	"saw-not":     {2, sawNot},
	"saw-body":    {2, sawBody},
	"saw-size":    {2, sawSize},
	"saw-trailer": {2, sawTrailer},
	"requests":    {2, requests},
	"conns":       {2, conns},
	"ended":       {2, ended},
	"log~":        {1, func(p *play, a []string) error { return p.logged(a[0], p.server.Logs) }},
	"access~": {1, func(p *play, a []string) error {
		return p.logged(a[0], func() string { return p.server.File("access.log") })
	}},
	"exit": {1, exit},
}

// expect checks the clauses of one line, left to right.
func (p *play) expect(args []string) error {
	for len(args) > 0 {
		c, ok := clauses[args[0]]
		if !ok {
			return fmt.Errorf("unknown clause %q", args[0])
		}
		if len(args) <= c.words {
			return fmt.Errorf("clause %s takes %d words", args[0], c.words)
		}
		if err := c.judge(p, args[1:1+c.words]); err != nil {
			return fmt.Errorf("expect %s: %w", args[0], err)
		}
		args = args[1+c.words:]
	}
	return nil
}

func differs(want, got string) error {
	if want == got {
		return nil
	}
	return fmt.Errorf("want %q, got %q", want, got)
}

func matches(re, text string) error {
	ok, err := regexp.MatchString("(?m)"+re, text)
	if err == nil && !ok {
		err = fmt.Errorf("%q does not match %s", text, re)
	}
	return err
}

// head returns the head of the present response on the current connection.
func (p *play) head() (*testkit.Response, error) {
	c, err := p.talk()
	if err != nil {
		return nil, err
	}
	return c.head()
}

// whole returns the present response with its complete body.
func (p *play) whole() (*testkit.Response, error) {
	c, err := p.talk()
	if err != nil {
		return nil, err
	}
	return c.whole()
}

func statusLine(part func(*testkit.Response) string) func(*play, []string) error {
	return func(p *play, a []string) error {
		r, err := p.head()
		if err != nil {
			return err
		}
		return differs(a[0], part(r))
	}
}

func fieldLines(fs []testkit.Field) string {
	var b strings.Builder
	for _, f := range fs {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// hasField looks for a "Name: value" line among fields; the case of the name does not matter.
func hasField(line string, fs []testkit.Field) error {
	name, value, _ := strings.Cut(line, ":")
	for _, v := range testkit.Lookup(fs, name) {
		if v == strings.TrimSpace(value) {
			return nil
		}
	}
	return fmt.Errorf("want %q among\n%s", line, fieldLines(fs))
}

func header(p *play, a []string) error {
	r, err := p.head()
	if err != nil {
		return err
	}
	return hasField(a[0], r.Fields)
}

func headerMatch(p *play, a []string) error {
	r, err := p.head()
	if err != nil {
		return err
	}
	return matches("(?i)^"+a[0]+"$", fieldLines(r.Fields))
}

func noHeader(p *play, a []string) error {
	r, err := p.head()
	if err == nil && len(testkit.Lookup(r.Fields, a[0])) > 0 {
		err = fmt.Errorf("there is one in\n%s", fieldLines(r.Fields))
	}
	return err
}

func body(p *play, a []string) error {
	r, err := p.whole()
	if err != nil {
		return err
	}
	return differs(a[0], string(r.Body))
}

func bodyMatch(p *play, a []string) error {
	r, err := p.whole()
	if err != nil {
		return err
	}
	return matches(a[0], string(r.Body))
}

// pattern checks that b is size bytes of the fixed pattern.
func pattern(size string, b []byte) error {
	n, err := strconv.Atoi(size)
	if err == nil && string(b) != testkit.Pattern(n) {
		err = fmt.Errorf("not the pattern but %s", testkit.Digest(b))
	}
	return err
}

func bodySize(p *play, a []string) error {
	r, err := p.whole()
	if err != nil {
		return err
	}
	return pattern(a[0], r.Body)
}

func chunk(p *play, a []string) error {
	r, err := p.head()
	if err != nil {
		return err
	}
	return p.clients[p.current].ReadUntil(r, a[0])
}

func decoded(p *play, a []string) error {
	r, err := p.head()
	if err != nil {
		return err
	}
	return p.clients[p.current].ReadDecoded(r, a[0])
}

func trailer(p *play, a []string) error {
	r, err := p.whole()
	if err != nil {
		return err
	}
	return hasField(a[0], r.Trailers)
}

func interim(p *play, a []string) error {
	r, err := p.head()
	if err != nil {
		return err
	}
	for _, i := range r.Interim {
		if strconv.Itoa(i.Status) == a[0] {
			return nil
		}
	}
	return fmt.Errorf("no %s among %d interim responses", a[0], len(r.Interim))
}

// raw is about the bytes after the head of a 101.
func raw(p *play, a []string) error {
	if _, err := p.head(); err != nil {
		return err
	}
	c, err := p.talk()
	if err != nil {
		return err
	}
	got, err := c.Exactly(len(a[0]))
	if err != nil {
		return fmt.Errorf("%w after %q", err, got)
	}
	return differs(a[0], got)
}

func closed(p *play, _ []string) error {
	c, err := p.talk()
	if err == nil {
		err = c.finish()
	}
	if err == nil && !c.Closed() {
		err = errors.New("it is open")
	}
	return err
}

func stillOpen(p *play, _ []string) error {
	c, err := p.talk()
	if err == nil {
		err = c.finish()
	}
	if err == nil && !c.Probe() {
		err = errors.New("it does not answer another request")
	}
	return err
}

func nothing(p *play, _ []string) error {
	c, err := p.talk()
	if err != nil {
		return err
	}
	if _, err = c.head(); err == nil {
		return fmt.Errorf("got status %d", c.resp.Status)
	}
	if c.err != io.EOF {
		return err
	}
	return nil
}

func cut(p *play, _ []string) error {
	_, err := p.whole()
	if !errors.Is(err, testkit.ErrTruncated) {
		return fmt.Errorf("the response ended with %v", err)
	}
	return nil
}

// last returns the last request that an origin saw, waiting until there is one and it is complete.
func (p *play) last(name string) (r testkit.Request, err error) {
	o := p.origins[name]
	if o == nil {
		return r, fmt.Errorf("no origin %s", name)
	}
	ok := testkit.Poll(testkit.Patience, func() bool {
		rs := o.Requests()
		if len(rs) > 0 {
			r = rs[len(rs)-1]
		}
		return len(rs) > 0
	})
	if !ok {
		err = fmt.Errorf("%s saw no request", name)
	}
	return r, err
}

func headOf(r testkit.Request) string { return r.Line + "\n" + fieldLines(r.Fields) }

func saw(p *play, a []string) error {
	r, err := p.last(a[0])
	if err != nil {
		return err
	}
	return matches("^"+regexp.QuoteMeta(a[1])+"$", headOf(r))
}

func sawMatch(p *play, a []string) error {
	r, err := p.last(a[0])
	if err != nil {
		return err
	}
	return matches(a[1], headOf(r))
}

func sawNot(p *play, a []string) error {
	r, err := p.last(a[0])
	if err == nil && matches(a[1], headOf(r)) == nil {
		err = fmt.Errorf("it matches:\n%s", headOf(r))
	}
	return err
}

func sawBody(p *play, a []string) error {
	r, err := p.sawAll(a[0])
	if err != nil {
		return err
	}
	return differs(a[1], string(r.Body))
}

func sawSize(p *play, a []string) error {
	r, err := p.sawAll(a[0])
	if err != nil {
		return err
	}
	return pattern(a[1], r.Body)
}

// sawAll returns the last request of an origin with its complete body.
func (p *play) sawAll(origin string) (r testkit.Request, err error) {
	if !testkit.Poll(testkit.Patience, func() bool { r, err = p.last(origin); return err != nil || r.Complete }) {
		err = errors.New("the body did not come to its end")
	}
	return r, err
}

func sawTrailer(p *play, a []string) error {
	r, err := p.last(a[0])
	if err != nil {
		return err
	}
	return hasField(a[1], r.Trailers)
}

// count waits until a number of the origin a[0] is a[1].
func (p *play) count(a []string, get func(*testkit.Origin) int) error {
	o := p.origins[a[0]]
	if o == nil {
		return fmt.Errorf("no origin %s", a[0])
	}
	got := 0
	if !testkit.Poll(testkit.Patience, func() bool { got = get(o); return strconv.Itoa(got) == a[1] }) {
		return fmt.Errorf("want %s, got %d", a[1], got)
	}
	return nil
}

func requests(p *play, a []string) error {
	return p.count(a, func(o *testkit.Origin) int { return len(o.Requests()) })
}

func conns(p *play, a []string) error {
	return p.count(a, func(o *testkit.Origin) int { n, _ := o.Conns(); return n })
}

func ended(p *play, a []string) error {
	return p.count(a, func(o *testkit.Origin) int { _, n := o.Conns(); return n })
}

func (p *play) logged(re string, text func() string) error {
	var err error
	testkit.Poll(testkit.Patience, func() bool { err = matches(re, text()); return err == nil })
	return err
}

func exit(p *play, a []string) error {
	return differs(a[0], strconv.Itoa(p.server.ExitCode()))
}

// alert expects that the server ends the handshake or connection by an alert.
func alert(p *play, a []string) error {
	err := nothing(p, nil)
	if err == nil || !strings.HasSuffix(err.Error(), "remote error: tls: "+a[0]) {
		return fmt.Errorf("no alert, but %v", err)
	}
	return nil
}
