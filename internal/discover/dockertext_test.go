package discover

import "testing"

func TestEntrypoints(t *testing.T) {
	d := &docker{files: new(passwordFiles), spec: Spec{Kind: KindDocker, Entrypoints: "LE:8443 intern:8080 nowhere:9"}}
	o := d.options(&Facts{Plain: []uint16{80, 8080}, Secure: []uint16{8443}})
	for name, want := range map[string]string{
		"web": "*:80 *:8080", "https": "*:8443 TLS", "le": "*:8443 TLS", "intern": "*:8080", "nowhere": "",
	} {
		got := o.Entrypoints[name].Address
		if o.Entrypoints[name].TLS {
			got += " TLS"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
