package uring

import (
	"syscall"
	"unsafe"
)

// Fake simulates the system's side of a Ring in tests, for results that a real
// one rarely returns. Take and Send must be set.
type Fake struct {
	// Take returns how many of the n messages of a call are accepted, or an
	// error.
	Take func(n int) (int, syscall.Errno)
	// Send returns how many bytes of a message are sent, or an error.
	Send func(p []byte) (int, syscall.Errno)
	// Close returns why a socket is not closed; nil: every one is.
	Close func() syscall.Errno
}

// Ring returns a Ring over f. Its indices wrap soon.
func (f Fake) Ring() *Ring {
	at := ^uint32(0) - 5
	r := &Ring{fd: -1, entries: make([]entry, Size), results: make([]result, 2*Size)}
	tail, head, last := at, at, at
	r.tail, r.head, r.last = &tail, &head, &last
	next := at
	r.enter = func(_ int, submit, _ uint32, _ uintptr) (uint32, syscall.Errno) {
		n, e := f.Take(int(submit))
		if e != 0 {
			return 0, e
		}
		for range n {
			in := &r.entries[next%Size]
			next++
			out := &r.results[last%(2*Size)]
			last++
			out.mark, out.value = in.mark, f.do(in)
		}
		return uint32(n), 0
	}
	return r
}

// do returns the value of an entry's result.
func (f Fake) do(in *entry) int32 {
	if in.op == opSend {
		return f.send(in)
	}
	if f.Close != nil {
		if e := f.Close(); e != 0 {
			return -int32(e)
		}
	}
	return -int32(closeFD(in.fd))
}

func closeFD(fd int32) syscall.Errno {
	_, _, e := syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0)
	return e
}

// send sends what Send allows of a message and returns the value of its result.
func (f Fake) send(in *entry) int32 {
	// Like the kernel, it has only the address as a number.
	p := unsafe.Slice(*(**byte)(unsafe.Pointer(&in.addr)), in.size)
	n, e := f.Send(p)
	if e != 0 {
		return -int32(e)
	}
	m, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(in.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(n),
		uintptr(in.msgFlags), 0, 0)
	if e != 0 {
		return -int32(e)
	}
	return int32(m)
}
