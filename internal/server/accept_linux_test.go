package server_test

import (
	"slices"
	"testing"

	"github.com/headgate/headgate/internal/server"
)

// AcceptFilter says whether the system waits for the first bytes of a connection: by
// protocol, also after a reload.
func TestAcceptFilter(t *testing.T) {
	t.Setenv("HEADGATE_LOOPS", "1")
	r := newRig(t, "", server.Options{})
	began := false
	for _, tt := range []struct {
		conf string
		want bool
	}{
		{"", true},
		{"AcceptFilter http none\n", false},
		{"AcceptFilter https none\n", true},
		{"AcceptFilter http httpready\n", true},
		{"AcceptFilter http data\nAcceptFilter http none\n", false},
		{"", true},
	} {
		r.write(tt.conf+"Listen 127.0.0.1:PORT\n", "ORIGIN", "")
		if !began {
			began = true
			r.up()
		} else if err := r.Reload(); err != nil {
			t.Fatal(err)
		}
		if got := r.Deferring(); !slices.Equal(got, []bool{tt.want}) {
			t.Errorf("%q: %v", tt.conf, got)
		}
	}
	r.write("AcceptFilter https none\nListen 127.0.0.1:PORT https\n", "ORIGIN", "")
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := r.Deferring(); !slices.Equal(got, []bool{false}) {
		t.Errorf("https: %v", got)
	}
	r.Stop(false, 0, nil)
}
