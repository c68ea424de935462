// Package reactor gives handlers connections that read like blocking code.
//
// A Loop owns its connections, buffers and coroutines; code that runs on a
// loop may call Read, Write, Dial, Sleep, Await and Park as if they blocked.
// An idle connection holds no coroutine and no buffer: its Session returns
// from Serve and is called again when there is input. Two engines implement
// the interfaces below: the portable goroutine engine of this package, which
// is also the oracle when another engine is suspected, and event loops where
// the system has them.
//
// What every engine must keep:
//   - one exchange runs on one loop from its head to its log line;
//   - a Conn is used by at most one reading and one writing coroutine at a time;
//   - SetReadDeadline or SetWriteDeadline with a past time wakes the coroutine
//     blocked in Read or Write, from any coroutine of the same loop;
//   - Close is idempotent and wakes both.
//
// Imports nothing of this module.
package reactor
