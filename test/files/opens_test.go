package files

import (
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watchOpens has the kernel note which files are opened in some folders below dir, or under some names there, by whatever
// process. The function that it returns says which.
func watchOpens(t *testing.T, dir string, names ...string) func() []string {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	watched := map[int32]string{}
	for _, name := range names {
		w, err := unix.InotifyAddWatch(fd, filepath.Join(dir, name), unix.IN_OPEN)
		if err != nil {
			t.Fatalf("watch %s: %v", name, err)
		}
		watched[int32(w)] = name
	}
	return func() (opened []string) {
		buf := make([]byte, 64<<10)
		for {
			n, err := unix.Read(fd, buf)
			if err != nil || n <= 0 {
				return opened
			}
			for at := 0; at+unix.SizeofInotifyEvent <= n; {
				e := (*unix.InotifyEvent)(unsafe.Pointer(&buf[at]))
				name := strings.TrimRight(string(buf[at+unix.SizeofInotifyEvent:at+unix.SizeofInotifyEvent+int(e.Len)]), "\x00")
				opened = append(opened, filepath.Join(watched[e.Wd], name))
				at += unix.SizeofInotifyEvent + int(e.Len)
			}
		}
	}
}
