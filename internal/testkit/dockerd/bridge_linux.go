package dockerd

import (
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl numbers of bridges (linux/sockios.h).
const (
	addBridge    = 0x89a0
	removeBridge = 0x89a1
)

// makeBridge makes the bridge.
func makeBridge() error { return onBridge(addBridge, false) }

// dropBridge removes it, if it is there.
func dropBridge() {
	if _, err := net.InterfaceByName(bridgeName()); err == nil {
		_ = onBridge(removeBridge, true)
	}
}

func onBridge(what uintptr, down bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if down {
		req, err := unix.NewIfreq(bridgeName())
		if err != nil {
			return err
		}
		req.SetUint16(0) // no flag: it is not up
		if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
			return err
		}
	}
	name, err := unix.BytePtrFromString(bridgeName())
	if err != nil {
		return err
	}
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), what, uintptr(unsafe.Pointer(name))); e != 0 {
		return fmt.Errorf("bridge %s: %w", bridgeName(), e)
	}
	return nil
}
