package proxy

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestMergeServer(t *testing.T) {
	main := &ServerConf{Rules: pass(t, "ProxyPass /m http://m")}
	main.Timeout.To(5 * time.Second)
	main.Via.To(ViaOn)
	host := &ServerConf{Rules: pass(t, "ProxyPass /h http://h")}
	host.Via.To(ViaBlock)
	merged := MergeServer(main, host)
	if len(merged.Rules) != 2 || merged.Rules[0].Path != "/h" || merged.Rules[1].Path != "/m" {
		t.Errorf("ours: the host's own rules come first: %v", merged.Rules)
	}
	if merged.Timeout.Or(0) != 5*time.Second || merged.Via.Or(ViaOff) != ViaBlock || merged.Requests.Set {
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
	outer := &DirConf{Rule: pass(t, "ProxyPass /o http://o")[0], Reverse: ruled(ReverseRule{"/o", "http://o", false}), OverrideCodes: []int{503}}
	outer.ErrorOverride.To(true)
	outer.PreserveHost.To(true)
	inner := &DirConf{Reverse: ruled(ReverseRule{"/i", "http://i", false}), OverrideCodes: []int{404}}
	inner.PreserveHost.To(false)
	m := MergeDir(outer, inner)
	if m.Rule != outer.Rule || len(m.Reverse) != 2 || m.Reverse[0].rules[0].Public != "/o" || m.PreserveHost.Or(true) {
		t.Errorf("%+v", m)
	}
	if !slices.Equal(m.OverrideCodes, []int{404, 503}) || !m.Overrides(404) || m.Overrides(500) {
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
	if !d.Overrides(400) || !d.Overrides(599) || d.Overrides(399) || d.Overrides(600) {
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

// An unknown parameter is named, with the one that was probably meant.
func TestUnknownParameterHint(t *testing.T) {
	p := DefaultParams()
	err := p.Set(OfWorker, "retyr", "5", &Known{})
	var u *UnknownParam
	if !errors.As(err, &u) || u.Hint() != "'retyr': did you mean retry?" {
		t.Errorf("got %v", err)
	}
}
