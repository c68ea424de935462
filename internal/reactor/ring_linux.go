package reactor

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is an io_uring, used for one thing: sending many messages by one system
// call. The system goes through them without a way out and in between, and peers
// on the same processor that it wakes do not get the processor after each. Nothing
// is left in it between calls. It belongs to one loop.
type ring struct {
	fd      int
	queued  uint32 // messages since the last submission
	entries []ringEntry
	results []ringResult
	memory  [2][]byte // what is mapped
	enter   func(fd int, submit, wait uint32, flags uintptr) (uint32, syscall.Errno)

	// Shared with the system, which moves the others of the indices.
	tail *uint32 // where the next entry goes; moved by us
	head *uint32 // the oldest result; moved by us
	last *uint32 // behind the newest result
}

// ringSize is how many messages one call sends at most.
const ringSize = 128

// ringEntry is struct io_uring_sqe.
type ringEntry struct {
	op, flags uint8
	_         uint16
	fd        int32
	_         uint64
	addr      uint64
	size      uint32
	msgFlags  uint32
	mark      uint64 // comes back in the result: which message it was
	_         [3]uint64
}

// ringResult is struct io_uring_cqe.
type ringResult struct {
	mark  uint64
	value int32 // what sendto would give, an error as its negative number
	_     uint32
}

// ringSetup is struct io_uring_params, ringOffsets what is common to its
// struct io_sqring_offsets and struct io_cqring_offsets.
type ringSetup struct {
	entries, results      uint32
	_                     [3]uint32
	features              uint32
	_                     [4]uint32
	entryRing, resultRing ringOffsets
}

type ringOffsets struct {
	head, tail, mask, size uint32
	field4, field5         uint32 // of results: 5 is where they begin
	field6                 uint32 // of entries: where the order of entries is
	_                      uint32
	_                      uint64
}

// From linux/io_uring.h.
const (
	ringEntriesAt  = 0x10000000 // IORING_OFF_SQES
	ringOpSend     = 26         // IORING_OP_SEND
	ringWantEvents = 1          // IORING_ENTER_GETEVENTS

	// One mapping for both rings, no result is ever dropped, and sending is
	// there (IORING_FEAT_SINGLE_MMAP, _NODROP, _FAST_POLL): Linux 5.7.
	ringNeeded = 1<<0 | 1<<1 | 1<<5
)

// newRing makes a ring, or says why the system gives none: sandboxes and
// careful administrators forbid it.
func newRing() (*ring, error) {
	var p ringSetup
	fd, _, e := syscall.Syscall(unix.SYS_IO_URING_SETUP, ringSize, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, os.NewSyscallError("io_uring_setup", e)
	}
	r := &ring{fd: int(fd), enter: sysRing}
	if p.features&ringNeeded != ringNeeded {
		r.close()
		return nil, os.NewSyscallError("io_uring_setup", syscall.ENOSYS)
	}
	if err := r.share(&p); err != nil {
		r.close()
		return nil, os.NewSyscallError("io_uring mmap", err)
	}
	return r, nil
}

// share maps what is shared with the system.
func (r *ring) share(p *ringSetup) (err error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	const entrySize, resultSize = int(unsafe.Sizeof(ringEntry{})), int(unsafe.Sizeof(ringResult{}))
	orderAt, resultsAt := int(p.entryRing.field6), int(p.resultRing.field5)
	size := max(orderAt+int(p.entries)*4, resultsAt+int(p.results)*resultSize)
	if r.memory[0], err = unix.Mmap(r.fd, 0, size, prot, flags); err != nil {
		return err
	}
	if r.memory[1], err = unix.Mmap(r.fd, ringEntriesAt, int(p.entries)*entrySize, prot, flags); err != nil {
		return err
	}
	rings := r.memory[0]
	r.entries = unsafe.Slice((*ringEntry)(unsafe.Pointer(&r.memory[1][0])), p.entries)
	r.results = unsafe.Slice((*ringResult)(unsafe.Pointer(&rings[resultsAt])), p.results)
	r.tail = (*uint32)(unsafe.Pointer(&rings[p.entryRing.tail]))
	r.head = (*uint32)(unsafe.Pointer(&rings[p.resultRing.head]))
	r.last = (*uint32)(unsafe.Pointer(&rings[p.resultRing.tail]))
	order := unsafe.Slice((*uint32)(unsafe.Pointer(&rings[orderAt])), p.entries)
	for i := range order {
		order[i] = uint32(i)
	}
	return nil
}

// close gives up the ring. It is usable at any stage of making one.
func (r *ring) close() {
	for _, m := range r.memory {
		if m != nil {
			_ = unix.Munmap(m)
		}
	}
	sysClose(r.fd)
}

// full says that no more messages can be put in before a submission.
func (r *ring) full() bool { return int(r.queued) == len(r.entries) }

// put adds a message, which must stay where it is until the submission. Like
// sysSend it does not wait for room, and never raises SIGPIPE.
func (r *ring) put(fd int32, p []byte, mark int) {
	at := (*r.tail + r.queued) & uint32(len(r.entries)-1)
	r.entries[at] = ringEntry{
		op: ringOpSend, fd: fd, addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), size: uint32(len(p)),
		msgFlags: unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT, mark: uint64(mark),
	}
	r.queued++
}

// submit has the messages sent and gives how many of them, in order, were dealt
// with: as many results are there. The error says why not all.
func (r *ring) submit() (done int, e syscall.Errno) {
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
			atomic.StoreUint32(r.tail, from+taken) // the others are taken back
			break
		}
		taken += m
	}
	// Sending does not wait, so all results are there. Were one not, its message
	// must not be touched yet.
	for r.ready() < taken {
		_, _ = r.enter(r.fd, 0, taken, ringWantEvents)
	}
	return int(taken), e
}

// ready gives the number of results.
func (r *ring) ready() uint32 { return atomic.LoadUint32(r.last) - *r.head }

// result takes a result; there must be one (ready).
func (r *ring) result() (mark int, n int, e syscall.Errno) {
	at := *r.head
	res := r.results[at&uint32(len(r.results)-1)]
	atomic.StoreUint32(r.head, at+1)
	if res.value < 0 {
		return int(res.mark), -1, syscall.Errno(-res.value)
	}
	return int(res.mark), int(res.value), 0
}
