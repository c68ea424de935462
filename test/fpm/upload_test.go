package fpm

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// counter says what it has received, without keeping it.
const counter = `<?php $in = fopen('php://input', 'r'); $h = hash_init('md5'); $n = 0;
while (!feof($in)) { $b = fread($in, 65536); $n += strlen($b); hash_update($h, $b); }
echo $n, ' ', hash_final($h);`

// TestUpload: an upload of 100 MiB passes to PHP in constant memory.
func TestUpload(t *testing.T) {
	dir, err := os.MkdirTemp("", "hg-fpm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "fpm.sock")
	startFPM(t, dir, socket)
	if err := os.WriteFile(filepath.Join(dir, "up.php"), []byte(counter), 0o644); err != nil {
		t.Fatal(err)
	}
	s := testkit.StartHeadgate(t, "", testkit.Site{
		Conf: "ProxyPass / unix:${fpm}|fcgi://localhost${root}/\n", Vars: map[string]string{"fpm": socket, "root": dir},
	})
	upload := func(mib int) {
		t.Helper()
		piece := strings.Repeat("0123456789abcdef", 1<<16)
		sum := md5.New()
		c := testkit.Dial(t, s.Addr())
		defer c.Close()
		c.Send(fmt.Sprintf("PUT /up.php HTTP/1.1\r\nHost: www.test\r\nContent-Length: %d\r\n\r\n", mib<<20))
		for range mib {
			c.Send(piece)
			_, _ = sum.Write([]byte(piece))
		}
		r, err := c.Read("PUT")
		if want := fmt.Sprintf("%d %x", mib<<20, sum.Sum(nil)); err != nil || r.Status != 200 || string(r.Body) != want {
			t.Fatalf("%v: %+v, want %s", err, r, want)
		}
	}
	upload(4)
	before := peak(t, s.Pid())
	upload(100)
	if more := peak(t, s.Pid()) - before; more > 4<<20 {
		t.Errorf("100 MiB took %d bytes of memory more than 4 MiB", more)
	}
}

// peak returns the most memory that a process has had resident, in bytes.
func peak(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		testkit.Skip(t, "memory of a process cannot be read here")
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kib, _ := strconv.Atoi(strings.Fields(rest)[0])
	return kib << 10
}
