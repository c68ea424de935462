// Package reactor gives handlers connections that read like blocking code.
//
// A Loop owns its connections, buffers and coroutines; code that runs on a
// loop may call Read, Write, Dial, Sleep, Park and the function Await as if they
// blocked.
// An idle connection holds no coroutine and no buffer: its Session returns
// from Serve and is called again when there is input. Two engines implement
// the interfaces below: Epoll, event loops with coroutines, where the system
// has them, and Goroutine, the portable one, which is also the oracle when the
// other is suspected.
//
// What every engine must keep:
//   - one exchange runs on one loop from its head to its log line;
//   - a Conn is used by at most one reading and one writing coroutine at a time;
//   - SetReadDeadline or SetWriteDeadline with a past time wakes the coroutine
//     blocked in Read or Write, from any coroutine of the same loop;
//   - Close is idempotent and wakes both.
//
// How Epoll works: each loop is a thread with an epoll instance of its own.
// What an event makes runnable is a coroutine (iter.Pull), to which the loop
// switches directly, without the scheduler; on EAGAIN it notes what it waits
// for and switches back. Nothing on a request's way takes a lock or touches
// another loop; what comes from other threads comes through the loop's mailbox.
//
// Imports lock and uring.
package reactor
