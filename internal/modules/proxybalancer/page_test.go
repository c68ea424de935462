package proxybalancer

import (
	"context"
	xmlpkg "encoding/xml"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/worker"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// fixed are balancers that never change, and note what is asked of them.
type fixed struct {
	balancers // what the page does not ask for
	list      []manage.Balancer
	asked     []manage.Change
}

func (f *fixed) List(string) []manage.Balancer                  { return f.list }
func (f *fixed) All() []manage.Balancer                         { return f.list }
func (f *fixed) Lines(string, string) []string                  { return []string{"ProxySet <x>"} }
func (f *fixed) History(manage.Filter) []manage.Entry           { return nil }
func (f *fixed) Undo(manage.Actor, int64) (manage.Entry, error) { return manage.Entry{ID: 9}, nil }

func (f *fixed) Apply(_ manage.Actor, c manage.Change) (manage.Entry, error) {
	f.asked = append(f.asked, c)
	return manage.Entry{ID: int64(len(f.asked))}, nil
}

const evil = `"><script>alert(1)</script>'` + "\x01\xff"

func newRequest(f *fixed) request {
	return request{
		handler: &handler{m: f, trends: new(trends), methods: []string{"byrequests"}, version: "Headgate/test"},
		path:    "/bm", name: evil, now: time.Unix(1700000000, 0),
	}
}

// TestEscapes: nothing that a configuration or a client says becomes markup, in the
// page and in the XML.
func TestEscapes(t *testing.T) {
	f := &fixed{list: []manage.Balancer{{Name: evil, Method: evil, Sticky: evil, Nonce: evil, Members: []manage.Member{{
		URL: evil, Route: evil, Redirect: evil, Why: evil, State: manage.InError, Check: param.CheckParams{Method: "GET", URI: evil},
		Last: &worker.Check{Reason: evil},
	}}}}}
	r := newRequest(f)
	r.form = form{"b": evil, "w": evil, "nonce": evil}
	a, err := respond(context.Background(), r)
	if err != nil || a.status != 200 {
		t.Fatalf("%d %v", a.status, err)
	}
	if n := strings.Count(a.text, "<script>"); n != 1 {
		t.Errorf("%d scripts:\n%s", n, a.text)
	}
	r.form = form{"xml": "1"}
	a, err = respond(context.Background(), r)
	if err != nil || a.kind != textXML {
		t.Fatalf("%s %v", a.kind, err)
	}
	if err := xmlpkg.Unmarshal([]byte(a.text), new(struct{})); err != nil || strings.Contains(a.text, "<script>") {
		t.Errorf("%v in\n%s", err, a.text)
	}
}

// TestPolicy: the Content-Security-Policy permits the script of the page.
func TestPolicy(t *testing.T) {
	a, err := respond(context.Background(), newRequest(new(fixed)))
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(a.text)
	if script == nil || !strings.Contains(policy, "'sha256-"+digest(script[1])+"'") {
		t.Error("the script is not the one that the policy permits")
	}
}

// TestChanges: what forms ask for.
func TestChanges(t *testing.T) {
	const b, m = "app", "http://10.0.0.1"
	set := func(member string, settings ...param.Setting) []manage.Change {
		return []manage.Change{{Balancer: b, Member: member, Op: manage.Set, Settings: settings}}
	}
	for _, tt := range []struct {
		text string
		want []manage.Change
	}{
		{"w=http://10.0.0.1&w_lf=2.5&w_wr=", set(m, param.Setting{Key: "loadfactor", Value: "2.5"}, param.Setting{Key: "route"})},
		{"w=http://10.0.0.1&w_status_D=1&w_status_N=0&w_status_I=1", set(m, param.Setting{Key: "status", Value: "+ID-N"})},
		{"w=http://10.0.0.1&w_status_D=0&w_status_D=1", set(m, param.Setting{Key: "status", Value: "+D"})},
		{"w=http://10.0.0.1&enable=1", set(m, param.Setting{Key: "status", Value: "-NDSC"})},
		{"w=http://10.0.0.1&w_hm=none&w_hi=30000&w_hp=1&w_hf=1&w_hu=&w_he=", nil},
		{"w=http://10.0.0.1&w_hi=500", set(m, param.Setting{Key: "hcinterval", Value: "500ms"})},
		{"w=http://10.0.0.1&remove=1", []manage.Change{{Balancer: b, Member: m, Op: manage.Remove}}},
		{"b_ss=A+|+b&b_sforce=1", set("", param.Setting{Key: "stickysession", Value: "A|b"}, param.Setting{Key: "nofailover", Value: "On"})},
		{"b_ss=&b_tmo=&b_lbm=", nil},
		{"b_max=", set("", param.Setting{Key: "maxattempts"})},
		{"b_nwrkr=http://x&b_wyes=0", nil},
		{"b_nwrkr=http://x&b_wyes=1", []manage.Change{{Balancer: b, Member: "http://x", Op: manage.Add, Settings: []param.Setting{{Key: "status", Value: "+D"}}}}},
		{"b_nwrkr=http://x&b_wyes=1&b_nstart=1", []manage.Change{{Balancer: b, Member: "http://x", Op: manage.Add}}},
	} {
		f := &fixed{list: []manage.Balancer{{Name: b, Nonce: "n", Members: []manage.Member{{URL: m, Check: param.Default().Check}}}}}
		r := newRequest(f)
		r.post, r.form = true, parseForm("b=app&nonce=n&"+tt.text)
		if a, err := respond(context.Background(), r); err != nil || a.status != 200 {
			t.Errorf("%s: %d %v", tt.text, a.status, err)
		}
		if got, want := describe(f.asked), describe(tt.want); got != want {
			t.Errorf("%s: %s, want %s", tt.text, got, want)
		}
	}
}

func describe(list []manage.Change) (text string) {
	for _, c := range list {
		text += string(c.Op) + " " + c.Balancer + " " + c.Member
		for _, s := range c.Settings {
			text += " " + s.Key + "=" + s.Value
		}
		text += "; "
	}
	return text
}

// TestTrends: rates are those of the intervals, and members that are gone are
// forgotten.
func TestTrends(t *testing.T) {
	now := time.Unix(1700000000, 0)
	list := []manage.Balancer{{Name: "b", Members: []manage.Member{{URL: "u"}}}}
	tr := new(trends)
	for i := range kept + 10 {
		m := &list[0].Members[0]
		m.Elected += int64(i)
		m.Responses += 2
		m.Waited += 6 * time.Millisecond
		tr.sample(now.Add(time.Duration(i)*every), list)
	}
	got := tr.of(nameOf(&list[0], &list[0].Members[0]))
	if len(got) != kept || got[kept-1] != (sample{requests: kept + 9, latency: 3}) || got[0].requests != 10 {
		t.Errorf("%d samples, the first %+v, the last %+v", len(got), got[0], got[len(got)-1])
	}
	list[0].Members[0].Elected = 0 // the state is a new one
	tr.sample(now.Add(time.Hour), list)
	if got := tr.of("|b|u"); got[kept-1].requests != 0 {
		t.Errorf("%+v", got[kept-1])
	}
	tr.sample(now.Add(2*time.Hour), nil)
	if tr.of("|b|u") != nil {
		t.Error("a member that is gone is remembered")
	}
}
