package listen

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel reports the queue length of a listening socket in tcpi_sacked.
func TestBacklog(t *testing.T) {
	for _, tt := range []struct{ give, want int }{{0, DefaultBacklog}, {7, 7}} {
		l := mustOpen(t, loop4, Options{Backlog: tt.give})
		info, err := unix.GetsockoptTCPInfo(l.FD(), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Fatal(err)
		}
		if got := int(info.Sacked); got != tt.want {
			t.Errorf("backlog %d gives %d, want %d", tt.give, got, tt.want)
		}
	}
}
