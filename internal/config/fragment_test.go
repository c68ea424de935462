package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/modules"
)

// TestFragment: a plain part of a configuration is checked as if its server had
// httpd's modules. What may be a whole configuration, and every start, is
// checked as strictly as httpd does.
func TestFragment(t *testing.T) {
	const listen = "Listen 127.0.0.1:28080\n"
	for _, tt := range []struct {
		name, conf string
		fragment   bool
		errors     string // one word of each error, in order
	}{
		{"no module", "ProxyPass / http://127.0.0.1:1/\n", false, "AH00451"},
		{"whole", listen + "ProxyPass / http://127.0.0.1:1/\n", false, ""},
		{"one module", "LoadModule ssl_module x\nProxyPass / http://127.0.0.1:1/\n", true, "AH00526 AH00451"},
		{"all it uses", "LoadModule proxy_module x\nProxyPass / http://127.0.0.1:1/\n", true, "AH00451"},
		{"with a Listen", "LoadModule ssl_module x\n" + listen + "ProxyPass / http://127.0.0.1:1/\n", true, "AH00526"},
		{"hardly anything is missing", "LoadModule proxy_module x\nLoadModule proxy_http_module x\n" + listen + "SetEnvIf Host . x\n", false, "AH00526"},
		{"an MPM", "LoadModule mpm_event_module x\nSetEnvIf Host . x\n", false, "AH00526 AH00451"},
		{"nothing known", "LoadModule ssl_module x\nNonsense\n", true, "AH00526 AH00451"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rt := runtimeOf(t)
			dir := t.TempDir()
			o := config.Options{File: filepath.Join(dir, "httpd.conf"), Text: tt.conf, ServerRoot: dir, Version: "Headgate/test", Check: true}
			l := config.Load(o, rt, modules.All())
			var got []string
			for _, d := range l.Found {
				if d.Severity == directive.SeverityError {
					got = append(got, d.ID)
				}
			}
			if l.Fragment != tt.fragment || strings.Join(got, " ") != tt.errors {
				t.Errorf("fragment %v, errors %v; want %v, %s", l.Fragment, got, tt.fragment, tt.errors)
			}
			o.Fragment = true
			if l := config.Load(o, rt, modules.All()); l.OK() == strings.Contains(tt.conf, "Nonsense") {
				t.Errorf("asked to judge a fragment: %v", l.Found)
			}
			o.Check, o.Fragment = false, false
			l = config.Load(o, rt, modules.All())
			if l.Fragment || l.OK() != (tt.errors == "") {
				t.Errorf("a start: %v", l.Found)
			}
			if l.Snapshot != nil {
				<-l.Snapshot.Retire().Done()
			}
		})
	}
}
