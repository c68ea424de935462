// Package lock has the mutex that code on event loops takes.
//
// A loop runs its coroutines in turn on one thread. A coroutine that blocks on
// a mutex stops that thread, so a mutex held by a coroutine that has yielded can
// never be unlocked again, and the loop stops for ever. The rule is therefore:
// no lock is held across a yield. Mutex costs what sync.Mutex costs. With checks
// on, as in every test, it knows which locks the thread of a loop holds, and the
// loop panics in the coroutine that yields while it holds one.
//
// Imports nothing of this module.
package lock
