//go:build linux

package proc

import (
	"os"
	"reflect"
	"testing"
)

func TestCores(t *testing.T) {
	for text, want := range map[string][]int{"0": {0}, "0-1": {0, 1}, "1,3-5": {1, 3, 4, 5}} {
		if got, err := parseList(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
	}
	if _, err := parseList("x"); err == nil {
		t.Error("x is a list")
	}
}

func TestStatFields(t *testing.T) {
	got := statFields([]byte("17 (a (b) c) S 1 17"))
	if !reflect.DeepEqual(got, []string{"S", "1", "17"}) {
		t.Errorf("got %q", got)
	}
}

// TestSelf reads the cost of the test itself.
func TestSelf(t *testing.T) {
	c, err := Spent(os.Getpid())
	if err != nil || c.Total <= 0 {
		t.Errorf("cost %v %v", c, err)
	}
	m, err := Held(os.Getpid())
	if err != nil || m.RSS < 1<<20 || m.PSS <= 0 {
		t.Errorf("memory %v %v", m, err)
	}
}
