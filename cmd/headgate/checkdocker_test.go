package main

import (
	"slices"
	"testing"
)

func TestDaemonWord(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		daemon string
		rest   []string
	}{
		{nil, "", nil},
		{[]string{"httpd.conf"}, "", []string{"httpd.conf"}},
		{[]string{"unix:/run/docker.sock"}, "unix:/run/docker.sock", nil},
		{[]string{"tcp://127.0.0.1:2375", "httpd.conf"}, "tcp://127.0.0.1:2375", []string{"httpd.conf"}},
	} {
		if daemon, rest := daemonWord(tt.args); daemon != tt.daemon || !slices.Equal(rest, tt.rest) {
			t.Errorf("%q: %q, %q", tt.args, daemon, rest)
		}
	}
}
