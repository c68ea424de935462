package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/testkit"
)

// put writes a file of the rig as a whole.
func (r *rig) put(name, text string) {
	r.t.Helper()
	at := r.path(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(at+"~", []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(at+"~", at); err != nil {
		r.t.Fatal(err)
	}
}

// becomes waits until a path has a response.
func (r *rig) becomes(path string, code int, body string) {
	r.t.Helper()
	last := ""
	defer func() {
		if r.t.Failed() {
			r.t.Logf("the latest response was %s; the log:\n%s", last, r.log())
		}
	}()
	testkit.Eventually(r.t, fmt.Sprintf("%s has %d %q", path, code, body), func() bool {
		c, b := get(r.t, r.port, path)
		last = fmt.Sprint(c, " ", b)
		return c == code && (body == "" || b == body)
	})
}

const fromFile = "Listen 127.0.0.1:PORT\nHeadgateDiscover file members.yaml more/*.json\nProxyPass /app balancer://app/\nProxyPass /own balancer://own/\nBalancerMember balancer://own http://ORIGIN\n"

func TestDiscoverFile(t *testing.T) {
	a, b := origin(t, says("a")), origin(t, says("b"))
	r := newRig(t, "", server.Options{})
	r.write(fromFile, "ORIGIN", a)
	r.put("members.yaml", "app:\n  - http://"+a+"\n")
	r.up()
	if code, body := get(t, r.port, "/app/"); code != 200 || body != "a" {
		t.Fatalf("what is there at the start counts from the first request: %d %s\n%s", code, body, r.log())
	}
	r.put("members.yaml", "app:\n  - url: http://"+b+"\n    loadfactor: 2\n")
	r.becomes("/app/", 200, "b")
	r.logs("discovered: ~file/app; configuration 2")

	// A file that cannot be understood changes nothing; nor does a balancer that
	// cannot be compiled, while the others go on.
	r.put("members.yaml", "app: [")
	r.logs("discovered: file cannot be heard")
	r.put("members.yaml", "app:\n - http://"+a+"\nbad:\n - http://"+a+" loadfactor=x\n")
	r.becomes("/app/", 200, "a")
	r.logs("discovered: file can be heard again")
	r.logs("discovered: file/bad is left out: discovered:file/bad:2: BalancerMember: ")

	// What a file has is the file's.
	r.put("more/x.json", `{"own": ["http://`+a+` status=+D", "http://`+b+`"], "app": []}`)
	r.becomes("/own/", 200, "b")
	r.becomes("/own/", 200, "a")
	if err := os.Remove(r.path("more/x.json")); err != nil {
		t.Fatal(err)
	}
	r.logs("discovered: -file/own")

	// A reload has what is discovered, too, and without the directive it has not.
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	if code, body := get(t, r.port, "/app/"); code != 200 || body != "a" {
		t.Errorf("after a reload: %d %s", code, body)
	}
	r.write(strings.Replace(fromFile, "HeadgateDiscover", "#", 1), "ORIGIN", a)
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	if code, _ := get(t, r.port, "/app/"); code != 503 {
		t.Errorf("without the directive: %d", code)
	}
}

// What is discovered is taken over with the files as they were read, not with those
// that somebody is editing.
func TestDiscoverWhileEditing(t *testing.T) {
	a, b := origin(t, says("a")), origin(t, says("b"))
	r := newRig(t, "", server.Options{})
	r.write(fromFile, "ORIGIN", a)
	r.put("members.yaml", "app:\n  - http://"+a+"\n")
	r.up()
	r.write("Listen 127.0.0.1:PORT\nNonsense\n")
	r.put("members.yaml", "app:\n  - http://"+b+"\n")
	r.becomes("/app/", 200, "b")
	r.becomes("/own/", 200, "a")
}

func TestWatch(t *testing.T) {
	a, b := origin(t, says("a")), origin(t, says("b"))
	r := newRig(t, "", server.Options{})
	if err := os.Mkdir(r.path("sites"), 0o755); err != nil {
		t.Fatal(err)
	}
	watched := one + "HeadgateWatch On\nIncludeOptional sites/*.conf\n"
	r.write(watched, "ORIGIN", a)
	r.up()
	if code, body := get(t, r.port, "/"); code != 200 || body != "a" {
		t.Fatalf("%d %s", code, body)
	}
	r.write(watched, "ORIGIN", b)
	r.becomes("/", 200, "b")

	r.put("sites/broken.conf", "Nonsense\n")
	r.logs("reload failed: the configuration has an error; the configuration stays as it was")
	r.put("sites/other.txt", "this is no part of it")
	r.put("sites/broken.conf", "Redirect /away http://elsewhere.test/\n")
	r.becomes("/", 200, "b")
	testkit.Eventually(t, "three changes", func() bool { return strings.Count(r.log(), "has changed: the configuration is read again") == 3 })
	if n := strings.Count(r.log(), "reload failed"); n != 1 {
		t.Errorf("a broken file is reported %d times", n)
	}
	testkit.Eventually(t, "the third takes effect", func() bool { return r.Generation() == 3 })

	// A file that is a link elsewhere.
	real := filepath.Join(t.TempDir(), "real.conf")
	if err := os.WriteFile(real, []byte("Redirect gone /old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, r.path("sites/link.conf")); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the link is read", func() bool { return r.Generation() == 4 })
	if err := os.WriteFile(real, []byte("Redirect gone /older\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "what it leads to is read", func() bool { return r.Generation() == 5 })
	r.write(strings.Replace(watched, "Watch On", "Watch Off", 1), "ORIGIN", b)
	testkit.Eventually(t, "the last change", func() bool { return r.Generation() == 6 })
}

// A reload that fails because an address is in use leaves what is discovered as it was:
// what its files refuse, those in use do not.
func TestDiscoverFailedReload(t *testing.T) {
	a, b := origin(t, says("a")), origin(t, says("b"))
	r := newRig(t, "", server.Options{})
	r.write(fromFile, "ORIGIN", a)
	r.put("members.yaml", "app:\n  - http://"+a+" hcmethod=TCP\n")
	r.up()
	r.becomes("/app/", 200, "a")
	r.write("LoadModule headgate_discover_module x\nListen 127.0.0.1:PORT\nListen ORIGIN\nHeadgateDiscover file members.yaml\n", "ORIGIN", a)
	if err := r.Reload(); err == nil {
		t.Fatal("the address is not in use")
	}
	r.put("members.yaml", "app:\n  - http://"+a+" hcmethod=TCP\nother:\n  - http://"+b+"\n")
	r.logs("discovered: +file/other; configuration 2")
	if code, body := get(t, r.port, "/app/"); code != 200 || body != "a" {
		t.Errorf("%d %s\n%s", code, body, r.log())
	}
}
