package worker

import (
	"testing"
	"testing/synctest"
)

// Workers that connect alike share idle connections, each of which counts for
// the worker that used it last. Workers that differ in anything a connection
// depends on do not.
func TestSharedPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{})
		b.Worker = newWorker(b.Config, NewState(b.State.name, NewPool(1), 1))
		other := newWorker(b.Config, NewState(b.State.name, b.State.pool, 1))
		c := b.acquire(t, 0)
		b.Release(c, 0)
		d, err := other.Acquire(b.on(0), false)
		if err != nil || d != c || !d.Reused {
			t.Fatalf("got %v, %v; want the connection of the first", d, err)
		}
		for _, tt := range []struct {
			s    *State
			open int
		}{{b.State, 0}, {other.State, 1}} {
			if open, idle := tt.s.Counts(); open != tt.open || idle != 0 {
				t.Errorf("%d open, %d idle; want %d, 0", open, idle, tt.open)
			}
		}
		other.Release(d, 0)
		if open, idle := other.State.Counts(); open != 1 || idle != 1 {
			t.Errorf("%d open, %d idle", open, idle)
		}
		if n := other.State.Elected.Load(); n != 1 || b.State.Elected.Load() != 1 {
			t.Errorf("elected %d", n)
		}
		if open, _ := other.State.Counts(); open != 1 {
			t.Errorf("%d open", open)
		}
		b.State.Close()
		b.net.Wait()
		if open, _ := other.State.Counts(); open != 0 {
			t.Errorf("%d open at the end", open)
		}
	})
	base := Config{Scheme: "http", Host: "a", Port: 80, Reuse: true}
	same, key := base, PoolKey(&base)
	same.Name, same.Path, same.Timeout = "http://a/x", "/x", 5
	if key == "" || PoolKey(&same) != key {
		t.Errorf("keys %q and %q", key, PoolKey(&same))
	}
	for name, change := range map[string]func(*Config){
		"host":   func(c *Config) { c.Host = "b" },
		"port":   func(c *Config) { c.Port = 81 },
		"socket": func(c *Config) { c.Socket = "/s" },
		"ttl":    func(c *Config) { c.TTL = 5 },
		"max":    func(c *Config) { c.Max = 5 },
		"scheme": func(c *Config) { c.Scheme = "https" },
		"reuse":  func(c *Config) { c.Reuse = false },
	} {
		c := base
		change(&c)
		if PoolKey(&c) == key {
			t.Errorf("%s makes no difference", name)
		}
	}
}
