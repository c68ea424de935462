package uring

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring is an io_uring, used to send many messages, or to close many sockets, by one
// system call. The system does it in one go without returning in between, and peers
// on the same processor that it wakes do not get the processor after each one.
// Nothing is left in it between calls. It belongs to one loop.
type Ring struct {
	fd      int
	queued  uint32 // entries since the last submission
	entries []entry
	results []result
	memory  [2][]byte // the mapped memory
	enter   func(fd int, submit, wait uint32, flags uintptr) (uint32, syscall.Errno)

	// Shared with the system, which moves the other indices.
	tail *uint32 // where the next entry goes; moved by us
	head *uint32 // the oldest result; moved by us
	last *uint32 // after the newest result
}

// Size is the largest number of messages one call sends, or of sockets it closes.
const Size = 128

// entry is struct io_uring_sqe.
type entry struct {
	op, flags uint8
	_         uint16
	fd        int32
	_         uint64
	addr      uint64
	size      uint32
	msgFlags  uint32
	mark      uint64 // copied to the result: which entry it was
	_         [3]uint64
}

// result is struct io_uring_cqe.
type result struct {
	mark  uint64
	value int32 // the result of sendto or close, an error as its negative number
	_     uint32
}

// setup is struct io_uring_params; offsets has the fields that struct
// io_sqring_offsets and struct io_cqring_offsets have in common.
type setup struct {
	entries, results      uint32
	_                     [3]uint32
	features              uint32
	_                     [4]uint32
	entryRing, resultRing offsets
}

type offsets struct {
	head, tail, mask, size uint32
	field4, field5         uint32 // of results: 5 is where they begin
	field6                 uint32 // of entries: where the order of entries is
	_                      uint32
	_                      uint64
}

// From linux/io_uring.h.
const (
	entriesAt  = 0x10000000 // IORING_OFF_SQES
	opClose    = 19         // IORING_OP_CLOSE
	opSend     = 26         // IORING_OP_SEND
	wantEvents = 1          // IORING_ENTER_GETEVENTS

	// One mapping for both rings, no result is ever dropped, and sending and closing
	// are supported (IORING_FEAT_SINGLE_MMAP, _NODROP, _FAST_POLL): Linux 5.7.
	needed = 1<<0 | 1<<1 | 1<<5
)

// New makes a ring, or returns why the system refuses one: sandboxes and
// hardened hosts forbid it.
func New() (*Ring, error) {
	var p setup
	fd, _, e := syscall.Syscall(unix.SYS_IO_URING_SETUP, Size, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, os.NewSyscallError("io_uring_setup", e)
	}
	r := &Ring{fd: int(fd), enter: enter}
	if p.features&needed != needed {
		r.Close()
		return nil, os.NewSyscallError("io_uring_setup", syscall.ENOSYS)
	}
	if err := r.mapMemory(&p); err != nil {
		r.Close()
		return nil, os.NewSyscallError("io_uring mmap", err)
	}
	return r, nil
}

// mapMemory maps the memory shared with the system.
func (r *Ring) mapMemory(p *setup) (err error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	const entrySize, resultSize = int(unsafe.Sizeof(entry{})), int(unsafe.Sizeof(result{}))
	orderAt, resultsAt := int(p.entryRing.field6), int(p.resultRing.field5)
	size := max(orderAt+int(p.entries)*4, resultsAt+int(p.results)*resultSize)
	if r.memory[0], err = unix.Mmap(r.fd, 0, size, prot, flags); err != nil {
		return err
	}
	if r.memory[1], err = unix.Mmap(r.fd, entriesAt, int(p.entries)*entrySize, prot, flags); err != nil {
		return err
	}
	rings := r.memory[0]
	r.entries = unsafe.Slice((*entry)(unsafe.Pointer(&r.memory[1][0])), p.entries)
	r.results = unsafe.Slice((*result)(unsafe.Pointer(&rings[resultsAt])), p.results)
	r.tail = (*uint32)(unsafe.Pointer(&rings[p.entryRing.tail]))
	r.head = (*uint32)(unsafe.Pointer(&rings[p.resultRing.head]))
	r.last = (*uint32)(unsafe.Pointer(&rings[p.resultRing.tail]))
	order := unsafe.Slice((*uint32)(unsafe.Pointer(&rings[orderAt])), p.entries)
	for i := range order {
		order[i] = uint32(i)
	}
	return nil
}

// Close frees the ring. It may be called after any step of making one.
func (r *Ring) Close() {
	for _, m := range r.memory {
		if m != nil {
			_ = unix.Munmap(m)
		}
	}
	_, _, _ = syscall.RawSyscall(unix.SYS_CLOSE, uintptr(r.fd), 0, 0)
}

// Full reports that nothing more fits before a submission.
func (r *Ring) Full() bool { return int(r.queued) == len(r.entries) }

// Put adds a message, which must not move until the submission, with flags of
// send(2). Like sendto it does not wait for room, and never raises SIGPIPE.
func (r *Ring) Put(fd int32, p []byte, flags, mark int) {
	*r.next() = entry{
		op: opSend, fd: fd, addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), size: uint32(len(p)),
		msgFlags: uint32(flags) | unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT, mark: uint64(mark),
	}
}

// PutClose adds a socket to be closed. After an error it is still open.
func (r *Ring) PutClose(fd int32, mark int) {
	*r.next() = entry{op: opClose, fd: fd, mark: uint64(mark)}
}

// next takes the next free entry.
func (r *Ring) next() *entry {
	at := (*r.tail + r.queued) & uint32(len(r.entries)-1)
	r.queued++
	return &r.entries[at]
}

// Submit has the system process the entries and returns how many of them, in
// order, it did: as many results are there. The error says why not all.
func (r *Ring) Submit() (done int, e syscall.Errno) {
	from, n := *r.tail, r.queued
	r.queued = 0
	atomic.StoreUint32(r.tail, from+n)
	taken := uint32(0)
	for taken < n {
		m, failed := r.enter(r.fd, n-taken, 0, 0)
		if m == 0 && failed == 0 {
			failed = syscall.EAGAIN
		}
		if e = failed; e != 0 {
			atomic.StoreUint32(r.tail, from+taken) // the others are withdrawn
			break
		}
		taken += m
	}
	// Neither sending nor closing waits, so all results are there. If one were not,
	// its message must not be touched yet.
	for r.ready() < taken {
		_, _ = r.enter(r.fd, 0, taken, wantEvents)
	}
	return int(taken), e
}

// ready returns the number of results.
func (r *Ring) ready() uint32 { return atomic.LoadUint32(r.last) - *r.head }

// Result removes and returns a result; there must be one (ready).
func (r *Ring) Result() (mark int, n int, e syscall.Errno) {
	at := *r.head
	res := r.results[at&uint32(len(r.results)-1)]
	atomic.StoreUint32(r.head, at+1)
	if res.value < 0 {
		return int(res.mark), -1, syscall.Errno(-res.value)
	}
	return int(res.mark), int(res.value), 0
}

// enter is io_uring_enter. It returns the number of entries accepted.
func enter(fd int, submit, wait uint32, flags uintptr) (uint32, syscall.Errno) {
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(fd), uintptr(submit), uintptr(wait), flags, 0, 0)
		if e != syscall.EINTR {
			return uint32(n), e
		}
	}
}
