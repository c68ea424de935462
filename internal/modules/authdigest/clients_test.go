package authdigest

import (
	"testing"
	"time"
)

func TestNonce(t *testing.T) {
	c := NewClients()
	now := time.Now()
	n := c.nonce(c.fresh(now, time.Minute), []byte("realm"), "1")
	if at, ok := c.stamp(n, []byte("realm"), "1"); !ok || at != now.UnixMicro() {
		t.Error("not ours")
	}
	for _, tt := range []struct{ nonce, realm, opaque string }{
		{n, "other", "1"}, {n, "realm", "2"}, {n, "realm", ""}, {n[:len(n)-1], "realm", "1"}, {n[1:2] + n[:1] + n[2:] + "x", "realm", "1"}, {string(n[0]^1) + n[1:], "realm", "1"}, {n[:len(n)-1] + "_", "realm", "1"},
		{"", "realm", "1"}, {"====" + n[4:], "realm", "1"},
	} {
		if _, ok := c.stamp(tt.nonce, []byte(tt.realm), tt.opaque); ok {
			t.Errorf("%q of %q, client %q is ours", tt.nonce, tt.realm, tt.opaque)
		}
	}
	if _, ok := NewClients().stamp(n, []byte("realm"), "1"); ok {
		t.Error("another process takes it")
	}
}

func TestClients(t *testing.T) {
	c := NewClients()
	one, isNew := c.admit(0)
	if same, again := c.admit(one); !isNew || again || same != one {
		t.Errorf("%d, %v; %d, %v", one, isNew, same, again)
	}
	c.give(one, "n")
	for i, tt := range []struct {
		nonce   string
		nc      uint64
		once    bool
		counted bool
		want    use
	}{
		{"n", 1, false, true, fits}, {"n", 3, false, true, fits}, {"n", 3, false, true, replayed}, {"n", 2, false, true, replayed},
		{"n", 4, false, true, fits}, {"m", 5, false, true, repeated}, {"n", 9, true, false, repeated},
	} {
		if got, _ := c.take(one, tt.nonce, tt.nc, tt.once, tt.counted); got != tt.want {
			t.Errorf("%d: %d, want %d", i, got, tt.want)
		}
	}
	c.give(one, "m")
	if u, _ := c.take(one, "m", 1, true, false); u != fits {
		t.Error("a new nonce does not fit")
	}
	if u, _ := c.take(one, "m", 2, true, false); u != repeated {
		t.Error("a one-time nonce fits twice")
	}
	for range mostClients {
		c.admit(0)
	}
	if u, _ := c.take(one, "m", 3, false, true); u != unknown || len(c.known) != mostClients {
		t.Errorf("%d; %d are known", u, len(c.known))
	}
}
