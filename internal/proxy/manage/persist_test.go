package manage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With BalancerPersist a new process begins where the one before has ended,
// however that was.
func TestPersist(t *testing.T) {
	w := newWorld(t)
	w.file = filepath.Join(t.TempDir(), "balancers.json")
	conf := twoMembers + "\nforgotten\n  http://a"
	w.load(conf)
	w.mustSet("b http://a", "loadfactor=5 status=+D+N-N hcuri=/x")
	w.mustSet("b", "lbmethod=bytraffic")
	w.mustSet("forgotten http://a", "lbset=5")
	if _, err := w.do(Add, "http://c", settings("route=c")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.do(Remove, "http://b", nil); err != nil {
		t.Fatal(err)
	}
	const changed = "bytraffic; http://a 5 route=1 disabled; http://c 1 route=c ok"
	w.expect("b", changed)
	w.restart()
	w.load(conf)
	w.expect("b", changed)
	w.expect("forgotten", "byrequests; http://a 1 ok")
	w.load(conf)
	w.expect("b", changed)

	w.restart()
	w.load(strings.Replace(conf, "route=1", "route=1 loadfactor=7 status=-D", 1)) // was edited meanwhile
	w.expect("b", "bytraffic; http://a 7 route=1 disabled; http://c 1 route=c ok")

	w.restart()
	w.load("elsewhere\n  http://a")
	w.expect("elsewhere", "byrequests; http://a 1 ok")
}

// A file that cannot be read is reported, and does no harm.
func TestPersistBroken(t *testing.T) {
	for _, text := range []string{"", "{", `{"version":2}`, "null", `{"version":1,"balancers":[{"name":"b","server":"","set":{"lbmethod":{"value":"x","said":"byrequests"},"nonce":{}},` +
		`"members":{"http://a":{"loadfactor":{"value":"-3","said":"1"},"status D":{"value":"*D","said":"-D"},"status":{}, "status E":{"value":"+E","said":"-E"}}},"added":[{"url":""}]}]}`} {
		w := newWorld(t)
		w.file = filepath.Join(t.TempDir(), "balancers.json")
		if err := os.WriteFile(w.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.load(twoMembers)
		w.expect("b", "byrequests; http://a 1 route=1 ok; http://b 2 set=1 ok")
		if !strings.Contains(w.log.String(), "BalancerPersist") && !strings.Contains(w.log.String(), "cannot be added") {
			t.Errorf("%s: log %q", text, &w.log)
		}
		w.mustSet("b http://a", "lbset=3")
		w.restart()
		w.load(twoMembers)
		w.expect("b", "byrequests; http://a 1 set=3 route=1 ok; http://b 2 set=1 ok")
		if list, err := filepath.Glob(filepath.Join(filepath.Dir(w.file), "*")); err != nil || len(list) != 1 {
			t.Errorf("%v %v", list, err)
		}
	}
}

// A folder that cannot be written to costs the file, not the change.
func TestPersistNowhere(t *testing.T) {
	w := newWorld(t)
	w.file = filepath.Join(t.TempDir(), "none", "balancers.json")
	w.load(twoMembers)
	w.mustSet("b http://a", "lbset=3")
	w.expect("b", "byrequests; http://a 1 set=3 route=1 ok; http://b 2 set=1 ok")
	if !strings.Contains(w.log.String(), "cannot be kept for a restart") {
		t.Error(w.log.String())
	}
}

func FuzzKept(f *testing.F) {
	f.Add(`{"version":1,"balancers":[{"name":"b","set":{"timeout":{"value":"3","said":"0"}},"members":{"u":{"status D":{"value":"+D","said":"-D"}}}}]}`)
	f.Fuzz(func(_ *testing.T, text string) {
		k, err := parseKept([]byte(text))
		if err != nil {
			return
		}
		for i := range k.Balancers {
			o := k.Balancers[i].overrides()
			for name := range o.own {
				if find(balancerFields[:], name) == nil {
					panic(name)
				}
			}
		}
	})
}
