package core

import (
	"fmt"
	"testing"
)

func TestIsPattern(t *testing.T) {
	for p, want := range map[string]bool{
		"/a": false, "/a*": true, "/a?": true, "/a[bc]": true, "/br[ack": false, `/a\*`: false, `/a\[b]`: false, "": false,
	} {
		if isPattern(p) != want {
			t.Errorf("isPattern(%q) is %v", p, !want)
		}
	}
}

func TestVHostAddrs(t *testing.T) {
	for w, want := range map[string]string{
		"*":               "[{invalid IP 0 }]",
		"*:80":            "[{invalid IP 80 }]",
		"_Default_:443":   "[{invalid IP 443 }]",
		"255.255.255.255": "[{invalid IP 0 }]",
		"127.0.0.1":       "[{127.0.0.1 0 }]",
		"127.0.0.1:*":     "[{127.0.0.1 0 }]",
		"127.0.0.1:8080":  "[{127.0.0.1 8080 }]",
		"[::1]:443":       "[{::1 443 }]",
		"[::1]":           "[{::1 0 }]",
		"[::]:443":        "[{:: 443 }]",
	} {
		addrs, err := vhostAddrs(w)
		if got := fmt.Sprint(addrs); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", w, got, err, want)
		}
	}
	for _, w := range []string{"*:x", "127.0.0.1:70000"} {
		if _, err := vhostAddrs(w); err == nil {
			t.Errorf("%s was taken", w)
		}
	}
}
