package ops

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRotatelogs: "|rotatelogs" begins new files, with their second name, in a
// folder of root's after the server has become www-data, and no program runs.
func TestRotatelogs(t *testing.T) {
	r := newRig(t)
	r.write("etc/apache2.conf", r.read("etc/apache2.conf")+
		"CustomLog \"|/usr/bin/rotatelogs -L ${APACHE_LOG_DIR}/current -n 3 ${APACHE_LOG_DIR}/turns.log 1B\" %U \"expr=%{REQUEST_URI} != '/'\"\n")
	server, _ := r.start("HEADGATE_LOOPS=1") // the lines of several loops may change places
	if uid := statusLine(t, server, "Uid:"); strings.HasPrefix(uid, "0") {
		t.Errorf("the server is still root: %s", uid)
	}
	for _, path := range []string{"/one", "/two", "/three", "/four"} {
		if err := r.getPath(r.addr(), path); err != nil {
			t.Fatal(err)
		}
	}
	r.must(0, "stopped", "stop", r.conf)
	for name, want := range map[string]string{"turns.log": "/four\n", "turns.log.1": "/two\n", "turns.log.2": "/three\n", "current": "/four\n"} {
		if got := r.read("log/" + name); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	if files, err := filepath.Glob(r.dir + "/log/turns*"); err != nil || len(files) != 3 {
		t.Error(files, err)
	}
	if st, err := os.Stat(r.dir + "/log"); err != nil || st.Mode().Perm()&0o022 != 0 {
		t.Errorf("the folder of the logs: %v %v", st.Mode(), err)
	}
}
