package reactor

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ReadCached reads from an open file what is in memory, without waiting for a disk.
// False: the system would have to wait, or cannot tell.
func ReadCached(fd int, p []byte, at int64) (n int, ok bool) {
	if len(p) == 0 {
		return 0, true
	}
	iov := unix.Iovec{Base: unsafe.SliceData(p), Len: uint64(len(p))}
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_PREADV2, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1, uintptr(at), 0, unix.RWF_NOWAIT)
		if e != syscall.EINTR {
			return int(n), e == 0
		}
	}
}

// sysCachestat is cachestat(2), Linux 6.5.
const sysCachestat = 451

// Cached reports whether a part of an open file is in memory, as far as the system can
// tell.
func Cached(fd int, at, n int64) bool {
	part := [2]uint64{uint64(at), uint64(n)}
	var stat [5]uint64
	_, _, e := syscall.RawSyscall6(sysCachestat, uintptr(fd), uintptr(unsafe.Pointer(&part)), uintptr(unsafe.Pointer(&stat)), 0, 0, 0)
	if e == 0 {
		const page = 4096
		return stat[0] >= uint64((at+n+page-1)/page-at/page) // larger pages than these are counted once: then it is read to be sure
	}
	var b [1]byte
	_, first := ReadCached(fd, b[:], at)
	_, last := ReadCached(fd, b[:], at+n-1)
	return first && last
}
