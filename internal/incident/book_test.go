package incident

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/fault"
)

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// at makes an incident of second n.
func at(n int, c fault.Cause, status int) *Incident {
	return &Incident{ID: fmt.Sprintf("id%d", n), At: start.Add(time.Duration(n) * time.Second), Named: c, Cause: c.String(), Status: status, Worker: "http://a"}
}

// TestRing: the latest are kept, those of clients apart from the others, so that
// scanners push nothing out.
func TestRing(t *testing.T) {
	var b Book
	b.Add(at(0, fault.BackendRefused, 503))
	for n := 1; n <= 3*KeptClient; n++ {
		b.Add(at(n, fault.MalformedRequest, 400))
	}
	if b.Find("id0") == nil {
		t.Error("the backend's fault was pushed out by the clients'")
	}
	if b.Find("id1") != nil || b.Find(fmt.Sprintf("id%d", 3*KeptClient)) == nil {
		t.Error("not the latest of the clients' are kept")
	}
	if all := b.Last(10*KeptClient, true); len(all) != KeptClient+1 || all[0].ID != fmt.Sprintf("id%d", 3*KeptClient) {
		t.Errorf("%d are kept, the latest is %s", len(all), all[0].ID)
	}
	if own := b.Last(10, false); len(own) != 1 || own[0].ID != "id0" {
		t.Errorf("those to look at: %v", own)
	}
	for n := 1; n <= KeptServer; n++ {
		b.Add(at(10000+n, fault.BackendRefused, 503))
	}
	if b.Find("id0") != nil || b.Find("id10001") == nil {
		t.Error("the oldest was to go")
	}
	if n, same := b.Recent(fault.BackendRefused, "http://a", start.Add(10001*time.Second)); n != KeptServer || same != KeptServer {
		t.Errorf("%d recent, %d of the worker", n, same)
	}
}

// TestSerious: what the server itself did wrong is kept with the backends' faults.
func TestSerious(t *testing.T) {
	for _, row := range []struct {
		cause   fault.Cause
		status  int
		serious bool
	}{
		{fault.BackendRefused, 503, true}, {fault.BodyCut, 200, true}, {fault.ClientGone, 0, false}, {fault.MalformedRequest, 400, false},
		{fault.DeniedByRequire, 403, false}, {fault.DeniedByRequire, 500, true},
	} {
		if got := at(1, row.cause, row.status).serious(); got != row.serious {
			t.Errorf("%s %d: %v", row.cause, row.status, got)
		}
	}
}

// TestKeysAreBounded: hosts and mappings above the limit are counted together, by
// cause.
func TestKeysAreBounded(t *testing.T) {
	var b Book
	for n := range 2 * maxKeys {
		i := at(n, fault.BackendRefused, 503)
		i.Host, i.Rule = fmt.Sprintf("h%d.test", n), "ProxyPass /"
		b.Add(i)
	}
	all, total, other := b.Counts(), int64(0), int64(0)
	for _, c := range all {
		total += c.Count
		if c.Host == Other {
			other = c.Count
		}
	}
	if len(all) > maxKeys+1 || total != 2*maxKeys || other != maxKeys {
		t.Errorf("%d keys, %d counted, %d of them together", len(all), total, other)
	}
	if list := b.Totals(); len(list) != 1 || list[0].Count != 2*maxKeys || list[0].ID != fmt.Sprintf("id%d", 2*maxKeys-1) {
		t.Errorf("%+v", list)
	}
}

// TestManyAtOnce: incidents of many loops while others read.
func TestManyAtOnce(t *testing.T) {
	var b Book
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for n := range 500 {
				i := at(n, fault.BackendRefused, 503)
				b.Add(i)
				if g == 0 {
					b.Last(5, true)
					b.Counts()
					s := b.Tell(i, i.At)
					var text strings.Builder
					if err := s.Write(&text); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if b.Totals()[0].Count != 2000 {
		t.Errorf("%+v", b.Totals())
	}
}

// TestStory: what the story says, and that texts of peers cannot break it.
func TestStory(t *testing.T) {
	var b Book
	i := at(1, fault.FirstByteTimeout, 504)
	i.Method, i.Path, i.Host, i.Rule, i.RuleAt = "GET", "/a\x1b[31m\nb", "www.test", "ProxyPass /a", "site.conf:3"
	i.Message, i.Limit, i.LimitAt, i.Age = "backend await-head: timeout\r\n", "timeout=5", "site.conf:3", 5001
	i.Addr, i.Made = "192.0.2.1:80", 1
	i.Tries = []Try{{Worker: "http://a", Addr: "192.0.2.1:80", Reused: true, Idle: 12, Took: 5000, Cause: "first-byte-timeout"}}
	b.Add(i)
	b.Add(at(2, fault.FirstByteTimeout, 504))
	s := b.Tell(i, i.At.Add(time.Minute))
	var text strings.Builder
	if err := s.Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"id1", "=> 504", "first-byte-timeout", "timeout=5", "site.conf:3", "192.0.2.1:80", "What to try", "2 "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	for _, r := range text.String() {
		if r != '\n' && (r < ' ' || r == 0x7f) {
			t.Errorf("a control character %q in\n%s", r, &text)
		}
	}
	if line := i.Line(); strings.ContainsAny(line, "\n\x1b") {
		t.Errorf("%q", line)
	}
}
