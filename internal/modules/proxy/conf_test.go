package proxy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/mapping"
)

// pass parses ProxyPass lines, without quotes, into rules.
func pass(t testing.TB, line string) []*mapping.PassRule {
	t.Helper()
	r, err := mapping.ParsePass(strings.Fields(line)[1:], mapping.Place{})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return []*mapping.PassRule{r}
}

// ruled returns the rules of a section with one ProxyPassReverse.
func ruled(public string) forward.Rewrites {
	return forward.Rewrites{Reverse: forward.AddRule(nil, forward.ReverseRule{Public: public, Internal: "http://h"})}
}

// Sets that many sections inherit are shared, not copied.
func TestRuleSetsAreShared(t *testing.T) {
	base, own := &DirConf{Rewrites: ruled("/")}, &DirConf{Rewrites: ruled("/a")}
	base.Compile()
	m := MergeDir(base, own)
	m.Compile()
	if len(m.Reverse) != 2 || m.Reverse[0] != base.Reverse[0] || m.Reverse[1] != own.Reverse[0] {
		t.Error("sets were copied")
	}
}

func TestMergeServer(t *testing.T) {
	main := &ServerConf{Rules: pass(t, "ProxyPass /m http://m")}
	main.Timeout.To(5 * time.Second)
	main.Via.To(forward.ViaOn)
	host := &ServerConf{Rules: pass(t, "ProxyPass /h http://h")}
	host.Via.To(forward.ViaBlock)
	merged := MergeServer(main, host)
	if len(merged.Rules) != 2 || merged.Rules[0].Path != "/h" || merged.Rules[1].Path != "/m" {
		t.Errorf("ours: the host's own rules come first: %v", merged.Rules)
	}
	if merged.Timeout.Or(0) != 5*time.Second || merged.Via.Or(forward.ViaOff) != forward.ViaBlock || merged.Requests.Set {
		t.Errorf("%+v", merged)
	}
	host.PassInherit.To(false)
	if merged := MergeServer(main, host); len(merged.Rules) != 1 || merged.Rules[0].Path != "/h" {
		t.Errorf("ours: ProxyPassInherit Off: %v", merged.Rules)
	}
	host.PassInherit.Set = false
	main.PassInherit.To(false)
	if merged := MergeServer(main, host); len(merged.Rules) != 1 {
		t.Error("ProxyPassInherit Off in the main server")
	}
}

func TestMergeDir(t *testing.T) {
	outer := &DirConf{Rule: pass(t, "ProxyPass /o http://o")[0], Rewrites: ruled("/o"), OverrideCodes: []int{503}}
	outer.ErrorOverride.To(true)
	outer.PreserveHost.To(true)
	inner := &DirConf{Rewrites: ruled("/i"), OverrideCodes: []int{404}}
	inner.PreserveHost.To(false)
	m := MergeDir(outer, inner)
	if m.Rule != outer.Rule || len(m.Reverse) != 2 || m.Reverse[0] != outer.Reverse[0] || m.PreserveHost.Or(true) {
		t.Errorf("%+v", m)
	}
	if o := m.overrides(); !slices.Equal(m.OverrideCodes, []int{404, 503}) || !o.Has(404) || o.Has(500) {
		t.Errorf("%v", m.OverrideCodes)
	}
	inner.Rule = pass(t, "ProxyPass /i !")[0]
	if MergeDir(outer, inner).Rule != inner.Rule {
		t.Error("the inner rule does not replace the outer")
	}
	if len(outer.OverrideCodes) != 1 || len(outer.Reverse) != 1 {
		t.Error("merging wrote to the base")
	}
}

func TestErrorOverride(t *testing.T) {
	for _, row := range []struct {
		words []string
		err   string
	}{
		{[]string{"On"}, ""}, {[]string{"off"}, ""}, {[]string{"On", "404", "503"}, ""}, {[]string{"On", "404abc"}, ""},
		{[]string{"404"}, "ProxyErrorOverride first parameter must be one of: off | on"},
		{[]string{"On", "404", "x"}, "ProxyErrorOverride: status codes to intercept must be numeric"},
		{[]string{"Off", "404"}, "ProxyErrorOverride: status codes must follow a value of 'on'"},
		{[]string{"On", "399"}, "ProxyErrorOverride: status codes to intercept must be valid HTTP Status Codes >=400 && <600"},
	} {
		var d DirConf
		got := ""
		for _, w := range row.words {
			if err := d.SetErrorOverride(w); err != nil {
				got = err.Error()
				break
			}
		}
		if got != row.err {
			t.Errorf("%v: %q", row.words, got)
		}
	}
	var d DirConf
	d.ErrorOverride.To(true)
	if o := d.overrides(); !o.Has(400) || !o.Has(599) || o.Has(399) || o.Has(600) {
		t.Error("without codes every error is replaced")
	}
}

func TestValues(t *testing.T) {
	text := func(_ any, err error) string {
		if err != nil {
			return err.Error()
		}
		return ""
	}
	for _, row := range [][2]string{
		{text(ParseVia("x")), "ProxyVia must be one of: off | on | full | block"}, {text(ParseVia("BLOCK")), ""},
		{text(ParseBadHeader("x")), "ProxyBadHeader must be one of: IsError | Ignore | StartBody"},
		{text(ParseStatusPage("x")), "ProxyStatus must be one of: off | on | full"},
		{text(ParseProxyTimeout("0")), "Proxy Timeout must be at least 1 second."}, {text(ParseProxyTimeout("5s")), ""},
		{text(ParseBuffer("ProxyIOBufferSize", "5")), "ProxyIOBufferSize must be >= 512 bytes, or 0 for system default."},
		{text(ParseDomain("x")), "ProxyDomain: domain name must start with a dot."},
		{text(ParseGrowth("1001")), "BalancerGrowth must be between 0 and 1000"},
	} {
		if row[0] != row[1] {
			t.Errorf("%q, want %q", row[0], row[1])
		}
	}
	if ParseMaxForwards("x") != 0 || ParseMaxForwards("-1") != -1 || ParseMaxForwards("12y") != 12 {
		t.Error("ProxyMaxForwards")
	}
}
