package privsep

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// kept are the capabilities the helper works with: to reach files and folders
// of others, and to bind low ports.
var kept = map[uintptr]bool{
	unix.CAP_DAC_OVERRIDE: true, unix.CAP_DAC_READ_SEARCH: true, unix.CAP_NET_BIND_SERVICE: true,
}

// startConfined starts the helper with these capabilities only, where the system
// allows it. It drops the others on a thread made for this, which starts the
// helper and then ends.
func startConfined(cmd *exec.Cmd) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
			if !kept[c] {
				_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) // without this right the helper keeps all of them
			}
		}
		_ = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		done <- cmd.Start()
	}()
	return <-done
}
