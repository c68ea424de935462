package balancer

import (
	"slices"
	"testing"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/uri"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// define makes a balancer with members and parameters.
func define(t *testing.T, defs *Definitions, name string, members []string, settings ...param.Setting) {
	t.Helper()
	d := defs.Define(name, syntax.Pos{})
	d.Set = len(settings) > 0
	if err := d.Params.SetAll(param.OfBalancer, settings, &param.Known{HealthCheck: true}); err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		u, err := uri.Parse(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Members.Define(u, nil, &param.Known{}, syntax.Pos{}); err != nil {
			t.Fatal(err)
		}
	}
}

func names(d *Definition) (list []string) {
	for _, m := range d.Members.Own() {
		list = append(list, m.Name)
	}
	return list
}

// A virtual host's balancer over the main server's of the same name.
func TestOver(t *testing.T) {
	var base, own Definitions
	define(t, &base, "b", []string{"http://a", "http://b"}, param.Setting{Key: "stickysession", Value: "C|p"},
		param.Setting{Key: "failonstatus", Value: "500"}, param.Setting{Key: "timeout", Value: "5"},
		param.Setting{Key: "hcmethod", Value: "TCP"}, param.Setting{Key: "hcpasses", Value: "3"})
	define(t, &own, "b", nil, param.Setting{Key: "lbmethod", Value: "bybusyness"}, param.Setting{Key: "failonstatus", Value: "503"},
		param.Setting{Key: "nofailover", Value: "On"}, param.Setting{Key: "hcmethod", Value: "GET"}, param.Setting{Key: "hcuri", Value: "/own"})
	d := over(own.Find("b"), base.Find("b"))
	p := d.Params.Balancer
	if p.Sticky != "C" || p.StickyPath != "p" || p.Method != "bybusyness" || !p.NoFailover || p.Timeout.Seconds() != 5 || !p.ForceRecovery ||
		!slices.Equal(p.FailOnStatus, []int{500, 503}) {
		t.Errorf("parameters: %+v", p)
	}
	if c := d.Params.Check; c.Method != "GET" || c.URI != "/own" || c.Passes != 3 || !d.Params.Given(param.OfBalancer, "hcuri") {
		t.Errorf("checks: %+v", c)
	}
	if got := names(d); !slices.Equal(got, []string{"http://a", "http://b"}) {
		t.Errorf("members: %v", got)
	}
	if base.Find("b").Params.Balancer.Method != "byrequests" {
		t.Error("the main server's was changed")
	}
	define(t, &own, "c", []string{"http://own"})
	define(t, &base, "c", []string{"http://main"})
	if got := names(over(own.Find("c"), base.Find("c"))); !slices.Equal(got, []string{"http://own"}) {
		t.Errorf("its own members: %v", got)
	}
	all := own.Over(&base)
	define(t, &base, "a", nil)
	if got := all.names(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("names: %v", got)
	}
	if all.Find("a") != nil || all.inherited("a") == nil || len(all.Own()) != 2 {
		t.Error("the wrong server has a balancer")
	}
}

func TestMemberPath(t *testing.T) {
	for _, tt := range []struct{ path, want string }{
		{"", ""}, {"/", "/"}, {"/a%20b", "/a%20b"}, {"/a b", "/a%20b"}, {"/\x01", "/%01"},
	} {
		got, err := memberPath(uri.URL{Path: tt.path})
		if err != nil || string(got) != tt.want {
			t.Errorf("%q: %q, %v", tt.path, got, err)
		}
	}
}
