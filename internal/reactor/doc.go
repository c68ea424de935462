// Package reactor gives handlers connections that read like blocking code.
//
// A Loop owns its connections, buffers and coroutines; code that runs on a
// loop may call Read, Write, Dial, Sleep, Park and the function Await as if they
// blocked.
// An idle connection holds no coroutine and no buffer: its Session returns from
// Serve and is called again when there is input. Two engines implement the
// interfaces below: Epoll, event loops with coroutines, on Linux, and
// Goroutine, the portable one, which also serves as the reference when Epoll is
// suspected of a fault.
//
// Every engine must keep these rules:
//   - one exchange runs on one loop from its head to its log line;
//   - a Conn is used by at most one reading and one writing coroutine at a time;
//   - SetReadDeadline or SetWriteDeadline with a past time wakes the coroutine
//     blocked in Read or Write, from any coroutine of the same loop;
//   - Close is idempotent and wakes both.
//
// How Epoll works: each loop is a thread with its own epoll instance. An event
// resumes a coroutine (iter.Pull), to which the loop switches directly, without
// the scheduler; on EAGAIN the coroutine records what it waits for and switches
// back. Nothing on a request's way takes a lock or touches another loop; other
// threads reach the loop through its mailbox.
//
// Imports lock and uring.
package reactor
